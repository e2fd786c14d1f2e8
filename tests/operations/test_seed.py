"""Seed candidates: tagged by sales, proposed, answered by the merchant, named."""

import random
from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import Member, Order, SeedCandidate, db
from models.operations import seed
from models.rules.placement import Template
from models.rules.seed import ORDERS_LEAST, OutOfTurn
from tests import factories, village
from tests.operations import world
from tests.village import happens

UNTIL = village.AT + timedelta(days=8)


@pytest.fixture
def seller(session):
    """A promoter with 35 completed orders in the week before `UNTIL`."""
    happens("policy", preset="plan", set={"admission.orders": 0})
    world.network(Template.TRIPLE)
    member = world.member("a", "M-2")
    village.ordered(ORDERS_LEAST, random.Random(1))
    done = {"seller_id": member.id, "state": "completed", "completed_at": UNTIL - timedelta(days=3), "settled_fen": 1,
            "is_held": False}  # fmt: skip
    session.execute(sa.update(Order).values(done))
    return member


def candidate() -> SeedCandidate:
    return db.session.scalars(sa.select(SeedCandidate).execution_options(populate_existing=True)).one()


class TestTag:
    def test_finds_thirty_five_orders_in_seven_days(self, seller):
        assert seed.tag(until=UNTIL, at=UNTIL) == 1
        assert (candidate().member_id, candidate().orders, candidate().state) == (seller.id, 35, "tagged")

    def test_again_finds_nobody_new(self, seller):
        seed.tag(until=UNTIL, at=UNTIL)
        assert seed.tag(until=UNTIL + timedelta(hours=1), at=UNTIL) == 0

    @pytest.mark.parametrize(
        "short",
        [
            {"state": "refunded"},
            {"completed_at": UNTIL},
            {"completed_at": UNTIL - timedelta(days=7, seconds=1)},
        ],
    )
    def test_counts_no_other_order(self, seller, session, short):
        one = session.scalar(sa.select(sa.func.min(Order.id)))
        session.execute(sa.update(Order).where(Order.id == one).values(short))
        assert seed.tag(until=UNTIL, at=UNTIL) == 0

    @pytest.mark.parametrize(
        "unfit", [{"standing": "frozen"}, {"showcase": "closed"}, {"seed_at": village.AT}, {"position": None}]
    )
    def test_passes_over_the_unfit(self, seller, session, unfit):
        if unfit == {"position": None}:
            preset = session.scalars(sa.select(Member.id).where(Member.code == "M-2")).one()
            session.execute(sa.update(Order).values(seller_id=preset))
        else:
            session.execute(sa.update(Member).where(Member.id == seller.id).values(unfit))
        assert seed.tag(until=UNTIL, at=UNTIL) == 0


class TestSteps:
    @pytest.fixture
    def proposed(self, seller):
        seed.tag(until=UNTIL, at=UNTIL)
        merchant = factories.merchant()
        return seed.propose(candidate_id=candidate().id, merchant_id=merchant.id, at=UNTIL, by="staff:1")

    def answer(self, found, *, accepts=True, merchant_id=None):
        return seed.answer(
            candidate_id=found.id, merchant_id=merchant_id or found.merchant_id, accepts=accepts, why="", at=UNTIL,
            by="staff:2",
        )  # fmt: skip

    def test_end_with_a_seed_promoter(self, proposed, seller, session):
        self.answer(proposed)
        seed.name(candidate_id=proposed.id, at=UNTIL, by="staff:1")
        session.refresh(seller)
        assert seller.seed_at == UNTIL
        assert (candidate().state, candidate().ended_by) == ("named", "staff:1")

    def test_name_nobody_whom_the_merchant_has_not_accepted(self, proposed, seller):
        with pytest.raises(OutOfTurn, match="规则 7.2"):
            seed.name(candidate_id=proposed.id, at=UNTIL, by="staff:1")
        assert seller.seed_at is None

    def test_name_nobody_who_froze_meanwhile(self, proposed, seller, session):
        self.answer(proposed)
        session.execute(sa.update(Member).where(Member.id == seller.id).values(standing="frozen"))
        with pytest.raises(seed.NotActive):
            seed.name(candidate_id=proposed.id, at=UNTIL, by="staff:1")

    def test_let_no_other_merchant_answer(self, proposed):
        with pytest.raises(seed.NoCandidate):
            self.answer(proposed, merchant_id=factories.merchant().id)
        assert candidate().state == "proposed"

    def test_let_a_refused_one_be_proposed_elsewhere(self, proposed):
        self.answer(proposed, accepts=False)
        other = factories.merchant()
        again = seed.propose(candidate_id=proposed.id, merchant_id=other.id, at=UNTIL, by="staff:1")
        assert (again.state, again.merchant_id, again.answered_by) == ("proposed", other.id, None)

    def test_let_go_only_once(self, proposed):
        seed.drop(candidate_id=proposed.id, at=UNTIL, by="staff:1")
        with pytest.raises(OutOfTurn):
            seed.drop(candidate_id=proposed.id, at=UNTIL, by="staff:1")

    def test_leave_one_row_each_in_the_trail(self, trail, proposed):
        self.answer(proposed)
        assert [row.kind for row in trail("seed_candidate")] == ["insert", "update", "update"]
