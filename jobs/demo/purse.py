"""Money that leaves: withdrawals asked for, approved by one or two, paid or failed; the monthly dividend bill."""

from datetime import datetime, timedelta

import sqlalchemy as sa

from jobs.demo.plan import BUILDER, CHECKER, Day, tried
from models import db
from models.operations import dividend, switch, withdrawal
from models.rules import shanghai
from models.rules.switch import MoneyJob, SwitchedOff
from models.rules.tax import Month
from models.rules.withdrawal import TransferState
from models.tables.payout import DividendLine

UNDER_WAY_DAYS = 4
LONGEST_MONTH = 31

_ABLE = sa.text(
    """
    SELECT m.code, a.balance_fen FROM member m JOIN account a ON a.code = concat_ws(':', 'member', m.code, 'available')
    WHERE m.position IS NULL AND m.standing = 'active' AND a.balance_fen >= 500 ORDER BY m.code
    """
)
_STATE = sa.text("SELECT number, approved_by FROM withdrawal WHERE state = :state ORDER BY number")


def ask(day: Day, at: datetime) -> None:
    """Members withdraw on a day of four weeks, or of one, of their own: all they have, or half of it."""
    month = Month(day.on.year, day.on.month)
    period = 28 if day.plan.members > 1_000 else 7
    for n, row in enumerate(db.session.execute(_ABLE).all(), 1):
        lot = day.plan.lot("withdraws", row.code)
        if int(lot * period) == day.n % period and lot < 0.9:
            amount = row.balance_fen if int(lot * 1000) % 2 else row.balance_fen // 2
            number = f"T{day.on:%y%m%d}{n:05d}"
            tried(withdrawal.request, number=number, code=row.code, amount_fen=amount, month=month, at=at)


def approve(day: Day, at: datetime) -> None:
    """The day before's requests are approved, a few rejected; large ones wait a day for their second approval."""
    for row in db.session.execute(_STATE, {"state": "requested"}).all():
        lot = day.plan.lot("approval", row.number)
        if lot < 0.02:
            withdrawal.reject(number=row.number, reason="name_mismatch: 收款人姓名与实名不一致", at=at)
        elif row.approved_by is None and lot < 0.97:
            withdrawal.approve(number=row.number, by=BUILDER, at=at)
        elif lot < 0.9:
            withdrawal.approve(number=row.number, by=CHECKER, at=at)


def pay(day: Day, at: datetime) -> None:
    """Approved transfers are sent: nearly all arrive, some come back, some wait for their channel or their payee."""
    for number in db.session.scalars(_STATE, {"state": "approved"}).all():
        withdrawal.mark_sent(number=number, seen=None, at=at)
        lot = day.plan.lot("transfer", number)
        reason = "收款账户异常" if lot < 0.04 else ""
        state = _answer(lot, is_late=day.n > day.plan.days - UNDER_WAY_DAYS)
        withdrawal.record(number=number, state=state, at=at, reason=reason)
    for state in (TransferState.WAIT_USER_CONFIRM, TransferState.PROCESSING):
        for number in db.session.scalars(_STATE, {"state": state}).all():
            if day.plan.lot(f"transfer {day.n}", number) < 0.3:
                withdrawal.record(number=number, state=TransferState.SUCCESS, at=at)


def _answer(lot: float, *, is_late: bool) -> TransferState:
    """What the channel says at once; of the last days' transfers more are still under way."""
    waiting, processing = (0.34, 0.64) if is_late else (0.12, 0.18)
    if lot < 0.04:
        return TransferState.FAIL
    if lot < waiting:
        return TransferState.WAIT_USER_CONFIRM
    return TransferState.PROCESSING if lot < processing else TransferState.SUCCESS


def bill(day: Day, at: datetime) -> None:
    """On the third, last month's dividend is billed, confirmed and paid; the last bill has a line that failed."""
    if day.on.day != 3 or day.n < 5:
        return
    month = (day.on.replace(day=1) - timedelta(days=1)).replace(day=1)
    made = dividend.build(month=month, bounds=shanghai.month_bounds, at=at, by=BUILDER)
    lines = db.session.scalars(
        sa.select(DividendLine.id).where(DividendLine.bill_id == made.id).order_by(DividendLine.member_id)
    ).all()
    if not lines:
        return
    dividend.confirm(bill_id=made.id, at=at, by=CHECKER)
    is_last = day.plan.days - day.n < LONGEST_MONTH
    for line_id in lines[: -1 if is_last else None]:
        dividend.pay_line(line_id=line_id, at=at)
    if is_last:
        _stop(lines[-1], at)
    dividend.close(bill_id=made.id, at=at)


def _stop(line_id: int, at: datetime) -> None:
    """Paying is switched off for a while: a line fails meanwhile."""
    switch.off(job=MoneyJob.DIVIDEND, why="收到一份对账差异，先停付核对", at=at, by=BUILDER)
    try:
        dividend.pay_line(line_id=line_id, at=at)
    except SwitchedOff as error:
        dividend.fail_line(line_id=line_id, error=error)
    switch.resume(job=MoneyJob.DIVIDEND, asked_by=BUILDER, at=at + timedelta(minutes=20), by=CHECKER)
