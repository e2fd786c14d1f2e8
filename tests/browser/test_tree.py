"""The desk of placement in a real browser: re-placement and the weekly flow by two people."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from console import formatting
from models import FlowPlan, Member, Seat, db, transaction
from models.operations import admission, flow, standing
from tests import factories
from tests.browser.conftest import Live
from tests.operations import world


@pytest.fixture(scope="module")
def grove(live: Live, network: None) -> int:
    """A network of this file's own, so that no plan and no move of another file meets it; its number."""
    with live.app.app_context(), transaction():
        made = admission.make_matrix(
            code="GROVE", merchant=factories.merchant(code="grove"), template="linear", at=world.AT, by="t"
        )
        return made.id


def seat_of(code: str) -> Seat:
    owned = sa.select(Seat).join(Member, Member.id == Seat.member_id).where(Member.code == code)
    return db.session.scalars(owned.execution_options(populate_existing=True)).one()


class TestReplacement:
    def test_takes_two_people_and_four_clicks(self, visit, live, grove):
        at = formatting.now() - timedelta(hours=1)
        with live.app.app_context(), transaction():
            for code, inviter in (("gr-a", "GROVE-10"), ("gr-b", "gr-a"), ("gr-c", "gr-a")):
                world.member(code, inviter, at)
            seat_id = seat_of("gr-c").id
        maker = visit("operator")
        page = maker.go(f"/tree/{seat_id}/move")
        with maker.clicks(2, "ask for a re-placement"):
            page.locator("input[name=under]").fill("gr-b")
            page.locator("form.row button.primary").click()
            slot = page.locator("form[action$='/move']", has=page.locator("input[name=to_slot][value='1']"))
            slot.locator("select[name=reason_code]").select_option("family")
            slot.locator("button.primary").click()
            expect(page.locator(".note.done")).to_be_visible()
        checker = visit("compliance")
        desk = checker.go("/approvals/?state=open&kind=seat.move")
        desk.goto(f"{live.address}{desk.locator('tbody tr').first.get_attribute('data-href')}")
        with checker.clicks(2, "approve a re-placement"):
            expect(desk.locator("main")).to_contain_text("gr-c")
            desk.locator("[data-key=a]").click()
            desk.locator("dialog.ask button.primary").click()
            expect(desk.locator(".note.done")).to_be_visible()
        with live.app.app_context():
            assert seat_of("gr-c").parent_id == seat_of("gr-b").id


class TestFlow:
    @pytest.fixture
    def plan_id(self, live: Live, grove: int) -> int:
        """A plan: `fl-x` is closed with `fl-y` below, who sold yesterday."""
        at = formatting.now()
        with live.app.app_context(), transaction():
            for code, inviter in (("fl-x", "GROVE-10"), ("fl-y", "fl-x")):
                world.member(code, inviter, at - timedelta(days=3))
            world.completed("fl-1", "fl-y", at=at - timedelta(days=1))
            member = db.session.scalars(sa.select(Member).where(Member.code == "fl-x")).one()
            standing.close_showcase(member=member, at=at, reason="strikes")
            return flow.plan(matrix_id=grove, at=at, by="t").id

    def test_is_asked_for_approved_applied_and_undone_in_six_clicks(self, visit, live, plan_id):
        maker = visit("operator")
        page = maker.go(f"/flow/{plan_id}")
        with maker.clicks(2, "ask for a flow plan"):
            expect(page.locator("tbody")).to_contain_text("fl-y")
            page.locator("[data-key=a]").click()
            page.locator("details[open] select[name=reason_code]").select_option(index=1)
            page.locator("details[open] button.primary").click()
            expect(page.locator(".note.done")).to_be_visible()
        page.wait_for_url("**/approvals/*")
        checker = visit("compliance")
        desk = checker.go(page.url.removeprefix(live.address))
        with checker.clicks(2, "approve a flow plan"):
            desk.locator("[data-key=a]").click()
            desk.locator("dialog.ask button.primary").click()
            expect(desk.locator(".note.done")).to_be_visible()
        assert self.state(live, plan_id) == "applied"
        page = maker.go(f"/flow/{plan_id}")
        with maker.clicks(2, "undo a flow plan"):
            page.locator("[data-key=r]").click()
            page.locator("details[open] select[name=reason_code]").select_option(index=1)
            page.locator("details[open] button.primary").click()
            expect(page.locator(".note.done")).to_be_visible()
        assert self.state(live, plan_id) == "undone"

    def state(self, live: Live, plan_id: int) -> str:
        with live.app.app_context():
            return db.session.get_one(FlowPlan, plan_id).state
