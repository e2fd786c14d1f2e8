"""Keys from a list to a decision, and the pages that staff set alerts and watch the structure by."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from models import Binding, db, transaction
from models.operations import alert, binding, finding
from models.rules.finding import Hit
from models.rules.lint import Severity
from tests.operations import world

LIST = "/showcases/?binding=waiting&cols=code,account,named_at,binding,standing,showcase,merchant"


@pytest.fixture(scope="module")
def rows(live, network) -> None:
    """Two showcases that their owners named, an alert that was set and speaks."""
    at = datetime.now(UTC) - timedelta(minutes=1)
    with live.app.app_context(), transaction():
        for code in ("desk-a", "desk-b"):
            binding.state(member_id=world.member(code).id, account=f"sph-{code}", at=at)
        alert.change(
            rule="B02", terms={"loss_fen": 500, "days": 14}, owner_id=None, why="season_moves: 双十一", at=at, by="t"
        )
        hit = Hit(rule="B02", severity=Severity.WARN, subject="margin", evidence="近 14 天 1 笔订单结算后平台毛利为负")
        finding.add(hits=[hit], at=at)


class TestKeys:
    def test_lead_from_a_list_to_the_decision_and_decide_nothing_by_themselves(self, live, visit, rows):
        page = visit("operator").go(LIST)
        expect(page.locator("table[data-rows] tbody tr").first).to_contain_text("sph-desk-b")
        page.keyboard.press("j")
        page.keyboard.press("a")
        page.wait_for_url("**/showcases/*#key-a")
        expect(page.locator("details[open] select[name=reason_code]")).to_be_focused()
        page.keyboard.press("ArrowDown")
        page.locator("details[open] button.primary").click()
        page.locator(".note.done").wait_for()
        with live.app.app_context():
            assert db.session.scalars(sa.select(Binding.state).order_by(Binding.id)).all() == ["waiting", "bound"]

    def test_open_the_row(self, visit, rows):
        page = visit("operator").go("/alerts/")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        page.wait_for_url("**/alerts/*")
        assert page.locator("h1").inner_text().startswith("B02")


class TestPages:
    @pytest.mark.parametrize("window", ["desktop", "phone"])
    def test_of_alerts_and_structure_stand_in_their_window(self, visit, rows, window):
        watched = visit("admin", window=window)
        for path in ("/alert-rules/", "/structure/", LIST):
            watched.go(path)
            assert watched.overflow() == []
        assert "sph-desk-a" in watched.page.locator("main").inner_text()
