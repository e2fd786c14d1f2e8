"""What WeChat was told, where staff see it: on its own list, on the order and on the after-sale."""

import pytest

from models import AfterSale, Errand, Order, ShopCase, db, transaction
from models.operations import errand, order, parcel, source
from models.operations.shop_case import Told, fold
from tests.operations import world
from tests.operations.world import AT

REFUSAL = "小店订单已全部发货或已结束"


@pytest.fixture
def sold(session) -> Order:
    """An order of the shop with a parcel that it refused, and an after-sale that waits there."""
    world.network()
    world.member("a")
    with transaction():
        made = order.place(purchase=world.purchase("3731", "a"), at=AT)
        told = source.Told(channel="shop", number="3731", transaction="42", openid="oB", status="20", at=AT)
        source.note(order_id=made.id, told=told)
        parcel.send(number="3731", carrier="顺丰", waybill="SF1000001", at=AT)
        errand.refuse(errand_id=db.session.query(Errand).one().id, code="40097", error=REFUSAL, at=AT)
        case = Told(
            number="2000000000000001", order_number="3731", status="MERCHANT_PROCESSING", amount_fen=3_000, at=AT,
            kind="RETURN", reason="QUALITY_ISSUE", words="瓶盖破损",
        )  # fmt: skip
        fold(told=case, at=AT, day=lambda moment: moment.date())
    return made


class TestErrands:
    def test_are_shown_with_what_wechat_said_and_told_again(self, session, staff, sold):
        operator, found = staff("operator"), db.session.query(Errand).one()
        for page in ("/wechat-errands/", f"/wechat-errands/{found.id}", f"/orders/{sold.id}"):
            assert REFUSAL in operator.get(page).text
        assert "请按原因在本站或小店后台修正" in operator.get(f"/wechat-errands/{found.id}").text
        assert 'href="/parcels/' in operator.get(f"/wechat-errands/{found.id}").text
        operator.post(f"/wechat-errands/{found.id}/again", data={})
        session.refresh(found)
        assert (found.state, found.error) == ("due", "")
        assert staff("auditor").post(f"/wechat-errands/{found.id}/again", data={}).status_code == 403

    def test_of_an_after_sale_begin_with_the_decision(self, session, staff, sold):
        operator, case = staff("operator"), db.session.query(AfterSale).one()
        page = operator.get(f"/after-sales/{case.id}").text
        assert "待商家处理" in page
        assert "退货退款" in page
        assert "瓶盖破损" in page
        operator.post(f"/after-sales/{case.id}/accept", data={})
        assert "同意退货" in operator.get(f"/after-sales/{case.id}").text
        assert f'href="/after-sales/{case.id}"' in operator.get("/shop-cases/").text
        assert db.session.query(ShopCase).one().after_sale_id == case.id

    def test_leave_no_refund_of_the_shop_to_the_order_page(self, staff, sold):
        operator = staff("operator")
        assert f"/orders/{sold.id}/refund" not in operator.get(f"/orders/{sold.id}").text
        operator.post(f"/orders/{sold.id}/refund", data={"amount": "1.00", "reason_code": "defect"})
        assert db.session.get_one(Order, sold.id, populate_existing=True).refunded_fen == 0
