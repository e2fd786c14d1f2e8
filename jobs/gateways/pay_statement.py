"""WeChat Pay's daily files as the reconciliation asks for them: the file itself, checked against its hash."""

from datetime import date
from pathlib import Path

from jobs.gateways.http import Refused, Retryable
from jobs.gateways.pay_bill import NOT_YET, Bills, FundAccount
from jobs.gateways.statement import NoBusiness, NotYet, Silent
from models.rules.statement import Account


class WeChatStatements:
    """The channel of statements over Pay."""

    def __init__(self, bills: Bills) -> None:
        self._bills = bills

    def fetch(self, *, account: Account, day: date, into: Path) -> None:
        """The day's file as WeChat wrote it; what is refused or spoilt is asked for again."""
        try:
            of_account = None if account is Account.TRADE else FundAccount(account.value)
            is_there = self._bills.save(day, of_account, into)
        except Retryable as error:
            raise (NotYet if error.code == NOT_YET else Silent)(error.code) from error
        except Refused as error:
            raise Silent(str(error)) from error
        if not is_there:
            raise NoBusiness
