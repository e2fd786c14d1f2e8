"""Many newcomers and candidates at once: what is refused as a whole, and what travels whole."""

import pytest
import sqlalchemy as sa

from models import Member, Seat, Team, db
from models.operations import cohort, placement, standing, team
from models.operations.cohort import Candidate, Newcomer, NotTogether
from models.queries import integrity
from models.queries import member as members
from tests.operations import world
from tests.operations.world import AT

ODD = "a\tb\\N\n会员"


def register(*told: tuple[str, str | None]) -> None:
    newcomers = [Newcomer(code, inviter, AT) for code, inviter in told]
    cohort.register_many(newcomers=newcomers, acceptance=world.acceptance(), by="t")


def places() -> dict[str, tuple[int | None, int | None]]:
    found = sa.select(Member.code, Seat.parent_id, Seat.slot).join(Seat, Seat.member_id == Member.id)
    return {code: (parent, slot) for code, parent, slot in db.session.execute(found)}


@pytest.mark.usefixtures("session")
class TestRegisterMany:
    def test_keeps_a_code_as_it_was_written(self):
        world.network()
        register((ODD, None))
        assert members.by_code(ODD).standing == "candidate"

    def test_seats_whom_a_candidate_invites_below_the_candidates_own_sponsor(self):
        world.network()
        world.member("s")
        register(("a", "s"), ("b", "a"))
        assert members.by_code("b").sponsor_id == members.by_code("s").id

    def test_passes_over_those_who_are_closed_and_fills_what_was_freed(self):
        world.network()
        world.member("s", "M-10")
        below = [world.member("x", "s"), world.member("y", "s"), world.joins("z", "s")]
        standing.close_showcase(member=below[0], at=AT, reason="strikes")
        placement.free(seat=members.seat_of(below[2].id), at=AT, by="t", reason="lapsed")
        register(("a", "s"), ("b", "s"), ("c", "x"))
        found, s, y = places(), members.seat_of(members.by_code("s").id), members.seat_of(below[1].id)
        assert [found[code] for code in "abc"] == [(s.id, 3), (y.id, 1), (y.id, 2)]
        assert list(integrity.differences()) == []

    @pytest.mark.parametrize(
        "told", [[("s", None)], [("a", None), ("a", None)], [("a", "nobody")], [("a", "b"), ("b", None)]]
    )
    def test_refuses_all_where_one_is_no_matter_of_course(self, told):
        world.network()
        world.member("s")
        with pytest.raises(NotTogether):
            register(*told)

    def test_refuses_all_where_nothing_is_vacant(self):
        world.network()
        db.session.execute(sa.text("UPDATE frontier SET is_open = false"))
        placement.rebuild(matrix_id=members.by_code("M-1").matrix_id)
        with pytest.raises(placement.NoVacancy, match=r"2\.3"):
            register(("a", None))


@pytest.mark.usefixtures("session")
class TestQualifyMany:
    def test_counts_each_head_for_the_team_above(self):
        world.network()
        world.member("s")
        register(*[(code, "s") for code in "abcd"])
        cohort.qualify_many(candidates=[Candidate(code, AT) for code in "abcd"])
        assert {members.by_code(code).standing for code in "abcd"} == {"active"}
        assert db.session.get(Team, members.by_code("s").id).size == 5

    @pytest.mark.parametrize("codes", [["s"], ["a", "a"], ["nobody"]])
    def test_refuses_all_where_one_is_no_candidate(self, codes):
        world.network()
        world.member("s")
        register(("a", "s"))
        with pytest.raises(NotTogether, match=r"3\.4"):
            cohort.qualify_many(candidates=[Candidate(code, AT) for code in codes])


@pytest.mark.usefixtures("session")
class TestRecount:
    def test_writes_down_what_differs_and_nothing_else(self):
        world.network()
        for code, inviter in (("s", None), ("a", "s"), ("b", "a")):
            world.member(code, inviter)
        world.completed("o1", "b")
        assert team.recount() == 0
        db.session.execute(sa.update(Team).where(Team.member_id == members.by_code("a").id).values(size=9, own_fen=1))
        db.session.execute(sa.delete(Team).where(Team.member_id == members.by_code("b").id))
        assert team.recount() == 2
        assert list(integrity.differences()) == []


@pytest.mark.usefixtures("session")
class TestTasks:
    def test_are_the_nearest_fitting_ancestors_then_the_other_presets(self):
        world.network()
        world.member("s")
        found = db.session.scalar(
            sa.text("SELECT admission_tasks(s.matrix_id, s.id, 4) FROM seat s WHERE s.member_id = :id"),
            {"id": members.by_code("s").id},
        )
        codes = {row.id: row.code for row in db.session.execute(sa.select(Member.id, Member.code))}
        assert [codes[one] for one in found] == ["s", "M-10", "M-9", "M-8"]
