"""The shop and the daily files as the jobs read them, and verbs of WeChat's rarer sides, over the simulated wire."""

from dataclasses import replace
from datetime import date

import pytest

from jobs.gateways.http import Refused
from jobs.gateways.pay_order import TradeOrder
from jobs.gateways.pay_statement import WeChatStatements
from jobs.gateways.shop import Silent, Unknown
from jobs.gateways.shop_delivery import Packed, Party, WaybillOrder
from jobs.gateways.shop_reading import WeChatShop
from jobs.gateways.simulator import control
from jobs.gateways.simulator.app import Simulated
from jobs.gateways.statement import NoBusiness, NotYet
from jobs.gateways.statement import Silent as NoFile
from jobs.gateways.wechat import WeChat
from models.rules.statement import Account
from tests import simulated

AT = 1_781_503_200.0  # 2026-06-15 14:00 in Shanghai
BEGAN = int(AT)
TODAY, DAY = date(2026, 6, 15), 86_400
GOODS = {
    "product_id": "10000700000011", "status": 5, "title": "洗衣液", "out_product_id": "P-1",
    "skus": [{"sku_id": "41", "sale_price": 7_900, "market_price": 9_900, "stock_num": 3}],
}  # fmt: skip
PACKED = (Packed(product_id="10000700000011", sku_id="41", number=1),)
PARTY = Party(
    name="王测试", mobile="10012345678", province="浙江省", city="杭州市", county="西湖区", address="测试路1号"
)


@pytest.fixture
def program() -> Simulated:
    """WeChat on a day that stands still, with one product."""
    made = Simulated(simulated.world(at=AT))
    made.world.products[GOODS["product_id"]] = GOODS
    return made


@pytest.fixture
def wechat(program: Simulated) -> WeChat:
    return simulated.clients(program)


@pytest.fixture
def shop(wechat: WeChat) -> WeChatShop:
    return WeChatShop(wechat.orders, wechat.after_sales, wechat.products)


def pulled(program: Simulated, string: str, **body):
    return control.pull(program.world, string, body)


class TestShop:
    def test_tells_what_changed_and_what_was_made(self, program, shop):
        numbers = [pulled(program, "order", finder_id="sph1")["order_id"] for _ in range(103)]
        assert list(shop.changed(begins=BEGAN, ends=BEGAN)) == numbers
        assert list(shop.created(begins=BEGAN - 9 * DAY, ends=BEGAN - DAY)) == []
        assert shop.order(numbers[0])["order_detail"]["product_infos"][0]["out_product_id"] == ""
        case = pulled(program, "case", order_id=numbers[0], fen=900)["after_sale_order_id"]
        assert set(shop.cases(begins=BEGAN - 2 * DAY, ends=BEGAN)) == {case}
        assert shop.case(case)["refund_info"]["amount"] == 900
        assert shop.product("10000700000011")["skus"][0]["stock_num"] == 3

    def test_tells_what_is_not_there_from_silence(self, program, shop):
        number = pulled(program, "order")["order_id"]
        for ask in (shop.order, shop.case):
            with pytest.raises(Unknown):
                ask("3731")
        pulled(program, "fault", verb="shop.order", kind="lost", times=3)
        with pytest.raises(Silent):
            shop.order(number)
        pulled(program, "fault", verb="shop.orders", kind="busy", times=3)
        with pytest.raises(Silent):
            list(shop.changed(begins=BEGAN, ends=BEGAN))
        assert shop.order(number)["order_id"] == number


class TestStatements:
    @pytest.fixture
    def paid(self, program, wechat) -> WeChatStatements:
        """A day with one payment."""
        notify = "https://console.test/webhooks/pay"
        wechat.trades.create(
            TradeOrder(number="QX10001", description="洗衣液", amount_fen=7_400, openid="oB", notify_url=notify)
        )
        pulled(program, "pay", number="QX10001")
        return WeChatStatements(wechat.bills)

    def test_come_once_they_are_made_and_only_of_days_with_business(self, program, paid, tmp_path):
        into = tmp_path / "bill.csv"
        pulled(program, "advance", seconds=12 * 3_600)
        with pytest.raises(NotYet):
            paid.fetch(account=Account.TRADE, day=TODAY, into=into)
        pulled(program, "advance", seconds=12 * 3_600)
        paid.fetch(account=Account.TRADE, day=TODAY, into=into)
        assert "`QX10001" in into.read_text()
        paid.fetch(account=Account.BASIC, day=TODAY, into=into)
        assert "`74.00" in into.read_text()
        with pytest.raises(NoBusiness):
            paid.fetch(account=Account.OPERATION, day=TODAY, into=into)

    def test_that_are_refused_or_silent_are_asked_for_again(self, program, paid, tmp_path):
        pulled(program, "advance", seconds=DAY)
        for kind in ("refuse", "lost"):
            pulled(program, "fault", verb="bill.trade", kind=kind, times=3)
            with pytest.raises((NoFile, NotYet)):
                paid.fetch(account=Account.TRADE, day=TODAY, into=tmp_path / "bill.csv")
            program.world.faults.left()
            program.world.faults = type(program.world.faults)()
        assert not (tmp_path / "bill.csv").exists()


class TestCarrying:
    def test_makes_electronic_waybills_in_two_steps_and_tells_their_nodes(self, program, wechat):
        number = pulled(program, "order", product_id="10000700000011")["order_id"]
        asked = WaybillOrder(
            company="SF", account="A1", shop_id="S1", template="T1", order_id=number, sender=PARTY, receiver=PARTY,
            packed=PACKED,
        )  # fmt: skip
        made = wechat.deliveries.make_waybill(asked)
        assert made.waybill_id.startswith("SF")
        pulled(program, "advance", seconds=7 * 3_600)
        found = wechat.deliveries.path(
            waybill=made.waybill_id, company="SF", ewaybill_order_id=made.ewaybill_order_id
        )  # fmt: skip
        assert [one.desc for one in found.path_info] == ["已揽收", "运输中"]
        nobody = replace(asked, receiver=replace(PARTY, mobile=""))
        assert wechat.deliveries.make_waybill(nobody).delivery_error_msg == "收件人电话有误"
        with pytest.raises(Refused, match="100002"):
            wechat.deliveries.make_waybill(replace(asked, order_id="1"))

    def test_lets_a_maker_send_an_order_once(self, program, wechat):
        number = pulled(program, "order", product_id="10000700000011")["order_id"]
        first = wechat.deliveries.hand_over(order_id=number, supplier_id="M1", packed=PACKED)
        with pytest.raises(Refused, match="已分配代发"):
            wechat.deliveries.hand_over(order_id=number, supplier_id="M2", packed=PACKED)
        wechat.deliveries.take_back(first.ds_order_id)
        assert wechat.deliveries.hand_over(order_id=number, supplier_id="M2", packed=PACKED).ds_order_id


class TestWindows:
    def test_of_an_assistant_are_filled_looked_at_and_emptied(self, program, wechat):
        for n in range(401):
            one = GOODS | {"product_id": str(20_000 + n)}
            program.world.products[one["product_id"]] = one
            wechat.own_window.add(product_id=one["product_id"], shop="wxshop")
        assert len(list(wechat.own_window.all())) == 401
        assert wechat.own_window.get(product_id="20000", shop="wxshop").selling_price == 7_900
        wechat.own_window.off(product_id="20000", shop="wxshop")
        with pytest.raises(Refused, match="橱窗没有该商品"):
            wechat.own_window.get(product_id="20000", shop="wxshop")
        # The talent's token may only look, and sees the same.
        assert len(list(wechat.talent_window.all())) == 400
