"""Withdrawals on their way."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.tables.member import Member
from models.tables.payout import Withdrawal

NOT_YET = ("requested", "rejected")


@dataclass(frozen=True, slots=True)
class Transfer:
    """What a channel is told of a withdrawal; ``net_fen`` is the amount less the tax withheld."""

    number: str
    payee: str
    net_fen: int
    sent_at: datetime | None


def transfer(number: str) -> Transfer | None:
    """The transfer of an approved withdrawal that has not ended."""
    row = db.session.execute(
        sa.select(
            Withdrawal.number, Member.code, (Withdrawal.amount_fen - Withdrawal.tax_fen).label("net_fen"),
            Withdrawal.sent_at,
        ).join(Member, Member.id == Withdrawal.member_id)
        .where(Withdrawal.number == number, Withdrawal.ended_at.is_(None), Withdrawal.state.not_in(NOT_YET))
    ).one_or_none()  # fmt: skip
    return Transfer(row.number, row.code, row.net_fen, row.sent_at) if row else None


def unended(*, before: datetime, limit: int) -> list[str]:
    """Numbers of approved withdrawals asked for before an instant that have not ended, the oldest first."""
    return list(
        db.session.scalars(
            sa.select(Withdrawal.number)
            .where(
                Withdrawal.ended_at.is_(None), Withdrawal.state.not_in(NOT_YET), Withdrawal.requested_at < before
            )
            .order_by(Withdrawal.id).limit(limit)
        )
    )  # fmt: skip
