"""What another policy would have made of orders that are settled: the same rules, the same people, other terms."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.queries import flow, party
from models.queries import member as members
from models.queries.party import Parties
from models.rules import commission as rules
from models.rules.commission import Kind, Terms, Upline
from models.rules.policy import LevelsBy, Policy
from models.rules.share import Marks, Person
from models.tables.member import Member
from models.tables.order import Order

Sums = dict[str, int]
"""Fen by kind of row: cost, level, region, seed, house, reserve, margin."""


@dataclass(frozen=True)
class Parts:
    """Who has a part in these orders, as they stand now."""

    found: Parties
    people: Mapping[int, Member]
    stand_ins: Mapping[str, Person]


def settled(*, since: datetime, until: datetime, after: int, limit: int) -> Sequence[Order]:
    """Orders completed in [since, until) but for admission orders, by id from after one."""
    found = sa.select(Order).where(
        Order.completed_at >= since, Order.completed_at < until, Order.id > after, Order.kind != Kind.ADMISSION
    )
    return db.session.scalars(found.order_by(Order.id).limit(limit)).all()


def count(*, since: datetime, until: datetime) -> int:
    """How many orders `settled` would give in all."""
    found = sa.select(sa.func.count()).where(
        Order.completed_at >= since, Order.completed_at < until, Order.kind != Kind.ADMISSION
    )
    return db.session.scalar(found) or 0


def paid(orders: Sequence[Order], policy: Policy) -> Sums:
    """What a policy pays for these orders to the people as they stand now, by kind of row."""
    found = party.of(list(orders), by=LevelsBy(policy.levels_by))
    ids = found.everybody(orders)
    people = {one.id: one for one in db.session.scalars(sa.select(Member).where(Member.id.in_(ids)))}
    stand_ins = flow.stand_ins() if policy.flow_pays else {}
    sums: Sums = defaultdict(int)
    for order in orders:
        for row in _rows(order, policy, Parts(found, people, stand_ins)):
            sums[str(row.kind)] += row.amount_fen
    return dict(sums)


def _rows(order: Order, policy: Policy, parts: Parts) -> list[rules.Row]:
    above = parts.found.uplines[order.seller_id]
    upline = Upline(people=[members.person(parts.people[one]) for one in above], stand_ins=parts.stand_ins)
    agents = {region: parts.people[one].code for region, one in parts.found.holders_of(order).items()}
    return rules.settle(_terms(order), upline, agents, policy)


def _terms(order: Order) -> Terms:
    refunded = order.paid_fen - (order.settled_fen or 0)
    return Terms(
        kind=Kind(order.kind),
        paid_fen=order.paid_fen,
        cost_fen=order.cost_fen,
        commission_fen=order.commission_fen,
        paid_at=order.paid_at or order.placed_at,
        refunded_fen=refunded,
        region=order.region_code,
        marks=Marks(False, False),
    )
