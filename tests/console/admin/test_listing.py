"""橱窗商品, 全网下架, 同步日志 and 每周换新 through the console."""

from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from jobs.gateways.showcase_simulator import WindowsSimulator
from models import CurationProposal, Delisting, Listing, Member, Product, SyncLog, db
from tests import factories
from tests.operations import world

AT = datetime(2026, 11, 23, tzinfo=UTC)


@pytest.fixture
def product(session) -> Product:
    return factories.product(merchant_id=world.network().merchant_id, title="舒缓面膜")


@pytest.fixture(autouse=True)
def windows(app, monkeypatch) -> None:
    monkeypatch.setitem(app.extensions, "windows", WindowsSimulator(seed=3, silent_in=0))


def proposal(product: Product, **columns) -> CurationProposal:
    figures = {
        "margin_fen": 100, "orders_30": 1, "sales_30_fen": 9_900, "refund_bps": 0, "repurchase_bps": 0, "windows": 10,
        "window_days_30": 300, "own_orders_30": 1, "conversion_bps": 33,
    }  # fmt: skip
    defaults = {"week": date(2026, 11, 23), "kind": "drop", "evidence": figures, "state": "proposed", "made_at": AT}
    row = CurationProposal(product_id=product.id, reason="", **defaults | columns)
    db.session.add(row)
    db.session.flush()
    return row


class TestListInWindows:
    def test_lists_from_the_products_page(self, staff, product, work):
        browser = staff("operator")
        browser.post(f"/products/{product.id}/list-in-windows", data={"which": "presets"})
        work()
        page = browser.get(f"/listings/?product={product.id}").text
        assert page.count("舒缓面膜") >= 10
        assert "在橱窗" in page

    def test_is_not_for_finance(self, staff, product):
        assert staff("finance").post(f"/products/{product.id}/list-in-windows").status_code == 403


class TestDelist:
    def listed(self, product) -> None:
        for member in db.session.scalars(sa.select(Member)):
            factories.listing(product_id=product.id, member_id=member.id)

    def test_takes_down_everywhere_with_one_reason(self, staff, product, work, trail):
        self.listed(product)
        browser = staff("compliance")
        answer = browser.post(f"/products/{product.id}/delist", data={"reason_code": "violation"})
        made = db.session.scalars(sa.select(Delisting)).one()
        assert answer.location == f"/delistings/{made.id}"
        assert "10" in browser.get(answer.location).text
        work()
        page = browser.get(answer.location).text
        assert "100%" in page
        for words in ("已移除", "随店铺同步", "非我方上架", "未授权"):
            assert words in page
        db.session.expire_all()
        assert (made.reason, product.state) == ("violation", "retired")
        assert [one.reason for one in trail("delisting", kind="insert")] == ["violation"]

    def test_is_refused_without_a_reason(self, staff, product):
        staff("operator").post(f"/products/{product.id}/delist")
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Delisting)) == 0

    def test_offers_another_round_where_something_is_left(self, staff, product):
        made = factories.delisting(product_id=product.id)
        assert f"/delistings/{made.id}/again" not in staff("operator").get(f"/delistings/{made.id}").text
        answer = staff("operator").post(f"/delistings/{made.id}/again", follow_redirects=True)
        assert "不需要重试" in answer.text

    def test_is_not_for_support(self, staff, product):
        assert staff("support").post(f"/products/{product.id}/delist").status_code == 403


class TestSyncLog:
    def test_says_what_changed_in_words(self, staff, product):
        member = db.session.scalars(sa.select(Member).order_by(Member.id)).first()
        facts = {"at": AT, "member_id": member.id, "product_id": product.id, "note": ""}
        db.session.add(SyncLog(kind="price", before="9900", after="8900", **facts))
        db.session.add(SyncLog(kind="state", before="on", after="banned", **facts))
        db.session.flush()
        page = staff("auditor").get("/sync-log/").text
        for words in ("¥99.00", "¥89.00", "被禁售", "价格变化"):
            assert words in page

    def test_cannot_be_changed(self, product):
        member = db.session.scalars(sa.select(Member)).first()
        row = SyncLog(at=AT, member_id=member.id, product_id=product.id, kind="listed", before="", after="", note="")
        db.session.add(row)
        db.session.flush()
        row.note = "other"
        with pytest.raises(sa.exc.DBAPIError):
            db.session.flush()


class TestWeeklyRefresh:
    def test_shows_the_grounds(self, staff, product):
        proposal(product)
        page = staff("finance").get("/weekly-refresh/").text
        assert "上架 300 窗·天成交 1 单，转化 0.33%，低于 0.50%" in page

    def test_is_approved_and_carried_out(self, staff, product, work):
        row = proposal(product)
        staff("operator").post(f"/weekly-refresh/{row.id}/approve")
        work()
        db.session.expire_all()
        assert (row.state, product.state) == ("applied", "retired")

    def test_is_turned_down_with_a_reason(self, staff, product):
        row = proposal(product)
        browser = staff("operator")
        browser.post(f"/weekly-refresh/{row.id}/refuse")
        db.session.expire_all()
        assert row.state == "proposed"
        browser.post(f"/weekly-refresh/{row.id}/refuse", data={"reason_code": "season_ahead"})
        db.session.expire_all()
        assert (row.state, row.reason, row.decided_by) == (
            "refused", "season_ahead", f"staff:{browser.person.id}",
        )  # fmt: skip

    def test_is_decided_by_those_who_may(self, staff, product):
        assert staff("finance").post(f"/weekly-refresh/{proposal(product).id}/approve").status_code == 403


class TestListings:
    def test_show_a_merchant_its_own_alone(self, staff, product):
        member = db.session.scalars(sa.select(Member)).first()
        factories.listing(product_id=product.id, member_id=member.id)
        assert "舒缓面膜" in staff("merchant", merchant_id=product.merchant_id).get("/listings/").text
        assert "舒缓面膜" not in staff("merchant").get("/listings/").text
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Listing)) == 1


class TestBulk:
    @pytest.mark.parametrize("key", ["approve", "refuse"])
    def test_decision_on_proposals_is_previewed(self, staff, product, key):
        row = proposal(product)
        page = staff("operator").post("/batches/preview", data={"page": "weekly_refresh", "key": key, "ids": [row.id]})
        assert page.status_code == 200
        assert "舒缓面膜" in page.text

    def test_delisting_is_previewed(self, staff, product):
        page = staff("operator").post(
            "/batches/preview", data={"page": "products", "key": "delist", "ids": [product.id]}
        )
        assert page.status_code == 200
        assert "舒缓面膜" in page.text
