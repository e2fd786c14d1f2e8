"""Money between us and WeChat in a real browser: a statement taken, a difference cleared, a transfer asked about."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from models import Difference, Order, StrayOrder, Withdrawal, db, transaction
from models.operations import share, shop_order, withdrawal
from models.rules import shop_order as rules
from models.rules.tax import Month
from models.rules.withdrawal import TransferState
from tests.jobs.shops import told
from tests.jobs.test_statement import FUNDFLOW, csv, flow
from tests.operations import world

NOW = datetime.now(UTC)
FILE = csv(
    FUNDFLOW, flow(记账时间="2026-10-02 14:00:19", 业务凭证号="W-BROWSER-X", 资金流水单号="9001"),
    flow(记账时间="2026-10-02 15:00:19", 业务凭证号="W-BROWSER-Y", 资金流水单号="9002"), ["资金流水总笔数"], ["`2"],
)  # fmt: skip


@pytest.fixture
def waiting(live, network) -> str:
    """A transfer that waits for its payee, asked for an hour ago."""
    with live.app.app_context(), transaction():
        found = db.session.scalars(sa.select(Withdrawal).where(Withdrawal.number == "WBROWSER1")).one_or_none()
        if found is None:
            world.member("flow-a")
            before = NOW - timedelta(days=9)
            world.completed("flow-o1", "flow-a", before, paid_fen=99_000, cost_fen=10_000, commission_fen=50_000)
            order_id = db.session.scalars(sa.select(Order.id).where(Order.number == "flow-o1")).one()
            share.mature(order_id=order_id, at=NOW)
            withdrawal.request(
                number="WBROWSER1", code="flow-a", amount_fen=12_300, month=Month(NOW.year, NOW.month), at=NOW
            )
            withdrawal.approve(number="WBROWSER1", by="staff:1", at=NOW)
            asked = NOW - timedelta(hours=1)
            said = withdrawal.Told(state=TransferState.WAIT_USER_CONFIRM, package="P", made_at=asked)
            withdrawal.hear(number="WBROWSER1", told=said, at=asked)
    return "WBROWSER1"


class TestReconciliation:
    def test_takes_a_statement_and_clears_its_differences(self, visit, live, network, tmp_path):
        file = tmp_path / "fundflow_operation.csv"
        file.write_text(FILE)
        watched = visit("finance")
        page = watched.go("/channel-bills/")
        with watched.clicks(3, "upload a statement and let it count"):
            page.get_by_role("link", name="上传账单").first.click()
            page.locator("input[type=file]").set_input_files(file)
            page.get_by_role("button", name="上传并试读").click()
            page.get_by_role("button", name="入账 2 行").click()
            expect(page.locator("h1")).to_contain_text("fundflow_operation.csv")
        expect(page.get_by_role("link", name="查看所涉日期的对账")).to_be_visible()
        assert watched.overflow() == []
        with live.app.app_context():
            while not (found := db.session.scalars(sa.select(Difference.id).order_by(Difference.id)).all()):
                page.wait_for_timeout(200)
                db.session.rollback()
        assert len(found) == 2
        page = watched.go("/differences/?state=open")
        with watched.clicks(3, "clear a difference with its reason"):
            page.locator("a.open").first.click()
            page.get_by_text("处理完成", exact=True).first.click()
            sheet = page.locator(f"form[action$='/differences/{found[-1]}/resolve']")
            sheet.locator("select[name=reason_code]").select_option("channel_confirmed")
            sheet.get_by_role("button").click()
            expect(page.get_by_text("已处理。")).to_be_visible()
        assert watched.overflow() == []
        page = watched.go("/reconciliation/on/2026-10-02")
        expect(page.locator("table").first).to_contain_text("¥360.00")
        assert watched.overflow() == []

    def test_fits_a_phone(self, visit, network):
        watched = visit("finance", window="phone")
        for path in ("/reconciliation/", "/differences/", "/channel-bills/", "/channel-bills/new", "/channel-lines/"):
            watched.go(path)
            assert watched.overflow() == [], path


class TestTransfers:
    def test_count_down_and_are_asked_about(self, visit, waiting):
        watched = visit("finance")
        page = watched.go("/transfers/?state=WAIT_USER_CONFIRM")
        expect(page.locator("table").first).to_contain_text("小时")
        with watched.clicks(3, "ask what became of a transfer"):
            page.get_by_role("link", name=waiting).click()
            page.get_by_text("先查询", exact=True).first.click()
            sheet = page.locator("form[action$='/ask']")
            sheet.locator("select[name=reason_code]").select_option("no_answer")
            sheet.get_by_role("button").click()
            expect(page.locator(".note, .flash, [role=status]").first).to_be_visible()
        assert watched.overflow() == []


class TestStrays:
    def test_are_assigned_to_whoever_sold_them(self, visit, live, waiting):
        with live.app.app_context(), transaction():
            content = told("3731000000000009001", NOW - timedelta(hours=2), finder="sph-unknown")
            shop_order.fold(sold=rules.read(content), content=content, at=NOW)
        watched = visit("operator")
        page = watched.go("/stray-orders/?state=open")
        with watched.clicks(3, "assign a stray order"):
            page.locator("a.open").first.click()
            page.get_by_text("指定归属", exact=True).first.click()
            sheet = page.locator("form[action$='/assign']")
            sheet.locator("input[name=seller]").fill("flow-a")
            sheet.locator("select[name=reason_code]").select_option("merchant_told")
            sheet.get_by_role("button").click()
            expect(page.get_by_text("已指定归属")).to_be_visible()
        assert watched.overflow() == []
        with live.app.app_context():
            assert db.session.scalars(sa.select(StrayOrder.seller_id)).one() is not None


class TestCallbacks:
    def test_fit_both_windows(self, visit, network):
        for window in ("desktop", "phone"):
            watched = visit("operator", window=window)
            watched.go("/callbacks/")
            assert watched.overflow() == []
