"""清流 from a gap to its stand-in and back, and the page that shows it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from models import Approval, FlowLine, FlowPlan, Matrix, Member, Seat, db
from models.operations import flow, standing
from models.queries import member
from tests.operations import world

NOW = datetime.now(UTC)


@pytest.fixture
def broken(session) -> Matrix:
    """`x` is closed with `y` below it; `z` sold something yesterday and so did `y`."""
    network = world.network()
    for code, inviter in (("x", "M-10"), ("y", "x"), ("z", "M-10")):
        world.member(code, inviter)
    world.completed("o1", "z", at=NOW - timedelta(days=1))
    world.completed("o2", "y", at=NOW - timedelta(days=1))
    world.completed("o3", "y", at=NOW - timedelta(days=1))
    standing.close_showcase(member=member.by_code("x"), at=NOW, reason="strikes")
    db.session.commit()
    return network


def lines(plan: FlowPlan) -> list[tuple[str, str, bool]]:
    found = sa.select(FlowLine).where(FlowLine.plan_id == plan.id).execution_options(populate_existing=True)
    names = dict(db.session.execute(sa.select(Member.id, Member.code)).all())
    return [(names[one.gap_id], names[one.stand_in_id], one.is_active) for one in db.session.scalars(found)]


class TestPlan:
    def test_names_the_nearest_promoter_who_sold(self, broken):
        made = flow.plan(matrix_id=broken.id, at=NOW, by="t")
        assert lines(made) == [("x", "y", False)]

    def test_moves_nobody(self, broken):
        seats = sa.select(Seat.id, Seat.parent_id, Seat.slot).order_by(Seat.id)
        before = db.session.execute(seats).all()
        made = flow.plan(matrix_id=broken.id, at=NOW, by="t")
        flow.apply(plan_id=made.id, at=NOW)
        assert db.session.execute(seats).all() == before

    def test_takes_the_place_of_an_open_one(self, broken):
        first = flow.plan(matrix_id=broken.id, at=NOW, by="t")
        flow.plan(matrix_id=broken.id, at=NOW, by="t")
        db.session.refresh(first)
        assert first.state == "dropped"

    def test_is_refused_where_nothing_is_broken(self, session):
        with pytest.raises(flow.NothingToRepair, match=r"规则 7\.3"):
            flow.plan(matrix_id=world.network().id, at=NOW, by="t")

    def test_plans_no_second_stand_in_for_a_gap(self, broken):
        made = flow.plan(matrix_id=broken.id, at=NOW, by="t")
        flow.apply(plan_id=made.id, at=NOW)
        with pytest.raises(flow.NothingToRepair):
            flow.plan(matrix_id=broken.id, at=NOW, by="t")


class TestPage:
    def test_goes_from_plan_to_approval_to_undo(self, staff, broken):
        maker = staff("operator")
        page = maker.post("/flow/", data={"matrix": broken.id, "reason_code": "gap"}, follow_redirects=True).text
        assert "计划已生成" in page
        made = db.session.scalars(sa.select(FlowPlan)).one()
        maker.post(f"/flow/{made.id}/ask", data={"reason_code": "weekly"})
        request = db.session.scalars(sa.select(Approval)).one()
        told = {"digest": request.digest.hex()}
        assert "另一人" in maker.post(f"/approvals/{request.id}/approve", data=told, follow_redirects=True).text
        assert lines(made) == [("x", "y", False)]
        staff("compliance").post(f"/approvals/{request.id}/approve", data=told)
        assert lines(made) == [("x", "y", True)]
        maker.post(f"/flow/{made.id}/undo", data={"reason_code": "returned"})
        assert lines(made) == [("x", "y", False)]
        assert "已撤销" in re.sub(r"\s+", " ", maker.get(f"/flow/{made.id}").text)

    def test_applies_nothing_that_changed_since_it_was_asked_for(self, staff, broken):
        maker = staff("operator")
        maker.post("/flow/", data={"matrix": broken.id, "reason_code": "gap"})
        made = db.session.scalars(sa.select(FlowPlan)).one()
        maker.post(f"/flow/{made.id}/ask", data={"reason_code": "weekly"})
        request = db.session.scalars(sa.select(Approval)).one()
        db.session.execute(sa.update(FlowLine).values(stand_in_id=member.by_code("z").id))
        db.session.commit()
        page = staff("compliance").post(
            f"/approvals/{request.id}/approve", data={"digest": request.digest.hex()}, follow_redirects=True
        )
        assert "规则 7.3" in page.text
        assert lines(made) == [("x", "z", False)]

    def test_leaves_one_row_of_the_trail_for_each_row_made(self, staff, broken, trail):
        staff("operator").post("/flow/", data={"matrix": broken.id, "reason_code": "gap"})
        made = [row for row in trail() if row.action == "flow.plan"]
        assert sorted(row.table_name for row in made) == ["flow_line", "flow_plan"]
        assert {row.reason for row in made} == {"gap"}

    def test_wants_a_reason(self, staff, broken):
        page = staff("operator").post("/flow/", data={"matrix": broken.id}, follow_redirects=True).text
        assert "请选择原因" in page
