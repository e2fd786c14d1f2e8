"""The desk of orders in a real browser: its commonest tasks, and the clicks that each takes."""

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from models import AfterSale, Order, Parcel, db, transaction
from models.rules.after_sale import Kind
from tests.console.admin import orders

pytestmark = pytest.mark.usefixtures("network")


def made(live, how, *facts) -> int:
    """The id of a row prepared in the running installation."""
    with live.app.app_context(), transaction():
        return how(*facts).id


def order_of(number: str) -> Order:
    return db.session.scalars(sa.select(Order).where(Order.number == number)).one()


class TestOrders:
    def test_are_sent_in_three_clicks(self, visit, live):
        made(live, orders.paid, "BO-1")
        watched = visit("operator")
        page = watched.go("/orders/?state=paid&q=BO-1")
        with watched.clicks(3, "send a parcel"):
            page.click("a.open")
            page.click("summary:text-is('发货')")
            page.locator("input[name=carrier]").fill("中通快递")
            page.locator("input[name=waybill]").fill("ZT20261123")
            page.click("form[action$='/send'] button")
            expect(page.locator(".note.done")).to_be_visible()
        expect(page.locator("main")).to_contain_text("ZT20261123")
        with live.app.app_context():
            assert order_of("BO-1").state == "shipped"
            assert db.session.scalar(sa.select(Parcel.carrier).where(Parcel.waybill == "ZT20261123")) == "中通快递"

    def test_are_paid_back_with_a_reason_in_three_clicks(self, visit, live):
        made(live, orders.paid, "BO-2")
        watched = visit("finance")
        page = watched.go("/orders/?q=BO-2")
        with watched.clicks(3, "refund part of an order with a reason"):
            page.click("a.open")
            page.click("summary:text-is('退款')")
            sheet = page.locator("form[action$='/refund']")
            sheet.locator("input[name=amount]").fill("12.50")
            sheet.locator("select[name=reason_code]").select_option("quality")
            sheet.locator("button").click()
            expect(page.locator(".note.done")).to_contain_text("¥12.50")
        with live.app.app_context():
            assert order_of("BO-2").refunded_fen == 1_250

    def test_are_never_paid_back_without_a_reason(self, visit, live):
        row_id = made(live, orders.paid, "BO-3")
        page = visit("finance").go(f"/orders/{row_id}")
        page.click("summary:text-is('退款')")
        page.click("form[action$='/refund'] button")
        expect(page.locator("select[name=reason_code]:invalid")).to_be_visible()
        with live.app.app_context():
            assert order_of("BO-3").refunded_fen == 0


class TestPresales:
    def test_are_reminded_of_in_one_click(self, visit, live):
        made(live, orders.presale, "BP-1")
        watched = visit("operator")
        page = watched.go("/presales/?q=BP-1")
        with watched.clicks(1, "remind a buyer of the balance"):
            page.click("form[action$='/remind'] button")
            expect(page.locator(".note.done")).to_be_visible()
        with live.app.app_context():
            assert order_of("BP-1").state == "balance_due"


class TestAfterSales:
    def test_are_decided_by_their_first_verdict_in_two_clicks(self, visit, live):
        case_id = made(live, orders.opened, "BA-1", Kind.NO_REASON)
        watched = visit("support")
        page = watched.go("/after-sales/?state=opened&q=BA-1")
        with watched.clicks(2, "decide an after-sale by its first verdict"):
            page.click("a.open")
            expect(page.locator("main")).to_contain_text("依法应当同意")
            page.click("form[action$='/accept'] button")
            expect(page.locator(".note.done")).to_be_visible()
        with live.app.app_context():
            assert db.session.get_one(AfterSale, case_id).state == "accepted"


class TestPage:
    def test_fits_a_phone(self, visit, live):
        row_id = made(live, orders.paid, "BW-1")
        watched = visit("operator", window="phone")
        watched.go(f"/orders/{row_id}")
        assert watched.overflow() == []
