"""Callbacks and refunds that wait, and what callbacks are compared with."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.tables.identity import MemberIdentity
from models.tables.inbound import Inbound, InboundRefusal, OrderSource, PayRefund
from models.tables.payout import Withdrawal


def message(inbound_id: int) -> Inbound | None:
    """One callback."""
    return db.session.get(Inbound, inbound_id, populate_existing=True)


def payee(number: str) -> str:
    """The openid that a withdrawal is paid to; empty where its member never signed in."""
    chosen = sa.select(MemberIdentity.openid).join(Withdrawal, Withdrawal.member_id == MemberIdentity.member_id)
    return db.session.scalar(chosen.where(Withdrawal.number == number)) or ""


def refusals(*, since: date) -> Sequence[InboundRefusal]:
    """What was turned away since a day, the newest first."""
    chosen = sa.select(InboundRefusal).where(InboundRefusal.day >= since)
    return db.session.scalars(chosen.order_by(InboundRefusal.day.desc(), InboundRefusal.why)).all()


def refused(since: date, until: date) -> int:
    """How many callbacks were turned away on the days from one on and before another."""
    chosen = sa.select(sa.func.coalesce(sa.func.sum(InboundRefusal.times), 0))
    return int(db.session.scalar(chosen.where(InboundRefusal.day >= since, InboundRefusal.day < until)) or 0)


def counts() -> dict[str, int]:
    """How many callbacks wait and how many failed."""
    chosen = sa.select(Inbound.state, sa.func.count()).where(Inbound.state.in_(("waiting", "failed")))
    return {row[0]: row[1] for row in db.session.execute(chosen.group_by(Inbound.state))}


def refunds_under_way(*, limit: int) -> Sequence[Any]:
    """Refunds through Pay that have not ended, the longest unasked first: their order and which of its refunds."""
    chosen = sa.select(PayRefund.order_id, PayRefund.n, PayRefund.number).where(PayRefund.ended_at.is_(None))
    return db.session.execute(chosen.order_by(PayRefund.asked_at).limit(limit)).all()


def source(channel: str, number: str) -> OrderSource | None:
    """The order that came in under a number of WeChat's."""
    chosen = sa.select(OrderSource).where(OrderSource.channel == channel, OrderSource.number == number)
    return db.session.scalars(chosen).one_or_none()
