"""Revival by own orders, and who counts in whose team."""

import pytest
import sqlalchemy as sa

from models import Member, Seat, Team, db
from models.operations import placement
from models.queries import integrity
from tests.operations.tale import Tale

QUICK = {"admission__orders": 0, "revive__orders": 1, "cycle_days": 12, "assess__target": 1}


@pytest.mark.usefixtures("session")
class TestRevive:
    def test_counts_an_order_that_its_buyer_paid_before_registering(self):
        tale = Tale(**QUICK).join("s").order("o1", "s", buyer="b").join("b").wait(days=13).tick()
        assert tale.member("b")["standing"] == "frozen"
        assert tale.do("complete", order="o1").member("b")["standing"] == "active"


NEVER = {
    "candidate_days": 36_500, "cycle_days": 36_500, "return_days": 36_500, "auto_confirm_days": 36_500,
    "assess__target": 10**9, "rank__team_size": [10**9] * 4, "rank__sales_fen": [10**15] * 4,
    "high_earner__step_fen": 10**15, "withdraw__min": 10**15, "withdraw__second_approval": 10**15,
}  # fmt: skip


@pytest.mark.usefixtures("session")
class TestNever:
    def test_comes_what_a_policy_puts_off_for_ever(self):
        tale = Tale(**NEVER).join("a").sell("o1", "a").order("o2", "a").do("ship", order="o2").wait(days=3_660)
        tale.do("register", member="x", inviter="a").wait(days=3_660).tick()
        assert tale.balances("a") == {"pending": 1_400}
        assert (tale.member("a")["standing"], tale.member("a")["rank"]) == ("active", None)
        assert tale.member("x")["standing"] == "candidate"


def seat(code: str) -> Seat:
    return db.session.scalars(
        sa.select(Seat).join(Member, Member.id == Seat.member_id).where(Member.code == code)
    ).one()


def teams() -> dict[str, tuple[int, int]]:
    found = sa.select(Member.code, Team.size, Team.sales_fen).join(Team, Team.member_id == Member.id)
    return {row.code: (row.size, row.sales_fen) for row in db.session.execute(found)}


@pytest.mark.usefixtures("session")
class TestTeams:
    def test_follow_a_member_who_is_placed_anew(self):
        tale = Tale().join("a", "b").join("c", inviter="a").sell("o1", "c")
        assert teams() == {"a": (2, 9_900), "b": (1, 0), "c": (1, 9_900)}
        placement.move(
            seat_id=seat("c").id, to_parent_id=seat("b").id, to_slot=1, at=tale.at, by="staff:1", reason="wrong place"
        )
        db.session.expire_all()
        assert teams() == {"a": (1, 0), "b": (2, 9_900), "c": (1, 9_900)}
        assert list(integrity.differences()) == []
