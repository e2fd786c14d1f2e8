"""Registration, lapse, qualification and what names somebody a seed promoter."""

import pytest
import sqlalchemy as sa

from models import Member, StandingChange, db
from models.rules.standing import NotLapsed
from tests.operations.tale import Tale

ONE_TASK = {"admission__orders": 1}


@pytest.mark.usefixtures("session")
class TestRegister:
    def test_again_with_every_task_passed_qualifies_at_once(self):
        tale = Tale(**ONE_TASK).do("register", member="a", inviter="M-10")
        seller = tale.world.members["a"].tasks[0]
        tale.order("o1", seller, buyer="a", kind="admission", paid=5_000).wait(days=8).do("complete", order="o1")
        assert tale.member("a")["standing"] == "lapsed"
        tale.do("register", member="a", inviter="M-10")
        assert tale.member("a")["standing"] == "active"

    def test_again_with_a_task_still_open_makes_a_candidate(self):
        tale = Tale(**ONE_TASK).do("register", member="a", inviter="M-10").wait(days=8)
        assert tale.do("register", member="a", inviter="M-10").member("a")["standing"] == "candidate"

    def test_of_somebody_registered_is_refused(self):
        tale = Tale().do("register", member="a", inviter="M-10")
        with pytest.raises(NotLapsed, match="2.5"):
            tale.do("register", member="a", inviter="M-10")


@pytest.mark.usefixtures("session")
class TestNameSeed:
    def test_again_keeps_the_first_date(self):
        tale = Tale().join("a").do("seed_promoter", member="a")
        first = tale.at
        tale.wait(days=5).do("seed_promoter", member="a")
        assert db.session.scalars(sa.select(Member.seed_at).where(Member.code == "a")).one() == first
        named = sa.select(sa.func.count()).where(StandingChange.kind == "seed")
        assert db.session.scalar(named) == 1

    def test_pays_no_bonus_for_an_order_after_the_thirty_days_of_the_first_naming(self):
        tale = Tale().join("a").do("seed_promoter", member="a").wait(days=20).do("seed_promoter", member="a")
        tale.wait(days=9).sell("o1", "a").wait(days=2).sell("o2", "a")
        kinds = [[str(row.kind) for row in tale.world.orders[code].rows] for code in ("o1", "o2")]
        assert ["seed" in found for found in kinds] == [True, False]
