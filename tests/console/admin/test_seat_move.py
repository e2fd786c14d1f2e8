"""换位 and 完整性检查 through the console."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from models import Approval, Audit, Job, Member, Move, Seat, db
from models.operations import admission, agreement
from tests import factories
from tests.operations import world


def seat_of(code: str) -> Seat:
    owned = sa.select(Seat).join(Member, Member.id == Seat.member_id).where(Member.code == code)
    return db.session.scalars(owned.execution_options(populate_existing=True)).one()


@pytest.fixture
def placed(session) -> None:
    """Three people placed an hour ago: `a` and `b` under position 10, `c` under `a`."""
    at = datetime.now(UTC) - timedelta(hours=1)
    agreement.publish(version="1", text=world.TEXT, effective_at=world.AT)
    admission.make_matrix(code="M", merchant=factories.merchant(code="S"), template="linear", at=world.AT, by="t")
    for code, inviter in (("a", "M-10"), ("b", "M-10"), ("c", "a")):
        world.member(code, inviter, at)
    db.session.commit()


def asked(browser, code: str, under: str, slot: int, reason: str = "family"):
    filled = {"to_parent_id": seat_of(under).id, "to_slot": slot, "reason_code": reason}
    return browser.post(f"/tree/{seat_of(code).id}/move", data=filled, follow_redirects=True)


@pytest.mark.usefixtures("placed")
class TestMove:
    def test_draws_before_and_after(self, staff):
        page = staff("operator").get(f"/tree/{seat_of('b').id}/move?under=a").text
        assert page.count("申请 2 号位") == 1
        assert "申请 1 号位" not in page

    def test_happens_once_a_second_person_allows_it(self, staff):
        page = asked(staff("operator"), "b", "a", 3).text
        assert "已提交申请" in page
        request = db.session.scalars(sa.select(Approval)).one()
        assert seat_of("b").slot == 2
        staff("compliance").post(f"/approvals/{request.id}/approve", data={"digest": request.digest.hex()})
        moved = seat_of("b")
        assert (moved.parent_id, moved.slot) == (seat_of("a").id, 3)
        row = db.session.scalars(sa.select(Move).where(Move.kind == "move")).one()
        assert (row.from_slot, row.to_slot, row.reason) == (2, 3, "family")

    def test_is_never_decided_by_its_maker(self, staff):
        maker = staff("operator")
        asked(maker, "b", "a", 3)
        request = db.session.scalars(sa.select(Approval)).one()
        page = maker.post(
            f"/approvals/{request.id}/approve", data={"digest": request.digest.hex()}, follow_redirects=True
        )
        assert "另一人" in page.text
        assert seat_of("b").slot == 2

    @pytest.mark.parametrize(
        ("code", "under", "slot", "says"),
        [
            ("a", "b", 1, "下面还有人"),
            ("b", "a", 1, "不是空位"),
            ("M-9", "a", 2, "规则 2.1"),
            ("b", "b", 1, "不在同一个网络"),
        ],
    )
    def test_is_refused_at_once_where_it_would_be_later(self, staff, code, under, slot, says):
        assert says in asked(staff("operator"), code, under, slot).text
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Approval)) == 0

    def test_is_refused_after_three_days(self, staff):
        db.session.execute(sa.update(Seat).values(placed_at=datetime.now(UTC) - timedelta(hours=73)))
        db.session.commit()
        browser = staff("operator")
        assert "72 小时" in asked(browser, "b", "a", 3).text
        assert "72 小时" in browser.get(f"/tree/{seat_of('b').id}/move").text

    def test_wants_a_reason(self, staff):
        assert "请选择原因" in asked(staff("operator"), "b", "a", 3, reason="").text

    def test_is_asked_for_by_operators_alone(self, staff):
        assert asked(staff("support"), "b", "a", 3).status_code == 403


class TestCheck:
    def test_runs_in_the_background_and_keeps_what_it_finds(self, staff, work):
        world.network()
        browser = staff("operator")
        browser.post("/tree-checks/")
        work()
        assert "图谱完整" in browser.get("/tree-checks/").text

    def test_finds_a_wrong_vacancy_and_repairs_it_in_two_steps(self, staff, work):
        world.network()
        wrong = "UPDATE frontier SET best_id = seat_id, best_distance = 0 WHERE seat_id = :seat"
        db.session.execute(sa.text(wrong), {"seat": seat_of("M-3").id})
        db.session.commit()
        browser = staff("operator")
        browser.post("/tree-checks/")
        work()
        assert "空位指错了" in browser.get("/tree-checks/").text
        assert "立即修复" in browser.get("/tree-checks/repair").text
        browser.post("/tree-checks/repair", data={"reason_code": "findings"})
        noted = db.session.scalars(sa.select(Audit).where(Audit.action == "tree_check.repair", Audit.kind == "note"))
        assert [(row.reason, row.after["rows"]) for row in noted] == [("findings", 1)]
        browser.post("/tree-checks/")
        work()
        assert "图谱完整" in browser.get("/tree-checks/").text

    def test_is_repaired_for_a_reason_alone(self, staff):
        assert "请选择原因" in staff("operator").post("/tree-checks/repair", follow_redirects=True).text

    def test_is_asked_for_by_those_who_may(self, staff):
        assert staff("finance").post("/tree-checks/").status_code == 403
        assert db.session.scalar(sa.select(sa.func.count()).where(Job.kind == "check_tree")) == 0
