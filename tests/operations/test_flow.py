"""清流 from a gap to its stand-in and back, and the page that shows it."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from models import Approval, FlowLine, FlowPlan, Matrix, Member, Posting, Seat, db
from models.operations import flow, order, standing
from models.queries import integrity, member, why
from tests import village
from tests.operations import world

NOW = datetime.now(UTC)


@pytest.fixture
def broken(session) -> Matrix:
    """`x` is closed with `y` and `w` below it; `z` sold something yesterday and so did `y`."""
    network = world.network()
    for code, inviter in (("x", "M-10"), ("y", "x"), ("w", "x"), ("z", "M-10")):
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


class TestPay:
    @pytest.fixture
    def standing_in(self, broken) -> FlowPlan:
        """`y` stands in for the closed `x`, under the plan's policy."""
        village.happens("policy", preset="plan", set={})
        made = flow.plan(matrix_id=broken.id, at=NOW, by="t")
        return flow.apply(plan_id=made.id, at=NOW)

    def paid(self, number: str, seller: str) -> list[tuple[str, int | None]]:
        world.completed(number, seller, at=NOW)
        return self.levels(number)

    def levels(self, number: str) -> list[tuple[str, int | None]]:
        told = why.of(db.session.scalars(sa.select(Posting).where(Posting.key == f"settle:{number}")).one())
        return [
            (one.leg.code, one.leg.level) for one in told.legs if one.leg.cause in ("level", "house") and one.leg.level
        ] + [(one.leg.reason, None) for one in told.legs if one.leg.cause == "house" and one.leg.reason != "rounding"]

    def test_goes_to_the_stand_in_as_that_node(self, standing_in):
        assert self.paid("o4", "w")[:2] == [("member:w:pending", 1), ("member:y:pending", 2)]
        told = why.of(db.session.scalars(sa.select(Posting).where(Posting.key == "settle:o4")).one())
        assert any("y 按清流（规则 7.3）替补第 2 级的 x" in one.why.sentence for one in told.legs)

    def test_gives_a_person_one_share_of_an_order(self, standing_in):
        assert self.paid("o5", "y") == [("member:y:pending", 1), ("member:M-10:pending", 3), ("closed", None)]

    def test_ends_with_the_undoing(self, standing_in):
        flow.undo(plan_id=standing_in.id, at=NOW)
        assert ("closed", None) in self.paid("o6", "w")

    def test_is_the_house_s_where_the_policy_pays_no_stand_in(self, standing_in):
        village.happens("policy", preset="plan", set={"flow.pays": False})
        assert ("closed", None) in self.paid("o7", "w")

    def test_is_taken_back_from_the_stand_in(self, standing_in):
        before = world.accounts()["member:y:pending"]
        self.paid("o8", "w")
        assert world.accounts()["member:y:pending"] == before + 600
        order.refund(number="o8", amount_fen=9_900, at=NOW)
        assert world.accounts()["member:y:pending"] == before
        assert list(integrity.ledger.differences()) == []


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
