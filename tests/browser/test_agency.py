"""The desk of regional agents in a real browser: its commonest tasks, and the clicks that each takes."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from console import formatting
from models import Order, RegionAgent, db, transaction
from models.operations import agency
from tests.console.admin import orders
from tests.operations import world


@pytest.fixture(scope="module")
def agent(live, network) -> str:
    """Somebody who may become an agent."""
    with live.app.app_context(), transaction():
        # Qualified just now: the timetable of the running installation assesses everybody.
        return world.member("agnes", at=formatting.now() - timedelta(days=2)).code


def of_region(code: str) -> RegionAgent:
    return db.session.scalars(sa.select(RegionAgent).where(RegionAgent.region_code == code)).one()


class TestApplications:
    def test_lead_to_office_in_six_clicks_of_two_people(self, visit, live, agent):
        operator = visit("operator")
        page = operator.go("/agencies/")
        with operator.clicks(4, "take in and sign an application"):
            page.click(".head summary.primary")
            page.locator("form[action$='/apply'] input[name=member]").fill(agent)
            page.locator("form[action$='/apply'] input[name=region]").fill("330106")
            page.click("form[action$='/apply'] button")
            page.click("summary:text-is('登记签约')")
            page.locator("input[name=contract]").fill("HT-2026-88")
            page.click("form[action$='/sign'] button")
            expect(page.locator(".steps .done")).to_have_count(2)
        finance = visit("finance")
        desk = finance.go(page.url.removeprefix(live.address))
        with finance.clicks(2, "admit an agent"):
            desk.click(".head summary.primary")
            expect(desk.locator("form[action$='/admit']")).to_contain_text("¥5,000.00")
            desk.click("form[action$='/admit'] button")
            expect(desk.locator(".steps .done")).to_have_count(3)
        with live.app.app_context():
            one = of_region("330106")
            assert (one.state, one.contract, one.deposit_fen) == ("active", "HT-2026-88", 500_000)


class TestTerms:
    def test_are_ended_early_by_two_people_in_five_clicks(self, visit, live, agent):
        at = formatting.now() - timedelta(days=1)
        with live.app.app_context(), transaction():
            made = agency.apply(code=agent, region_code="330108", at=at)
            agency.sign(agent_id=made.id, contract="HT-1", at=at)
            row_id = agency.admit(agent_id=made.id, ends_at=at + timedelta(days=300), at=at).id
        operator = visit("operator")
        page = operator.go(f"/agencies/{row_id}")
        with operator.clicks(2, "ask to end an agency"):
            page.click(".head summary.bad")
            sheet = page.locator("form[action$='/ask']")
            sheet.locator("input[name=amount]").fill("100")
            sheet.locator("select[name=reason_code]").select_option("breach")
            sheet.locator("button").click()
            expect(page.locator(".note.done")).to_be_visible()
        finance = visit("finance")
        desk = finance.go("/approvals/?state=open&kind=agency.end")
        with finance.clicks(3, "approve the end of an agency"):
            desk.click("a.open")
            expect(desk.locator("main")).to_contain_text("¥4,900.00")
            desk.click("form[action$='/approve'] button")
            desk.click("dialog[open] button.primary, dialog[open] button.bad")
            expect(desk.locator(".note.done")).to_be_visible()
        with live.app.app_context():
            assert (of_region("330108").state, of_region("330108").deducted_fen) == ("ended", 10_000)


class TestAddresses:
    def test_are_matched_in_one_click(self, visit, live, network):
        with live.app.app_context(), transaction():
            orders.paid("BU-1")
        watched = visit("operator")
        page = watched.go("/unmatched/?q=BU-1")
        with watched.clicks(1, "match an address"):
            page.locator("form[action$='/match'] input[name=region]").fill("330106")
            page.click("form[action$='/match'] button")
            expect(page.locator(".note.done")).to_be_visible()
        expect(page.locator("form[action$='/match']")).to_have_count(0)
        with live.app.app_context():
            assert db.session.scalar(sa.select(Order.region_code).where(Order.number == "BU-1")) == "330106"
