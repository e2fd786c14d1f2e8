"""Money that leaves: withdrawals asked for, approved by one or two, paid or failed; the monthly dividend bill."""

from datetime import date, datetime, timedelta

import sqlalchemy as sa

from jobs.demo.plan import BUILDER, CHECKER, SHANGHAI, Day, tried
from models import db
from models.operations import dividend, withdrawal
from models.rules.tax import Month
from models.rules.withdrawal import TransferState
from models.tables.payout import DividendLine

_ABLE = sa.text(
    """
    SELECT m.code, a.balance_fen FROM member m JOIN account a ON a.code = concat_ws(':', 'member', m.code, 'available')
    WHERE m.position IS NULL AND m.standing = 'active' AND a.balance_fen >= 500 ORDER BY m.code
    """
)
_STATE = sa.text("SELECT number, approved_by FROM withdrawal WHERE state = :state ORDER BY number")


def ask(day: Day, at: datetime) -> None:
    """Members withdraw on a day of the week of their own: all they have, or half of it."""
    month = Month(day.on.year, day.on.month)
    for n, row in enumerate(db.session.execute(_ABLE).all(), 1):
        lot = day.plan.lot("withdraws", row.code)
        if int(lot * 14) == day.n % 14 and lot < 0.9:
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
    """Approved transfers end: nearly all arrive, some come back."""
    for row in db.session.execute(_STATE, {"state": "approved"}).all():
        if day.plan.lot("transfer", row.number) < 0.04:
            withdrawal.record(number=row.number, state=TransferState.FAIL, at=at, reason="收款账户异常")
        else:
            withdrawal.record(number=row.number, state=TransferState.SUCCESS, at=at)


def bill(day: Day, at: datetime) -> None:
    """On the third, last month's dividend is billed; the first bill with lines is paid, later ones wait."""
    if day.on.day != 3 or day.n < 5:
        return
    month = (day.on.replace(day=1) - timedelta(days=1)).replace(day=1)
    made = dividend.build(month=month, bounds=bounds, at=at, by=BUILDER)
    before = sa.select(sa.func.count()).where(DividendLine.bill_id < made.id)
    if db.session.scalar(before):
        return
    dividend.confirm(bill_id=made.id, at=at, by=CHECKER)
    for line_id in db.session.scalars(
        sa.select(DividendLine.id).where(DividendLine.bill_id == made.id).order_by(DividendLine.member_id)
    ).all():
        dividend.pay_line(line_id=line_id, at=at)
    dividend.close(bill_id=made.id, at=at)


def bounds(month: date) -> tuple[datetime, datetime]:
    """Where a month begins and ends in Shanghai."""
    following = date(month.year + month.month // 12, month.month % 12 + 1, 1)
    begins, ends = (datetime(day.year, day.month, 1, tzinfo=SHANGHAI) for day in (month, following))
    return begins, ends
