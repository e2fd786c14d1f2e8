"""Withdrawals on their way."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.queries import ledger as books
from models.rules.ledger import MEMBER_BUCKETS
from models.tables.job import Job
from models.tables.member import Member
from models.tables.order import Order
from models.tables.payout import Withdrawal
from models.tables.standing import Obligation

NOT_YET = ("requested", "rejected")
UNDER_WAY = ("requested", "approved", "ACCEPTED", "PROCESSING", "WAIT_USER_CONFIRM", "TRANSFERING", "CANCELING")


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


def number_of(withdrawal_id: int) -> str:
    """The number of a withdrawal by its id."""
    return db.session.scalars(sa.select(Withdrawal.number).where(Withdrawal.id == withdrawal_id)).one()


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


def purse(code: str) -> dict[str, int]:
    """What a member holds, bucket by bucket."""
    held = books.cold_balances([f"member:{code}:{bucket}" for bucket in MEMBER_BUCKETS])
    return {name.rpartition(":")[2]: fen for name, fen in held.items()}


def history(member_id: int, *, limit: int = 20) -> Sequence[Withdrawal]:
    """A member's withdrawals, the newest first."""
    chosen = sa.select(Withdrawal).where(Withdrawal.member_id == member_id)
    return db.session.scalars(chosen.order_by(Withdrawal.id.desc()).limit(limit)).all()


def obligations(member_id: int) -> Sequence[Obligation]:
    """The own orders that a high earner still owes, the oldest first."""
    chosen = sa.select(Obligation).where(Obligation.member_id == member_id, Obligation.met_at.is_(None))
    return db.session.scalars(chosen.order_by(Obligation.since, Obligation.id)).all()


def held_orders(member_id: int, *, limit: int = 20) -> Sequence[Order]:
    """Orders that a member sold and that are under review."""
    chosen = sa.select(Order).where(Order.seller_id == member_id, Order.is_held)
    return db.session.scalars(chosen.order_by(Order.id).limit(limit)).all()


def counts() -> dict[str, int]:
    """How many withdrawals stand in each state that has not ended."""
    chosen = sa.select(Withdrawal.state, sa.func.count()).where(Withdrawal.state.in_(UNDER_WAY))
    return {row[0]: row[1] for row in db.session.execute(chosen.group_by(Withdrawal.state))}


def jobs_of(number: str, *, limit: int = 20) -> Sequence[Job]:
    """The jobs that looked at a transfer, the newest first."""
    chosen = sa.select(Job).where(Job.subject == f"withdrawal:{number}")
    return db.session.scalars(chosen.order_by(Job.id.desc()).limit(limit)).all()
