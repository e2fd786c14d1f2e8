"""The engine in the database against the rule in plain Python: the same rows for whatever order, policy and upline."""

import random
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from models import FlowLine, FlowPlan, Member, Order, RegionAgent, Seat, Share, db
from models.operations import evening, share
from models.queries import flow, integrity
from models.queries import member as members
from models.queries import policy as policies
from models.rules import commission
from models.rules.commission import Kind, Row, RowKind, Terms, Upline
from models.rules.policy import LevelsBy, Policy
from models.rules.share import Marks
from models.tables.policy import PolicyVersion
from tests import village

PEOPLE = 14
AT, RIPE = village.AT, village.AT + timedelta(days=40)
RATES = st.integers(0, 10_000)
POLICIES = st.fixed_dictionaries({
    "levels": st.integers(1, 3),
    "split_bps": st.tuples(RATES, RATES, RATES).map(lambda all_: [one // 3 for one in all_]),
    "levels_by": st.sampled_from(["placement", "sponsor"]),
    "region_bps": st.tuples(RATES, RATES, RATES).map(lambda all_: [one // 3 for one in all_]),
    "seed_bonus_bps": RATES,
    "seed_bonus_days": st.integers(0, 40),
    "reserve_bps": RATES,
    "high_earner.step_fen": st.sampled_from([1, 1_000, 500_000]),
    "flow.pays": st.sampled_from([True, True, False]),
})  # fmt: skip
PERSON = st.fixed_dictionaries({
    "standing": st.sampled_from(["candidate", "active", "active", "frozen", "exited", "lapsed"]),
    "showcase": st.sampled_from(["none", "pending", "open", "open", "closed"]),
    "unlocked_at": st.sampled_from([None, AT]),
    "seed_at": st.sampled_from([None, AT, AT - timedelta(days=20), AT + timedelta(seconds=1)]),
})  # fmt: skip
AMOUNT = st.integers(0, 10**6) | st.integers(0, 10**11)
ORDER = st.fixed_dictionaries({
    "kind": st.sampled_from(["normal", "presale", "admission"]),
    "seller": st.integers(0, PEOPLE + 9),
    "buyer": st.none() | st.integers(0, PEOPLE + 9),
    "paid_fen": AMOUNT.map(lambda fen: fen + 1),
    "cost_fen": AMOUNT,
    "commission_fen": AMOUNT,
    "refunded": st.sampled_from([0, 0, 1, 333, 999]),
    "region_code": st.sampled_from([None, *village.REGIONS, "310000", "310100", "330100", "990101"]),
    "risk": st.sampled_from(["", "", "held", "fraud"]),
})  # fmt: skip
# Whom nobody may be twice: a gap has one stand-in, and everybody stands in once.
STAND_INS = st.permutations(range(PEOPLE)).flatmap(
    lambda ends: st.lists(st.integers(0, PEOPLE - 1), max_size=8, unique=True).map(
        lambda gaps: [(gap, end) for gap, end in zip(gaps, ends, strict=False) if gap != end]
    )
)


def let_stand_in(pairs: list[tuple[int, int]]) -> None:
    """Have members stand in for one another, each given by its place among those who are no presets."""
    ids = list(db.session.scalars(sa.select(Member.id).where(Member.position.is_(None)).order_by(Member.id)))
    plan = FlowPlan(
        matrix_id=db.session.scalars(sa.select(sa.func.min(Member.matrix_id))).one(), state="applied", made_at=AT,
        made_by="t", applied_at=AT, top_before_bps=0, top_after_bps=0,
    )  # fmt: skip
    db.session.add(plan)
    db.session.flush()
    for gap, stand_in in pairs:
        db.session.add(
            FlowLine(plan_id=plan.id, gap_id=ids[gap], stand_in_id=ids[stand_in], why="exited", distance=1, sales=1,
                     effect_fen=0, is_active=True)
        )  # fmt: skip
    db.session.flush()


def above(member: Member, policy: Policy) -> list[Member]:
    """A seller's upline, itself first, as the policy finds it."""
    found = []
    if policy.levels_by is LevelsBy.SPONSOR:
        one: Member | None = member
        while one is not None and len(found) < 3:
            found.append(one)
            one = db.session.get(Member, one.sponsor_id) if one.sponsor_id else None
        return found
    seat = members.seat_of(member.id)
    while seat is not None and len(found) < 3:
        found.append(db.session.get_one(Member, seat.member_id))
        seat = db.session.get(Seat, seat.parent_id) if seat.parent_id else None
    return found


def said(order: Order) -> list[Row]:
    """What the rule says of an order that is completed."""
    policy = policies.of(order.policy_id)
    people = above(db.session.get_one(Member, order.seller_id), policy)
    is_placed = order.kind == "admission" and order.buyer_id is not None
    distance = members.distance(below=order.buyer_id, above=order.seller_id) if is_placed else None
    held = db.session.execute(
        sa.select(RegionAgent.region_code, Member.code).join(Member, Member.id == RegionAgent.member_id)
        .where(RegionAgent.state == "active")
    ).all()  # fmt: skip
    terms = Terms(
        kind=Kind(order.kind), paid_fen=order.paid_fen, cost_fen=order.cost_fen, commission_fen=order.commission_fen,
        paid_at=order.paid_at, refunded_fen=order.refunded_fen, region=order.region_code,
        marks=Marks(order.is_held, order.is_fraud),
    )  # fmt: skip
    upline = Upline(people=[members.person(one) for one in people], distance=distance, stand_ins=flow.stand_ins())
    return commission.settle(terms, upline, {row[0]: row[1] for row in held}, policy)


def done(order: Order) -> list[tuple[Any, ...]]:
    """What the engine booked: the shares, and what went to margin."""
    codes = sa.select(Member.code).where(Member.id == Share.member_id).scalar_subquery()
    shares = db.session.execute(
        sa.select(Share.kind, Share.amount_fen, codes, Share.level, Share.bucket, Share.reason, Share.region_code,
                  Share.rate_bps).where(Share.order_id == order.id).order_by(Share.n)
    )  # fmt: skip
    return [tuple(row) for row in shares]


def plain(row: Row) -> tuple[Any, ...]:
    return (row.kind, row.amount_fen, row.member, row.level, row.bucket, row.reason, row.region, row.rate_bps)


def put(orders: list[dict[str, Any]], policy_id: int) -> list[str]:
    """Orders as they were paid, some refunded in part, some in doubt; their numbers."""
    ids = list(db.session.scalars(sa.select(Member.id).order_by(Member.id)))
    rows = []
    for n, order in enumerate(orders):
        values = {name: order[name] for name in ("kind", "paid_fen", "cost_fen", "commission_fen", "region_code")}
        buyer = None if order["buyer"] is None else ids[order["buyer"] % len(ids)]
        rows.append(values | {
            "number": f"o{n}", "scene": "live", "state": "shipped", "seller_id": ids[order["seller"] % len(ids)],
            "buyer_id": buyer, "buyer": None, "refunded_fen": (order["paid_fen"] - 1) * order["refunded"] // 1_000,
            "address": {}, "policy_id": policy_id, "digest": bytes(32), "placed_at": AT, "paid_at": AT,
            "is_held": order["risk"] == "held", "is_fraud": order["risk"] == "fraud",
        })  # fmt: skip
    db.session.execute(sa.insert(Order), rows)
    return [row["number"] for row in rows]


@pytest.fixture
def _village(session):
    village.settled(PEOPLE, random.Random(7))


@pytest.mark.usefixtures("_village")
class TestEngine:
    @settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        POLICIES, st.lists(PERSON, min_size=PEOPLE, max_size=PEOPLE), st.lists(ORDER, min_size=1, max_size=8), STAND_INS
    )
    def test_says_what_the_rule_says(self, terms, people, orders, pairs):
        trial = db.session.begin_nested()
        try:
            village.happens("policy", preset="plan", set=terms)
            for one, values in zip(
                db.session.scalars(sa.select(Member).where(Member.position.is_(None)).order_by(Member.id)),
                people, strict=True,
            ):  # fmt: skip
                for name, value in values.items():
                    setattr(one, name, value)
            db.session.flush()
            let_stand_in(pairs)
            numbers = put(orders, db.session.scalars(sa.select(sa.func.max(PolicyVersion.id))).one())
            evening.complete_many(numbers=numbers, at=AT)
            db.session.expire_all()
            for order in db.session.scalars(sa.select(Order).order_by(Order.id)):
                rows = [row for row in said(order) if row.kind is not RowKind.MARGIN]
                assert done(order) == [plain(row) for row in rows]
            assert list(integrity.ledger.differences()) == []
        finally:
            trial.rollback()
            db.session.expire_all()

    def test_matures_together_what_matures_one_by_one(self):
        dice = random.Random(5)
        numbers = village.ordered(40, dice)
        evening.complete_many(numbers=numbers, at=AT)
        ids = list(db.session.scalars(sa.select(Order.id).order_by(Order.number)))
        ends = []
        for one_by_one in (True, False):
            trial = db.session.begin_nested()
            for part in [[one] for one in ids] if one_by_one else [ids]:
                share.mature_many(ids=part, at=RIPE)
            legs = sa.text(
                "SELECT p.key, encode(p.digest, 'hex'), l.n, a.code, l.amount_fen FROM leg l"
                " JOIN posting p ON p.id = l.posting_id JOIN account a ON a.id = l.account_id ORDER BY 1, 3"
            )
            ends.append([tuple(row) for row in db.session.execute(legs)])
            trial.rollback()
            db.session.expire_all()
        assert ends[0] == ends[1]
        assert any(row[0].startswith("mature:") for row in ends[0])
