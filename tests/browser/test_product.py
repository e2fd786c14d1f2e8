"""The desk of products in a real browser: its three commonest tasks, and the clicks that each takes."""

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from models import CurationProposal, Delisting, Listing, Merchant, Product, db, transaction
from models.operations import admission, listing
from models.rules.placement import Template
from tests import factories

AT = datetime(2026, 11, 23, tzinfo=UTC)
FIGURES = {
    "margin_fen": 100, "orders_30": 1, "sales_30_fen": 9_900, "refund_bps": 0, "repurchase_bps": 0, "windows": 10,
    "window_days_30": 300, "own_orders_30": 1, "conversion_bps": 33,
}  # fmt: skip


@pytest.fixture
def merchant(live) -> int:
    """A merchant of one matrix with its ten open windows."""
    with live.app.app_context(), transaction():
        found = db.session.scalar(sa.select(Merchant.id).where(Merchant.code == "WIN"))
        if found is None:
            owner = factories.merchant(code="WIN", name="窗景")
            admission.make_matrix(code="WIN", merchant=owner, template=Template.LINEAR, at=AT, by="t")
            found = owner.id
    return found


def product(live, merchant_id: int, **columns) -> int:
    with live.app.app_context(), transaction():
        return factories.product(merchant_id=merchant_id, **columns).id


class TestProducts:
    def test_are_taken_in_with_a_loss_refused_and_what_was_typed_kept(self, visit, live, merchant):
        watched = visit("operator")
        page = watched.go("/products/")
        with watched.clicks(3, "take a product in"):
            page.get_by_role("link", name="新建商品").first.click()
            page.locator("select[name=merchant_id]").select_option(str(merchant))
            for name, value in (("code", "WIN-1"), ("title", "窗边香薰"), ("category", "香薰"), ("price", "99")):
                page.locator(f"input[name={name}]").fill(value)
            page.locator("input[name=cost]").fill("95")
            page.locator("input[name=commission]").fill("20")
            page.get_by_role("button", name="保存").click()
            expect(page.get_by_role("alert")).to_contain_text("每件亏")
            expect(page.locator("input[name=title]")).to_have_value("窗边香薰")
            page.locator("input[name=cost]").fill("30")
            page.get_by_role("button", name="保存").click()
            expect(page.locator("h1")).to_contain_text("窗边香薰")
        expect(page.locator("[data-drawn=yes]")).to_be_visible()
        watched.complaints[:] = [one for one in watched.complaints if "422" not in one]

    def test_are_taken_down_everywhere_with_a_result_a_window(self, visit, live, merchant):
        row_id = product(live, merchant, code="WIN-2", title="停售的香薰")
        with live.app.app_context(), transaction():
            listing.ask(product_id=row_id, is_presets=True, at=AT, by="t")
            for found in db.session.scalars(sa.select(Listing).where(Listing.product_id == row_id)):
                found.state, found.listed_at = "listed", AT
        watched = visit("operator")
        page = watched.go(f"/products/{row_id}")
        # On a page without rows to tick the key is the page's own.
        page.keyboard.press("x")
        expect(page.locator(f"details[open] form[action='/products/{row_id}/delist']")).to_be_visible()
        page.keyboard.press("Escape")
        with watched.clicks(2, "take a product down everywhere"):
            page.get_by_text("全网下架", exact=True).first.click()
            sheet = page.locator(f"form[action='/products/{row_id}/delist']")
            sheet.locator("select[name=reason_code]").select_option("sold_out")
            sheet.get_by_role("button").click()
            expect(page.locator(".outcomes")).to_contain_text("已移除")
            expect(page.locator("progress")).to_have_attribute("value", "100.0")
        assert watched.overflow() == []
        with live.app.app_context():
            made = db.session.scalars(sa.select(Delisting).where(Delisting.product_id == row_id)).one()
            assert (made.reason, made.rounds) == ("sold_out", 1)


class TestWeeklyRefresh:
    def test_approves_all_rows_of_the_filter_in_bulk(self, visit, live, merchant):
        ids = [product(live, merchant, code=f"WIN-R{n}", title=f"换新 {n}") for n in range(3)]
        with live.app.app_context(), transaction():
            for row_id in ids:
                db.session.add(
                    CurationProposal(week=date(2026, 11, 23), kind="drop", product_id=row_id, evidence=FIGURES,
                                     state="proposed", made_at=AT, reason="")
                )  # fmt: skip
        watched = visit("operator")
        page = watched.go("/weekly-refresh/?state=proposed")
        with watched.clicks(3, "approve the weekly refresh in bulk"):
            page.locator("input[data-tick-all]").first.click()
            page.get_by_role("button", name="通过").first.click()
            page.locator("select[name=reason_code]").select_option("as_proposed")
            page.get_by_role("button", name="开始").click()
            expect(page.locator("main")).to_contain_text("100%")
        with live.app.app_context():
            chosen = sa.select(CurationProposal.state).where(CurationProposal.product_id.in_(ids))
            assert set(db.session.scalars(chosen)) <= {"approved", "applied"}
            assert db.session.scalar(sa.select(Product.code).where(Product.id == ids[0])) == "WIN-R0"
