"""The risk desk in a real browser: from a held order to its reason, and a rule from draft to its cases."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from models import transaction
from models.operations import admission, order, risk, risk_rule
from models.operations.risk_event import Signals
from models.queries import risk as queries
from models.rules.placement import Template
from tests import factories
from tests.operations import world
from tests.village import happens


@pytest.fixture(scope="module")
def suspects(live) -> None:
    """Two promoters who buy from one another on one phone, with three guests beside."""
    at = datetime.now(UTC) - timedelta(hours=2)
    with live.app.app_context():
        with transaction():
            happens("policy", preset="plan", set={"risk.enabled": True})
            world.agreement.publish(version="1", text=world.TEXT, effective_at=world.AT)
            risk_rule.counting(at=at)
        with transaction():
            admission.make_matrix(
                code="RISKY", merchant=factories.merchant(), template=Template.TRIPLE, at=world.AT, by="t"
            )
            joined = {"acceptance": world.agreed(at), "by": "t", "at": at - timedelta(days=9)}
            for code, inviter in (("risky-1", "RISKY-2"), ("risky-2", "risky-1")):
                made = admission.register(code=code, inviter=inviter, **joined)
                admission.qualify(member_id=made.id, at=at - timedelta(days=8))
        with transaction():
            ids = []
            pairs = [("risky-1", "risky-2"), ("risky-2", "risky-1"), ("g1", "risky-1"), ("g2", "risky-1"),
                     ("g3", "risky-2")]  # fmt: skip
            for n, (buyer, seller) in enumerate(pairs):
                came = Signals(ip="198.51.100.9", device="phone", payer=f"purse{n // 2}")
                purchase = world.purchase(f"risky{n}", seller, buyer=buyer, signals=came)
                ids.append(order.place(purchase=purchase, at=at + timedelta(minutes=n)).id)
        with transaction():
            risk.score(event_ids=queries.events_of_orders(ids), at=at + timedelta(minutes=9))


class TestDesk:
    def test_leads_from_a_held_order_to_its_reason_and_its_ring(self, visit, suspects):
        watched = visit("reviewer")
        page = watched.go("/risk-decisions/?action=hold")
        with watched.clicks(2, "why was this held, and with whom is it tied"):
            page.locator("a.open", has_text="").first.click()
            expect(page.locator(".risk-dial.bad")).to_be_visible()
            page.locator("main a.button", has_text="关联环").click()
            expect(page.locator("svg .risk-person").first).to_be_visible()
        assert watched.overflow() == []

    def test_shows_the_lab(self, visit, suspects):
        watched = visit("reviewer")
        page = watched.go("/risk-rules/?code=burst")
        page.locator("a.open", has_text="burst").first.click()
        expect(page.locator(".risk-condition")).to_contain_text("buyer_orders_1h >= 10")
        assert watched.overflow() == []

    def test_runs_the_cases_of_a_draft(self, visit, suspects):
        watched = visit("reviewer", window="phone")
        page = watched.go("/risk-rules/new")
        page.locator("input[name=code]").fill("quick_five")
        page.locator("input[name=reason]").fill("一小时内下了 {buyer_orders_1h} 单")
        page.locator("select[name=feature]").first.select_option("buyer_orders_1h")
        page.locator("input[name=value]").first.fill("5")
        page.locator("textarea[name=hits]").fill("buyer_orders_1h=5")
        page.locator("textarea[name=misses]").fill("buyer_orders_1h=4")
        page.locator("button", has_text="运行例子").click()
        expect(page.locator(".note.done")).to_be_visible()
        assert watched.overflow() == []
