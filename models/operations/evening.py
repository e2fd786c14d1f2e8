"""Many orders completed at once, with the result of one after the other: read, locked and written set by set.

A rank that several of the orders bring about together is written down once, with what the team stood at in the end.
"""

import json
from collections import defaultdict, deque
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

import sqlalchemy as sa

from models.base import copy_rows, db
from models.operations import commission, ledger, order, share, team
from models.operations.commission import Settlement
from models.queries import member as members
from models.queries import party
from models.queries import policy as policies
from models.queries import switch as switches
from models.queries.party import Parties
from models.rules import share as shares
from models.rules import withdrawal
from models.rules.commission import Kind
from models.rules.policy import LevelsBy
from models.rules.switch import MoneyJob
from models.tables.member import Member
from models.tables.order import Order
from models.tables.standing import Obligation

# What takes no part in a set: an order that may change a standing, on which the orders after it rest.
_ALONE = sa.text(
    """
    SELECT o.number FROM shop_order o
    LEFT JOIN member b ON b.id = coalesce(o.buyer_id, (SELECT m.id FROM member m WHERE m.code = o.buyer))
    WHERE o.number = ANY (:numbers)
    AND (o.kind = 'admission' OR b.suspended_at IS NOT NULL OR o.state NOT IN ('paid', 'shipped'))
    """
)
_LOCK = sa.text(
    """
    SELECT id, policy_id FROM shop_order WHERE number = ANY (:numbers) AND state IN ('paid', 'shipped')
    ORDER BY id FOR UPDATE
    """
)
_COMPLETE = sa.text(
    """
    UPDATE shop_order o
    SET state = 'completed', completed_at = :at, confirm_at = NULL, mature_at = p.mature_at,
        settled_fen = o.paid_fen - o.refunded_fen,
        buyer_id = coalesce(o.buyer_id, (SELECT m.id FROM member m WHERE m.code = o.buyer))
    FROM unnest(CAST(:policies AS bigint[]), CAST(:matures AS timestamptz[])) AS p (id, mature_at)
    WHERE o.id = ANY (:ids) AND o.policy_id = p.id RETURNING o.*
    """
)


@dataclass(frozen=True)
class Worked:
    """An order with what its completion books, and those who may earn of it."""

    order: Order
    settlement: Settlement


def complete_many(*, numbers: Sequence[str], at: datetime) -> None:
    """Complete orders in this order, as `order.complete` would one by one (rules §5.2)."""
    alone = set(db.session.scalars(_ALONE, {"numbers": list(numbers)}))
    for is_alone, run in groupby(numbers, key=alone.__contains__):
        if is_alone:
            for number in run:
                order.complete(number=number, at=at)
        else:
            _complete_set(list(dict.fromkeys(run)), at)


def _complete_set(numbers: list[str], at: datetime) -> None:
    switches.check(MoneyJob.SETTLE)
    found = _completed(numbers, at)
    parties = {by: party.of(list(run), by=by) for by, run in _by_upline(found).items()}
    people = members.locked(set().union(*(one.everybody(found) for one in parties.values())))
    done = [Worked(one, _work_out(one, parties, people)) for one in found]
    ledger.post_many([commission.posting(one.order, one.settlement, at) for one in done])
    share.book_many([row for one in done for row in one.settlement.shares])
    _earn(done, people, at)
    _tell(done, people, at)


def _completed(numbers: list[str], at: datetime) -> list[Order]:
    """The orders, locked and completed, in the order asked for."""
    locked = db.session.execute(_LOCK, {"numbers": numbers}).all()
    matures = {one: shares.matures_at(at, policies.of(one)) for one in {row.policy_id for row in locked}}
    told = {"ids": [row.id for row in locked], "at": at, "policies": [*matures], "matures": [*matures.values()]}
    chosen = sa.select(Order).from_statement(_COMPLETE.columns(*Order.__table__.columns))
    made = db.session.scalars(chosen, told, execution_options={"populate_existing": True}).all()
    place = {number: n for n, number in enumerate(numbers)}
    return sorted(made, key=lambda one: place[one.number])


def _by_upline(orders: Sequence[Order]) -> Mapping[LevelsBy, list[Order]]:
    found: dict[LevelsBy, list[Order]] = defaultdict(list)
    for one in orders:
        found[policies.of(one.policy_id).levels_by].append(one)
    return found


def _work_out(one: Order, parties: Mapping[LevelsBy, Parties], people: Mapping[int, Member]) -> Settlement:
    policy = policies.of(one.policy_id)
    return commission.settlement(one, policy, parties[policy.levels_by], people, distance=None)


def _earn(done: Sequence[Worked], people: Mapping[int, Member], at: datetime) -> None:
    """Lifetime earnings, and the own orders that they ask for and that meet them, in the orders' order (rules §5.8)."""
    open_: dict[int, deque[Obligation]] = defaultdict(deque)
    for owed in _open({one.order.buyer_id for one in done if one.order.buyer_id is not None}):
        open_[owed.member_id].append(owed)
    for one in done:
        policy = policies.of(one.order.policy_id)
        for member_id, amount_fen in one.settlement.earned.items():
            member = people[member_id]
            before, member.earned_fen = member.earned_fen, member.earned_fen + amount_fen
            for _ in range(withdrawal.passed(before, member.earned_fen, policy)):
                fresh = Obligation(member_id=member_id, since=at)
                db.session.add(fresh)
                open_[member_id].append(fresh)
        if one.order.kind == Kind.NORMAL and open_.get(one.order.buyer_id or 0):
            open_[one.order.buyer_id or 0].popleft().met_at = at


def _open(buyers: Collection[int]) -> Sequence[Obligation]:
    return db.session.scalars(
        sa.select(Obligation).where(Obligation.member_id.in_(buyers), Obligation.met_at.is_(None))
        .order_by(Obligation.since, Obligation.id).with_for_update()
    ).all()  # fmt: skip


def _tell(done: Sequence[Worked], people: Mapping[int, Member], at: datetime) -> None:
    """Teams above, ranks, and whoever listens for completed orders."""
    sold: dict[int, int] = defaultdict(int)
    for one in done:
        sold[one.order.seller_id] += one.order.settled_fen or 0
    teams = team.add_many(sales_fen=sold, closed=[one for one in sold if people[one].showcase == "closed"])
    _, current = policies.in_force(at)
    team.evaluate(member_ids=teams, policy=current, at=at)
    copy_rows(
        "event",
        ("name", "subject", "payload"),
        (("order.completed", order.subject(one.order), json.dumps({"order_id": one.order.id})) for one in done),
    )
