"""订单, 物流, 预售 and 售后台 through the console."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from console import formatting
from models import AfterSale, BalanceReminder, Member, Order, Parcel, Posting, Refund, db
from models.operations import after_sale, order
from models.rules.after_sale import Kind
from tests import factories
from tests.console.admin.orders import opened, paid, presale
from tests.operations import world
from tests.operations.test_dispatch import lines
from tests.operations.test_policy import approved, drafted

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture(scope="module", autouse=True)
def network(stage):
    """A network whose last showcase sells."""
    world.network()


def again(row):
    db.session.expire_all()
    return db.session.get_one(type(row), row.id)


class TestList:
    def test_shows_number_state_and_amount_in_chinese(self, staff):
        paid("20260101001")
        page = staff("operator").get("/orders/").text
        for words in ("20260101001", "待发货", "普通单", "¥99.00"):
            assert words in page

    def test_finds_by_the_beginning_of_the_number(self, staff):
        paid("A-1")
        paid("B-1")
        page = staff("auditor").get("/orders/?q=A-").text
        assert "A-1" in page
        assert "B-1" not in page

    def test_masks_the_receiver(self, staff):
        paid("A-1", address={"name": "王小丽", "phone": "13812345678"})
        page = staff("operator").get("/orders/?cols=number,receiver,phone").text
        assert "138****5678" in page
        assert "王小丽" not in page

    def test_keeps_a_merchant_among_its_own(self, staff):
        mine = paid("A-1")
        other = staff("merchant", merchant_id=factories.merchant(code="Z").id)
        assert "A-1" not in other.get("/orders/").text
        assert other.get(f"/orders/{mine.id}").status_code == 404


class TestPage:
    def test_tells_the_story_and_who_gets_what(self, staff):
        world.member("amy")
        done = world.completed("A-1", "amy")
        page = staff("finance").get(f"/orders/{done.id}").text
        for words in ("已确认收货", "已结算", "层级分润", "待结算", "amy"):
            assert words in page

    def test_leads_from_a_share_to_its_owner_and_to_its_reason(self, staff):
        world.member("amy")
        done = world.completed("A-1", "amy")
        page = staff("finance").get(f"/orders/{done.id}").text
        posting = db.session.scalars(sa.select(Posting.id).where(Posting.key == "settle:A-1")).one()
        for address in ("/members/by-code/amy", f"/postings/{posting}", "/statements/?account=supplier:S"):
            assert f'href="{address}"' in page

    def test_offers_its_evidence_to_whoever_makes_packs(self, staff):
        done, officer = paid("A-1"), staff("compliance")
        assert "/handouts/make" in officer.get(f"/orders/{done.id}").text
        assert "/handouts/make" not in staff("operator").get(f"/orders/{done.id}").text
        asked = {"kind": "order", "subject": "A-1", "reason_code": "court"}
        page = officer.post("/handouts/make", data=asked, follow_redirects=True).text
        assert '<a href="/orders/number/A-1">订单 <code>A-1</code></a>' in page

    def test_is_where_its_number_leads(self, staff):
        one, finance = paid("A-1"), staff("finance")
        assert finance.get("/orders/number/A-1").location == f"/orders/{one.id}"
        assert finance.get("/orders/number/none").status_code == 404
        assert (
            staff("merchant", merchant_id=factories.merchant(code="Z").id).get("/orders/number/A-1").status_code == 404
        )

    def test_warns_before_an_admission_order_of_a_promoter_is_paid_back(self, staff):
        world.member("amy")
        approved(drafted())
        one = paid("A-1", buyer="amy")
        db.session.execute(sa.update(Order).values(kind="admission"))
        assert "规则 3.5" in staff("finance").get(f"/orders/{one.id}").text


class TestParcel:
    def test_is_sent_with_its_waybill_and_tracked(self, staff):
        one, operator = paid("A-1"), staff("operator")
        operator.post(f"/orders/{one.id}/send", data={"carrier": "中通快递", "waybill": "ZT10086"})
        parcel = db.session.scalars(sa.select(Parcel)).one()
        assert again(one).state == "shipped"
        operator.post(f"/parcels/{parcel.id}/track", data={"state": "delivered", "words": "已签收"})
        assert (again(parcel).state, parcel.delivered_at is not None) == ("delivered", True)
        assert "ZT10086" in operator.get(f"/orders/{one.id}").text

    def test_carries_what_was_chosen_and_the_rest_stays_at_the_desk(self, staff):
        one, operator = paid("A-1", lines=lines(3, 1)), staff("operator")
        assert "商品1×3、商品2×1" in operator.get("/dispatch/?begun=nothing").text
        form = {"carrier": "中通快递", "waybill": "ZT10086", "pieces-1": "2", "pieces-2": "0"}
        operator.post(f"/orders/{one.id}/send", data=form)
        page = operator.get(f"/orders/{one.id}").text
        for words in ("部分发货", "2 / 4 · 50% · 已发件数", "商品1×2", "待发 1 件，共 3 件", "其余不再发货"):
            assert words in page
        assert "商品1×1、商品2×1" in operator.get("/dispatch/?begun=partly").text
        for wrong, words in (("2", "还有 1 件待发"), ("x", "请填写整数")):
            data = form | {"waybill": "ZT10087", "pieces-1": wrong}
            assert words in operator.post(f"/orders/{one.id}/send", data=data, follow_redirects=True).text
        operator.post(f"/orders/{one.id}/send", data=form | {"waybill": "ZT10087", "pieces-1": "1", "pieces-2": "1"})
        assert again(one).state == "shipped"
        assert "A-1" not in operator.get("/dispatch/").text
        parcel = db.session.scalars(sa.select(Parcel).where(Parcel.waybill == "ZT10087")).one()
        assert "商品1×1、商品2×1" in operator.get(f"/parcels/{parcel.id}").text

    def test_with_a_wrong_waybill_is_corrected_on_its_page(self, staff):
        one, operator = paid("A-1"), staff("operator")
        operator.post(f"/orders/{one.id}/send", data={"carrier": "中通", "waybill": "ZT1000"})
        page = f"/parcels/{db.session.scalars(sa.select(Parcel.id)).one()}"
        operator.post(f"{page}/correct", data={"carrier": "顺丰", "waybill": "SF1000"})
        for words in ("SF1000", "此前登记为", "ZT1000"):
            assert words in operator.get(page).text

    def test_is_the_last_where_the_rest_is_left_out_with_a_reason(self, staff, trail):
        one, operator = paid("A-1", lines=lines(2)), staff("operator")
        operator.post(f"/orders/{one.id}/send", data={"carrier": "中通", "waybill": "ZT1000", "pieces-1": "1"})
        assert "请选择原因" in operator.post(f"/orders/{one.id}/leave-rest", follow_redirects=True).text
        operator.post(f"/orders/{one.id}/leave-rest", data={"reason_code": "paid_back"})
        assert (again(one).state, trail("shop_order", kind="update")[-1].reason) == ("shipped", "paid_back")

    @pytest.mark.parametrize("waybill", ["", "1", "运单", "x" * 41, "<b>1234"])
    def test_is_refused_without_a_waybill_that_can_be_one(self, staff, waybill):
        one = paid("A-1")
        page = (
            staff("operator")
            .post(f"/orders/{one.id}/send", data={"carrier": "中通", "waybill": waybill}, follow_redirects=True)
            .text
        )
        assert "运单号应为 4 到 40 位" in page
        assert again(one).state == "paid"

    def test_that_is_silent_is_found(self, staff):
        one, operator = paid("A-1"), staff("operator")
        operator.post(f"/orders/{one.id}/send", data={"carrier": "中通", "waybill": "ZT1000"})
        db.session.execute(sa.update(Parcel).values(moved_at=formatting.now() - timedelta(hours=73)))
        assert "ZT1000" in operator.get("/parcels/?silent=stalled").text
        assert "ZT1000" not in operator.get("/parcels/?silent=fine").text


class TestPresale:
    def test_is_reminded_once_a_day(self, staff):
        one, operator = presale("P-1"), staff("operator")
        operator.post(f"/orders/{one.id}/remind")
        assert again(one).state == "balance_due"
        page = operator.post("/presales/remind", data={"id": one.id}, follow_redirects=True).text
        assert "24 小时内已提醒过" in page
        assert db.session.scalar(sa.select(sa.func.count()).select_from(BalanceReminder)) == 1

    def test_lists_only_what_waits_for_money(self, staff):
        presale("P-1")
        paid("A-1")
        page = staff("operator").get("/presales/").text
        assert "P-1" in page
        assert "A-1" not in page


class TestRefund:
    def test_takes_yuan_and_a_reason(self, staff, trail):
        one, finance = paid("A-1"), staff("finance")
        finance.post(f"/orders/{one.id}/refund", data={"amount": "12.50", "reason_code": "quality"})
        assert db.session.scalar(sa.select(Refund.amount_fen)) == 1250
        assert [row.reason for row in trail("shop_order", kind="update")] == ["quality"]

    @pytest.mark.parametrize("amount", ["", "abc", "-1", "0", "1.234", "1e9", "100"])
    def test_of_no_amount_or_too_much_changes_nothing(self, staff, amount):
        one = paid("A-1")
        staff("finance").post(f"/orders/{one.id}/refund", data={"amount": amount, "reason_code": "quality"})
        assert again(one).refunded_fen == 0

    def test_without_a_reason_changes_nothing(self, staff):
        one = paid("A-1")
        assert (
            "请选择原因"
            in staff("finance").post(f"/orders/{one.id}/refund", data={"amount": "1"}, follow_redirects=True).text
        )
        assert again(one).refunded_fen == 0

    def test_is_not_a_reviewers(self, staff):
        one = paid("A-1")
        assert staff("reviewer").post(f"/orders/{one.id}/refund", data={"amount": "1"}).status_code == 403


class TestCancel:
    def test_ends_what_was_never_paid_in_full(self, staff):
        one = presale("P-1")
        staff("support").post(f"/orders/{one.id}/cancel", data={"reason_code": "buyer_asked"})
        assert again(one).state == "cancelled"


class TestCase:
    def test_is_opened_for_a_buyer(self, staff):
        one = paid("A-1")
        staff("support").post(f"/orders/{one.id}/after-sale", data={"kind": "quality", "words": "有划痕"})
        case = db.session.scalars(sa.select(AfterSale)).one()
        assert (case.kind, case.reason, case.state) == ("quality", "有划痕", "opened")

    def test_shows_the_first_verdict_with_its_reason(self, staff):
        case = opened("A-1", Kind.NO_REASON)
        page = staff("support").get(f"/after-sales/{case.id}").text
        assert "同意退货" in page
        assert "依法应当同意" in page

    def test_goes_from_acceptance_to_the_money(self, staff):
        case, support = opened("A-1", Kind.NO_REASON), staff("support")
        support.post(f"/after-sales/{case.id}/accept")
        support.post(f"/after-sales/{case.id}/goods-back")
        assert "还剩 7 天" in support.get(f"/after-sales/{case.id}").text
        support.post(f"/after-sales/{case.id}/pay-back", data={"amount": "99", "reason_code": "goods_back"})
        assert again(case).state == "closed"
        assert db.session.get_one(Order, case.order_id).refunded_fen == 9_900

    def test_of_a_return_in_the_window_is_never_refused(self, staff):
        case, support = opened("A-1", Kind.NO_REASON), staff("support")
        refusal = {"reason_code": "used", "answer": "拆封"}
        assert "不能拒绝" in support.post(f"/after-sales/{case.id}/refuse", data=refusal, follow_redirects=True).text
        assert f"/after-sales/{case.id}/refuse" not in support.get(f"/after-sales/{case.id}").text
        assert again(case).state == "opened"

    def test_is_refused_with_words_for_the_buyer(self, staff):
        case = opened("A-1", Kind.QUALITY)
        refusal = {"reason_code": "no_evidence", "answer": "请补充照片"}
        staff("support").post(f"/after-sales/{case.id}/refuse", data=refusal)
        assert (again(case).state, case.answer) == ("refused", "请补充照片")

    def test_is_not_finances_to_decide(self, staff):
        case = opened("A-1", Kind.QUALITY)
        assert staff("finance").post(f"/after-sales/{case.id}/accept").status_code == 403

    def test_whose_money_is_late_stands_out(self, staff):
        case = opened("A-1", Kind.QUALITY)
        long_ago = formatting.now() - timedelta(days=9)
        after_sale.accept(after_sale_id=case.id, at=long_ago)
        after_sale.take_back(after_sale_id=case.id, at=long_ago)
        page = staff("support").get("/after-sales/?clock=late").text
        assert "已超期 2 天" in page


class TestMembers:
    def test_of_a_network_are_the_merchants_sellers(self, staff):
        seller = db.session.scalars(sa.select(Member).where(Member.code == "M-10")).one()
        one = order.place(purchase=world.purchase("A-9", seller.code), at=world.AT)
        merchant_id = db.session.scalar(sa.text("SELECT merchant_id FROM matrix WHERE code = 'M'"))
        assert "A-9" in staff("merchant", merchant_id=merchant_id).get(f"/orders/{one.id}").text


class TestWhy:
    def test_tells_each_row_and_who_got_nothing_to_those_who_may_see_money(self, staff):
        world.completed("why-1", region="330106", at=formatting.now())
        made = db.session.scalars(sa.select(Order).where(Order.number == "why-1")).one()
        page = staff("operator").get(f"/orders/{made.id}/why").text
        assert "完成时该地区没有在任代理" in page
        assert "规则" in page
        assert f"/orders/{made.id}/why" in staff("support").get(f"/orders/{made.id}").text
        assert f"/orders/{made.id}/why" not in staff("reviewer").get(f"/orders/{made.id}").text
        assert staff("reviewer").get(f"/orders/{made.id}/why").status_code == 403
        assert staff("merchant").get(f"/orders/{made.id}/why").status_code == 403
