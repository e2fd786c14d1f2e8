"""The simulated WeChat over real sockets and by real clients: the same contract that WeChat itself would meet."""

import dataclasses
import time

import httpx
import pytest

from jobs.gateways import showcase, signature
from jobs.gateways.agency_window import WeChatWindows
from jobs.gateways.goods import GoodsIndex
from jobs.gateways.http import Refused
from jobs.gateways.invented import openid
from jobs.gateways.league import Offer
from jobs.gateways.mini_shipping import NOT_YET, Waybill
from jobs.gateways.shop_after_sale import Accept
from jobs.gateways.shop_delivery import Packed, Shipment
from jobs.gateways.shop_order import Span
from jobs.gateways.shop_product import SpuStatus
from jobs.gateways.showcase import Known
from jobs.gateways.simulator import agency, notice
from jobs.gateways.simulator.inside import Inside
from jobs.gateways.transfer import Uncertain
from jobs.gateways.wechat import WeChat
from jobs.gateways.wechat_mini import NOT_ASKED, BadScene, Message
from tests import simulated
from tests.gateways.simulation import AT, DAY, DRAFT, NOW, TRADE, channel, create, from_control


class TestTokens:
    def test_are_asked_for_once_and_renewed_early(self, program):
        clock = program.world.clock
        wechat = WeChat(simulated.credentials(), transport=Inside(program), sleep=lambda _: None, now=clock.now)
        first = wechat.api.tokens.get("shop")
        assert wechat.api.tokens.get("shop") == first
        clock.advance(7_200 - 281)
        assert wechat.api.tokens.get("shop") == first
        clock.advance(1)
        assert wechat.api.tokens.get("shop") != first
        wechat.deliveries.companies()

    def test_that_are_refused_are_fetched_anew_once(self, program, wechat):
        wechat.deliveries.companies()
        program.world.tokens.clear()
        assert wechat.deliveries.companies()[0].delivery_id == "SF"
        program.world.faults.script("shop.couriers", "refuse", code="40001", times=2)
        with pytest.raises(Refused, match="40001"):
            wechat.deliveries.companies()

    def test_of_another_account_open_nothing(self, wechat):
        token = wechat.api.tokens.get("mini")
        wechat.api.tokens._kept["shop"] = wechat.api.tokens._kept["mini"]
        with pytest.raises(Refused, match="48001") as error:
            wechat.deliveries.companies()
        assert error.value.request_id
        assert token


class TestShop:
    def test_sells_sends_and_settles(self, program, wechat):
        bought = from_control(program, "order", finder_id="sph1", price_fen=7_400, sku_code="P-1")["order_id"]
        assert list(wechat.orders.changed(Span(begins=int(AT), ends=int(AT)))) == [bought]
        first, second = wechat.orders.get(bought), wechat.orders.get(bought)
        assert (first.status, first.order_detail.price_info.order_price) == (20, 7_400)
        progress = [one.order_detail.ext_info.commission_handling_progress for one in (first, second)]
        assert progress == [0, 1]
        assert first.order_detail.delivery_info.address_info.user_name.endswith("**")
        packed = Packed(product_id="10000700000011", sku_id="4100000000021", number=1)
        wechat.deliveries.send(bought, [Shipment(company="YTO", number="YT1", packed=(packed,))])
        assert wechat.orders.get(bought).status == 30
        with pytest.raises(Refused, match="40097"):
            wechat.deliveries.send(bought, [Shipment(company="YTO", number="YT1", packed=(packed,))])
        from_control(program, "receive", order_id=bought)
        done = wechat.orders.get(bought)
        assert (done.status, done.order_detail.commission_infos[0].status) == (100, 2)

    def test_pages_through_many_and_splits_long_spans(self, program, wechat):
        for _ in range(205):
            from_control(program, "order")
        found = list(wechat.orders.changed(Span(begins=int(AT) - 20 * DAY, ends=int(AT))))
        assert (len(found), len(set(found))) == (205, 205)

    def test_shows_a_clear_address_thirty_times_a_day(self, program, wechat):
        bought = from_control(program, "order")["order_id"]
        assert wechat.orders.decode(bought).address_info.user_name.endswith("测试")
        for _ in range(29):
            wechat.orders.decode(bought)
        with pytest.raises(Refused, match="45009"):
            wechat.orders.decode(bought)
        program.world.clock.advance(DAY)
        wechat.orders.decode(bought)

    def test_refunds_unsent_goods_at_once_and_returns_in_two_steps(self, program, wechat):
        bought = from_control(program, "order")["order_id"]
        case = from_control(program, "case", order_id=bought)["after_sale_order_id"]
        assert wechat.after_sales.get(case).status == "MERCHANT_REFUND_SUCCESS"
        assert wechat.orders.get(bought).status == 200
        other = from_control(program, "order")["order_id"]
        case = from_control(program, "case", order_id=other, type="RETURN")["after_sale_order_id"]
        wechat.after_sales.accept(case, step=Accept.RETURN, address_id="1001")
        from_control(program, "send-back", case=case)
        wechat.after_sales.accept(case, step=Accept.REFUND)
        assert wechat.after_sales.get(case).is_ended
        assert set(wechat.after_sales.changed(begins=int(AT) - 3 * DAY, ends=int(AT))) == set(program.world.cases)

    def test_refunds_by_itself_where_nobody_answers(self, program, wechat):
        bought = from_control(program, "order")["order_id"]
        case = from_control(program, "case", order_id=bought, type="RETURN")["after_sale_order_id"]
        program.world.clock.advance(172_800)
        found = wechat.after_sales.get(case)
        assert (found.status, found.refund_info.refund_reason) == ("MERCHANT_RETURN_SUCCESS", 9)

    def test_takes_a_product_through_draft_audit_and_sale(self, program, wechat):
        made = wechat.products.add(DRAFT)
        wechat.products.submit(made.product_id)
        found = wechat.products.get(made.product_id)
        assert (found.status, found.skus[0].sale_price) == (5, 7_900)
        sku = found.skus[0].sku_id
        wechat.products.set_stock(product_id=made.product_id, sku_id=sku, number=7)
        assert wechat.products.stock(product_id=made.product_id, sku_id=sku).total_stock_num == 7
        wechat.products.take_down(made.product_id)
        assert list(wechat.products.all(status=SpuStatus.OFF_SALE)) == [made.product_id]

    def test_pushes_what_happens_sealed_for_us(self, program, wechat):
        program.world.push_address = "https://console.test/webhooks/shop"
        bought = from_control(program, "order")["order_id"]
        receiving, events = wechat.credentials.pushes["shop"], []

        def take(address, body, headers):
            events.append(receiving.open(dict(httpx.URL(address).params), body, now=time.time()))
            return 200, "success"

        notice.pump(program.world, take)
        assert [one["Event"] for one in events] == ["channels_ec_order_new", "channels_ec_order_pay"]
        # Ids come as text and as numbers in turn.
        assert [one["order_info"]["order_id"] for one in events] == [bought, int(bought)]


class TestWindows:
    @pytest.fixture
    def windows(self, program, wechat) -> WeChatWindows:
        goods = GoodsIndex(wechat.products, shop=wechat.voice("shop").appid)
        made = wechat.products.add(DRAFT)
        wechat.products.submit(made.product_id)
        return WeChatWindows(wechat.windows, openid_of=lambda code: openid(code), goods_of=goods)

    def granted(self, program, wechat, name: str, *, is_granted: bool = True) -> str:
        finder = wechat.windows.invite(openid(name)).openfinderid
        from_control(program, "grant", finder=finder, is_granted=is_granted)
        return finder

    def test_are_filled_looked_at_and_emptied(self, program, wechat, windows):
        self.granted(program, wechat, "alice")
        assert windows.add(window="alice", product="P-1") == "agency"
        assert windows.add(window="alice", product="P-1") == "agency"
        (seen,) = windows.look(window="alice", products=[Known(product="P-1", stock=1, price_fen=1)])
        assert (seen.shown, seen.stock, seen.price_fen) == ("on", 100, 7_900)
        assert windows.remove(window="alice", product="P-1") == "removed"
        (seen,) = windows.look(window="alice", products=[Known(product="P-1", stock=1, price_fen=1)])
        assert seen.shown == "gone"

    def test_tell_all_four_outcomes_apart(self, program, wechat, windows):
        self.granted(program, wechat, "shut", is_granted=False)
        number = next(iter(program.world.products))
        sources = {"agency": "removed", "shop": "auto_synced", "promoter": "not_ours"}
        met = {}
        for source in sources:
            finder = self.granted(program, wechat, source)
            program.world.windows[finder] = {number: agency._entry(program.world, number, source)}
            met[source] = windows.remove(window=source, product="P-1")
        assert met == sources
        assert windows.remove(window="shut", product="P-1") == "unauthorised"

    def test_of_people_who_have_not_let_us_stay_shut(self, program, wechat, windows):
        self.granted(program, wechat, "shut", is_granted=False)
        with pytest.raises(showcase.Unauthorised):
            windows.add(window="shut", product="P-1")
        finder = self.granted(program, wechat, "alice")
        windows.add(window="alice", product="P-1")
        from_control(program, "grant", finder=finder, is_granted=False)
        with pytest.raises(showcase.Unauthorised):
            windows.look(window="alice", products=[Known(product="P-1", stock=1, price_fen=1)])

    def test_take_no_goods_that_the_shop_does_not_know(self, program, wechat, windows):
        self.granted(program, wechat, "alice")
        with pytest.raises(showcase.Refused, match="还没有关联"):
            windows.add(window="alice", product="P-9")

    def test_are_silent_where_nobody_answers(self, program, wechat, windows):
        self.granted(program, wechat, "alice")
        program.world.faults.script("window.add", "timeout", times=3)
        with pytest.raises(showcase.Silent):
            windows.add(window="alice", product="P-1")
        assert windows.add(window="alice", product="P-1") == "agency"

    def test_name_who_sold_through_a_link(self, program, wechat):
        bought = from_control(program, "order", sharer_openid="oSharer1", commission_fen=1_998)["order_id"]
        (row,) = wechat.agency.orders(begins=int(AT), ends=int(AT))
        found = wechat.agency.order(order_id=bought, sku_id=row.sku_id)
        sold = found.order_detail.commission_info.sharer_info
        assert (row.order_id, sold.sharer_appid, sold.amount) == (bought, "oSharer1", 1_998)

    def test_offer_products_each_with_its_own_end(self, program, wechat, windows):
        number = next(iter(program.world.products))
        ends = wechat.shop_league.offer([Offer(number, 20), Offer("1", 20)])
        assert [one.errcode for one in ends] == [0, 10023103]


class TestMini:
    def test_tells_a_phone_number_once(self, wechat):
        assert wechat.mini.phone_number("phone.10012345678").bare == "10012345678"
        with pytest.raises(Refused, match="40029"):
            wechat.mini.phone_number("phone.10012345678")

    def test_sends_what_was_agreed_to(self, program, wechat):
        sent = wechat.mini.send_message(Message(openid="oA", template="T", values={"thing1": "订单已发货"}))
        assert sent.msgid == "2000000000000000001"
        with pytest.raises(Refused, match=NOT_ASKED):
            wechat.mini.send_message(Message(openid=openid("deaf"), template="T", values={}))
        with pytest.raises(Refused, match="thing1"):
            wechat.mini.send_message(Message(openid="oA", template="T", values={"thing1": "长" * 21}))
        assert program.world.messages[0]["data"] == {"thing1": {"value": "订单已发货"}}

    def test_draws_a_code(self, program, wechat):
        assert wechat.mini.code_image(scene="s1", page="pages/index").startswith(b"\x89PNG")
        program.world.faults.script("mini.code", "refuse", code="41030")
        with pytest.raises(Refused, match="41030"):
            wechat.mini.code_image(scene="s1", page="pages/none")

    @pytest.mark.parametrize(
        ("scene", "page"), [("", "p"), ("x" * 33, "p"), ("中文", "p"), ("s", "/p"), ("s", "p?a=1")]
    )
    def test_draws_none_that_wechat_would_refuse(self, wechat, scene, page):
        with pytest.raises(BadScene):
            wechat.mini.code_image(scene=scene, page=page)

    def test_tells_of_parcels_of_paid_orders(self, program, wechat):
        wechat.trades.create(TRADE)
        from_control(program, "pay", number="QX10001")
        paid = wechat.trades.find("QX10001").transaction_id
        assert wechat.shippings.find(paid).order_state == 1
        waybill = Waybill(number="YT1", company="YTO", goods="洗衣液")
        told = {"transaction": paid, "openid": "oB", "waybills": [waybill], "at": NOW}
        wechat.shippings.upload(**told, is_split=True, is_all=False)
        assert not wechat.shippings.find(paid).is_finished
        wechat.shippings.upload(**told, is_split=True, is_all=True)
        assert wechat.shippings.find(paid).is_finished
        with pytest.raises(Refused, match=NOT_YET):
            wechat.shippings.find("4200")


class TestProcess:
    def test_speaks_over_a_socket_and_cuts_the_line_when_told_to(self, served):
        wechat = WeChat(simulated.credentials(host=served.address), sleep=lambda _: None)
        create(wechat, "SOCKET1")
        served.program.world.faults.script("transfer.create", "timeout")
        with pytest.raises(Uncertain):
            channel(wechat).send(number="SOCKET2", payee="a", amount_fen=100)
        assert channel(wechat).query(number="SOCKET2").amount_fen == 100

    def test_is_pulled_by_strings(self, served):
        def pull(name: str, **body):
            return httpx.post(f"{served.address}/_control/{name}", json=body, trust_env=False)

        assert pull("advance", seconds=60).status_code == 200
        assert pull("fault", verb="shop.couriers", kind="error").json() == {"shop.couriers": 1}
        served.program.world.faults.take("shop.couriers")
        assert pull("nonsense").status_code == 404
        assert pull("advance").json()["code"] == "BAD_REQUEST"
        assert pull("fault", verb="x", kind="nonsense").status_code == 400
        assert "bills" in pull("state").json()

    @pytest.mark.parametrize(
        ("change", "status"),
        [
            ({"Authorization": ""}, 401),
            ({"Authorization": "Bearer x"}, 401),
            ({"User-Agent": ""}, 400),
        ],
    )
    def test_checks_who_asks(self, served, change, status):
        path = "/v3/certificates"
        signs = signature.authorization(simulated.credentials().merchant, "GET", path, b"")
        headers = {"Authorization": signs, "User-Agent": "x"} | change
        answer = httpx.get(served.address + path, headers=headers, trust_env=False)
        assert answer.status_code == status

    def test_refuses_signatures_that_are_old_or_of_somebody_else(self, served):
        path, ours = "/v3/certificates", simulated.credentials().merchant
        for signs in (
            signature.authorization(ours, "GET", path, b"", at=int(time.time()) - 301),
            signature.authorization(ours, "GET", path, b"x"),
            signature.authorization(dataclasses.replace(ours, serial="00"), "GET", path, b""),
        ):
            answer = httpx.get(served.address + path, headers={"Authorization": signs}, trust_env=False)
            assert (answer.status_code, answer.json()["code"]) == (401, "SIGN_ERROR")
            assert "Wechatpay-Signature" not in answer.headers

    def test_says_nothing_on_unknown_paths(self, served):
        assert httpx.get(f"{served.address}/v3/nothing", trust_env=False).content == b""
        assert httpx.get(f"{served.address}/cgi-bin/stable_token", trust_env=False).status_code == 405
