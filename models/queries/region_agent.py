"""Who is the agent of a region, what the regions earned, and which addresses lead nowhere."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.tables.member import Member
from models.tables.order import Order, Share
from models.tables.payout import RegionAgent


def active(regions: Iterable[str]) -> dict[str, int]:
    """The member ids of the active agents of some regions, by region code."""
    found = db.session.execute(
        sa.select(RegionAgent.region_code, RegionAgent.member_id).where(
            RegionAgent.region_code.in_(list(regions)), RegionAgent.state == "active"
        )
    )
    return {row.region_code: row.member_id for row in found}


def income(*, since: datetime, until: datetime) -> Sequence[Any]:
    """What each agent's regions earned from orders completed in [since, until): orders, amount and taken back, fen."""
    amounts = (
        sa.func.count().label("orders"),
        sa.cast(sa.func.sum(Share.amount_fen), sa.BigInteger).label("amount_fen"),
        sa.cast(sa.func.sum(Share.reversed_fen), sa.BigInteger).label("reversed_fen"),
        sa.cast(sa.func.sum(Order.settled_fen), sa.BigInteger).label("sold_fen"),
    )
    found = (
        sa.select(Share.region_code, Share.member_id, Member.code.label("member"), *amounts)
        .join(Order, Order.id == Share.order_id)
        .join(Member, Member.id == Share.member_id)
        .where(Share.kind == "region", Order.completed_at >= since, Order.completed_at < until)
        .group_by(Share.region_code, Share.member_id, Member.code)
    )
    return db.session.execute(found.order_by(sa.desc("amount_fen"), Share.region_code)).all()


def by_month(*, member_id: int, region_code: str, zone: str) -> Sequence[Any]:
    """One agency's income month by month, the newest first; a month begins in ``zone``."""
    month = sa.func.to_char(sa.func.timezone(zone, Order.completed_at), "YYYY-MM").label("month")
    found = (
        sa.select(
            month,
            sa.func.count().label("orders"),
            sa.cast(sa.func.sum(Share.amount_fen - Share.reversed_fen), sa.BigInteger).label("net_fen"),
        )
        .join(Order, Order.id == Share.order_id)
        .where(Share.kind == "region", Share.member_id == member_id, Share.region_code == region_code)
        .group_by(month)
    )
    return db.session.execute(found.order_by(month.desc())).all()


def over(*, at: datetime) -> Sequence[int]:
    """The agencies whose term is over and that still run."""
    found = sa.select(RegionAgent.id).where(RegionAgent.state == "active", RegionAgent.ends_at <= at)
    return db.session.scalars(found.order_by(RegionAgent.ends_at, RegionAgent.id)).all()


def in_office(member_id: int) -> bool:
    """Whether a member is the agent of any region now."""
    found = sa.exists().where(RegionAgent.member_id == member_id, RegionAgent.state == "active")
    return bool(db.session.scalar(sa.select(found)))
