"""A double-entry ledger in memory: every transaction sums to zero, one transaction a key, floors on what is owed."""

from collections import defaultdict
from collections.abc import Iterable

Leg = tuple[str, int]

MAY_BE_NEGATIVE = ("custody", "platform:margin")


class Ledger:
    """Balances by account, amounts owed to someone positive."""

    def __init__(self) -> None:
        self.balances: defaultdict[str, int] = defaultdict(int)
        self.keys: dict[str, tuple[Leg, ...]] = {}

    def post(self, key: str, legs: Iterable[Leg]) -> None:
        """Book one transaction; the same key again must be the same transaction and changes nothing."""
        sums: defaultdict[str, int] = defaultdict(int)
        for account, amount in legs:
            sums[account] += amount
        body = tuple(sorted((account, amount) for account, amount in sums.items() if amount))
        assert sum(amount for _, amount in body) == 0, (key, body)
        if key in self.keys:
            assert self.keys[key] == body, (key, self.keys[key], body)
            return
        self.keys[key] = body
        for account, amount in body:
            self.balances[account] += amount
            assert self.balances[account] >= 0 or may_be_negative(account), (key, account, self.balances[account])

    def total(self) -> int:
        return sum(self.balances.values())

    def shown(self) -> dict[str, int]:
        """Balances that are not zero."""
        return {account: self.balances[account] for account in sorted(self.balances) if self.balances[account]}


def may_be_negative(account: str) -> bool:
    """Custody mirrors the rest, margin may lose, a supplier may owe us what was refunded, and a debt is below zero."""
    return account in MAY_BE_NEGATIVE or (account.startswith("member:") and account.endswith(":debt"))


class Posting:
    """Legs of one transaction in the making; balances as they will stand."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.legs: list[Leg] = []

    def add(self, account: str, amount: int) -> None:
        self.legs.append((account, amount))

    def balance(self, account: str) -> int:
        return self.ledger.balances[account] + sum(amount for name, amount in self.legs if name == account)

    def book(self, key: str) -> None:
        self.ledger.post(key, self.legs)
