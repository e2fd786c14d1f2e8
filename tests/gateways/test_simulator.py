"""The simulated WeChat over real sockets and by real clients: the same contract that WeChat itself would meet."""

import dataclasses
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime

import httpx
import pytest

from jobs.gateways import showcase, signature, transfer
from jobs.gateways.agency_window import WeChatWindows
from jobs.gateways.goods import GoodsIndex
from jobs.gateways.http import Refused, Retryable
from jobs.gateways.invented import openid
from jobs.gateways.league import Offer
from jobs.gateways.mini_shipping import NOT_YET, Waybill
from jobs.gateways.pay_bill import FundAccount, to_fen
from jobs.gateways.pay_order import TradeOrder
from jobs.gateways.pay_refund import RefundOrder
from jobs.gateways.pay_share import Part, Receiver
from jobs.gateways.pay_transfer import Payee, TransferBill, WeChatTransfers
from jobs.gateways.shop_after_sale import Accept
from jobs.gateways.shop_delivery import Packed, Shipment
from jobs.gateways.shop_order import Span
from jobs.gateways.shop_product import Draft, SpuStatus
from jobs.gateways.showcase import Known
from jobs.gateways.simulator import agency, control, notice
from jobs.gateways.simulator.app import Simulated
from jobs.gateways.simulator.inside import Inside
from jobs.gateways.simulator.server import Server
from jobs.gateways.transfer import Uncertain
from jobs.gateways.wechat import WeChat
from jobs.gateways.wechat_mini import NOT_ASKED, BadScene, Message
from jobs.gateways.wechat_pay import certificates
from models.rules.withdrawal import TransferState
from tests import simulated

AT = 1_781_503_200.0  # 2026-06-15 14:00 in Shanghai
DAY = 86_400
NOW = datetime(2026, 6, 15, 6, 0, tzinfo=UTC)
NOTIFY = simulated.NOTIFY
PAYEE = Payee(openid=openid("alice"), name="王小明")
DRAFT = Draft(
    out_product_id="P-1", title="千星测试洗衣液", sku_code="P-1", price_fen=7_900, market_price_fen=9_900, stock=100,
    images=("https://mmecimage.cn/p/A", "https://mmecimage.cn/p/B", "https://mmecimage.cn/p/C"), categories=("6033",),
    more={},
)  # fmt: skip
TRADE = TradeOrder(
    number="QX10001", description="洗衣液", amount_fen=7_400, openid="oB", notify_url=f"{NOTIFY}/webhooks/pay"
)


@pytest.fixture
def program() -> Simulated:
    """WeChat on a day that stands still."""
    return Simulated(simulated.world(at=AT))


@pytest.fixture
def wechat(program: Simulated) -> WeChat:
    """The real clients over it."""
    return simulated.clients(program)


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    """It as a process would serve it: a port of this machine."""
    server = Server(Simulated(simulated.world())).start()
    yield server
    server.stop()


def channel(wechat: WeChat) -> WeChatTransfers:
    return WeChatTransfers(wechat.transfers, lambda code: PAYEE)


def create(wechat: WeChat, number: str = "WD1", fen: int = 18_000) -> TransferBill:
    return wechat.transfers.create(number=number, payee=PAYEE, amount_fen=fen)


def from_control(program: Simulated, string: str, /, **body):
    """What a person or the world does, by the control's strings."""
    return control.pull(program.world, string, body)


class Inbox:
    """Our side of the callbacks: verifies what comes, and answers as told."""

    def __init__(self, wechat: WeChat, *answers: int) -> None:
        self.wechat, self.answers = wechat, list(answers)
        self.took: list[tuple[str, dict]] = []
        self.refused: list[str] = []

    def __call__(self, address: str, body: bytes, headers) -> tuple[int, str]:
        try:
            found = self.wechat.pay.notice(headers, body, now=time.time())
        except signature.Unverified as error:
            self.refused.append(error.why)
            return 401, ""
        status = self.answers.pop(0) if self.answers else 204
        if status < 300:
            self.took.append((found.event_type, found.resource))
        return status, ""


class TestTransfers:
    def test_wait_for_their_payee_settle_and_call_back(self, program, wechat):
        inbox = Inbox(wechat)
        assert create(wechat).state == "WAIT_USER_CONFIRM"
        program.world.clock.advance(60)
        assert wechat.transfers.find("WD1").state == "WAIT_USER_CONFIRM"
        from_control(program, "confirm", number="WD1")
        assert wechat.transfers.find("WD1").state == "TRANSFERING"
        program.world.clock.advance(1)
        assert channel(wechat).query(number="WD1").state is TransferState.SUCCESS
        notice.pump(program.world, inbox)
        ((event, told),) = inbox.took
        assert (event, told["state"], told["out_bill_no"]) == ("MCHTRANSFER.BILL.FINISHED", "SUCCESS", "WD1")
        assert (told["transfer_amount"], told["mchid"]) == (18_000, simulated.identity().names.mchid)

    def test_end_after_a_day_that_nobody_confirms_in(self, program, wechat):
        create(wechat)
        program.world.clock.advance(DAY - 1)
        assert wechat.transfers.find("WD1").state == "WAIT_USER_CONFIRM"
        program.world.clock.advance(1)
        found = channel(wechat).query(number="WD1")
        assert (found.state, found.reason) == (TransferState.FAIL, "OVERDUE_CLOSE")

    def test_are_taken_back_until_they_are_confirmed(self, program, wechat):
        create(wechat)
        assert wechat.transfers.cancel("WD1").state == "CANCELING"
        program.world.clock.advance(2)
        assert wechat.transfers.find("WD1").state == "CANCELLED"
        create(wechat, "WD2")
        from_control(program, "confirm", number="WD2")
        with pytest.raises(Refused, match="INVALID_REQUEST"):
            wechat.transfers.cancel("WD2")

    def test_are_one_a_number_with_the_same_content(self, wechat):
        assert create(wechat).transfer_bill_no == create(wechat).transfer_bill_no
        with pytest.raises(Refused, match="信息不一致"):
            create(wechat, fen=18_001)

    def test_fail_where_the_name_is_not_the_wallets(self, program, wechat):
        from_control(program, "name", openid=PAYEE.openid, name="李四")
        create(wechat)
        from_control(program, "confirm", number="WD1")
        program.world.clock.advance(1)
        assert channel(wechat).query(number="WD1").reason == "NAME_NOT_CORRECT"

    def test_wait_for_money_under_the_same_number(self, program, wechat):
        from_control(program, "top-up", fen=-program.world.balance("OPERATION"))
        with pytest.raises(Uncertain, match="NOT_ENOUGH"):
            channel(wechat).send(number="WD1", payee="a", amount_fen=18_000)
        assert channel(wechat).query(number="WD1") is None
        from_control(program, "top-up", fen=18_000)
        assert channel(wechat).send(number="WD1", payee="a", amount_fen=18_000).state == "WAIT_USER_CONFIRM"

    def test_are_forgotten_after_thirty_days(self, program, wechat):
        create(wechat)
        program.world.clock.advance(31 * DAY)
        assert wechat.transfers.find("WD1") is None

    @pytest.mark.parametrize(("fen", "code"), [(9, "INVALID_REQUEST"), (20_000_01, "INVALID_REQUEST")])
    def test_keep_to_their_limits(self, wechat, fen, code):
        with pytest.raises(Refused, match=code):
            create(wechat, fen=fen)


class TestFaults:
    @pytest.mark.parametrize(
        "kind", ["timeout", "error_after", "busy_after", "signtest", "bad_signature", "stale", "unsigned"]
    )
    def test_after_a_bill_was_made_leave_it_to_be_found(self, program, wechat, kind):
        program.world.faults.script("transfer.create", kind)
        with pytest.raises(Uncertain):
            channel(wechat).send(number="WD1", payee="a", amount_fen=18_000)
        assert channel(wechat).query(number="WD1").amount_fen == 18_000
        assert len(program.world.bills) == 1

    @pytest.mark.parametrize("kind", ["lost", "error", "busy"])
    def test_before_leave_nothing(self, program, wechat, kind):
        program.world.faults.script("transfer.create", kind)
        with pytest.raises(Uncertain):
            channel(wechat).send(number="WD1", payee="a", amount_fen=18_000)
        assert channel(wechat).query(number="WD1") is None

    def test_of_a_query_are_tried_through(self, program, wechat):
        create(wechat)
        program.world.faults.script("transfer.find", "signtest")
        with pytest.raises(Uncertain, match="signtest"):
            channel(wechat).query(number="WD1")
        program.world.faults.script("transfer.find", "error", times=2)
        assert channel(wechat).query(number="WD1").amount_fen == 18_000

    def test_that_refuse_say_what_they_were_told_to(self, program, wechat):
        program.world.faults.script("transfer.create", "refuse", code="USER_ERROR", status=403)
        with pytest.raises(transfer.Refused, match="USER_ERROR"):
            channel(wechat).send(number="WD1", payee="a", amount_fen=18_000)


class TestCallbacks:
    def finished(self, program, wechat, *, trouble: str = "") -> None:
        if trouble:
            program.world.faults.script("notice", trouble)
        create(wechat)
        from_control(program, "confirm", number="WD1")
        program.world.clock.advance(1)

    def test_come_again_by_the_ladder_until_they_are_taken(self, program, wechat):
        inbox = Inbox(wechat, 500, 500, 500, 204)
        self.finished(program, wechat)
        came = []
        for second in range(121):
            if notice.pump(program.world, inbox):
                came.append(second)
            program.world.clock.advance(1)
        assert came == [0, 15, 30, 60]
        assert len(inbox.took) == 1

    def test_are_given_up_after_the_last_rung(self, program, wechat):
        self.finished(program, wechat)
        tries = 0
        for _ in range(20):
            tries += notice.pump(program.world, lambda *_: (500, ""))
            program.world.clock.advance(6 * 3_600)
        assert tries == 16
        assert [one.state for one in program.world.queue] == ["given_up"]

    @pytest.mark.parametrize(
        ("trouble", "why"), [("signtest", "signtest"), ("bad_signature", "signature"), ("stale", "stale")]
    )
    def test_that_do_not_prove_themselves_are_refused_and_come_again_proved(self, program, wechat, trouble, why):
        inbox = Inbox(wechat)
        self.finished(program, wechat, trouble=trouble)
        notice.pump(program.world, inbox)
        assert (inbox.refused, inbox.took) == ([why], [])
        program.world.clock.advance(15)
        notice.pump(program.world, inbox)
        assert len(inbox.took) == 1

    def test_come_twice_late_or_never_as_scripted(self, program, wechat):
        inbox = Inbox(wechat)
        self.finished(program, wechat, trouble="duplicate")
        assert notice.pump(program.world, inbox) == 2
        assert inbox.took[0] == inbox.took[1]

    def test_come_late_as_scripted(self, program, wechat):
        self.finished(program, wechat, trouble="late")
        wechat.transfers.find("WD1")
        assert notice.pump(program.world, Inbox(wechat)) == 0
        program.world.clock.advance(600)
        assert notice.pump(program.world, Inbox(wechat)) == 1

    def test_that_nobody_takes_in_wait(self, program, wechat):
        def nobody(*_):
            raise ConnectionRefusedError

        self.finished(program, wechat)
        assert notice.pump(program.world, nobody) == 1
        assert program.world.queue[0].state == "waiting"


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
        wechat.shippings.upload(transaction=paid, openid="oB", waybills=[waybill], at=NOW)
        assert wechat.shippings.find(paid).order_state == 2
        with pytest.raises(Refused, match=NOT_YET):
            wechat.shippings.find("4200")


class TestPay:
    def test_takes_refunds_and_tells_both_sides(self, program, wechat):
        wechat.trades.create(TRADE)
        from_control(program, "pay", number="QX10001")
        order = RefundOrder(
            number="RF1", trade="QX10001", refund_fen=400, total_fen=7_400, reason="少件", notify_url=f"{NOTIFY}/x"
        )
        assert wechat.refunds.create(order).state == "PROCESSING"
        assert wechat.refunds.create(order).refund_id == wechat.refunds.find("RF1").refund_id
        program.world.clock.advance(2)
        assert wechat.refunds.find("RF1").state == "SUCCESS"
        assert wechat.trades.find("QX10001").trade_state == "REFUND"
        inbox = Inbox(wechat)
        notice.pump(program.world, inbox)
        assert [event for event, _ in inbox.took] == ["TRANSACTION.SUCCESS", "REFUND.SUCCESS"]
        with pytest.raises(Refused, match="可退金额"):
            wechat.refunds.create(dataclasses.replace(order, number="RF2", refund_fen=7_001))

    def test_writes_files_that_add_up(self, program, wechat):
        wechat.trades.create(TRADE)
        from_control(program, "pay", number="QX10001")
        create(wechat)
        from_control(program, "confirm", number="WD1")
        program.world.clock.advance(1)
        wechat.transfers.find("WD1")
        day = date(2026, 6, 15)
        with pytest.raises(Refused, match="不在可查询范围"):
            wechat.bills.funds(day, FundAccount.OPERATION)
        program.world.clock.advance(19 * 3_600)
        with pytest.raises(Retryable, match="STATEMENT_CREATING"):
            wechat.bills.funds(day, FundAccount.OPERATION)
        program.world.clock.advance(3_600)
        funds = wechat.bills.funds(day, FundAccount.OPERATION)
        (row,) = funds.rows
        assert (row["业务凭证号"], row["收支类型"], to_fen(row["收支金额(元)"])) == ("WD1", "支出", 18_000)
        assert funds.totals["支出金额"] == "180.00"
        (trade,) = wechat.bills.trades(day).rows
        assert (trade["商户订单号"], trade["订单金额"], trade["手续费"]) == ("QX10001", "74.00", "0.44400")
        assert wechat.bills.trades(date(2026, 6, 14)).rows == ()

    def test_shares_within_the_ratio(self, program, wechat):
        wechat.trades.create(dataclasses.replace(TRADE, is_shared=True))
        from_control(program, "pay", number="QX10001")
        paid = wechat.trades.find("QX10001").transaction_id
        person = Receiver(type="PERSONAL_OPENID", account="oP")
        wechat.sharings.add_receiver(person)
        part = Part(receiver=person, amount_fen=2_220, description="佣金")
        made = wechat.sharings.create(number="PS1", transaction=paid, parts=[part], is_last=False)
        assert made.receivers[0].result == "SUCCESS"
        assert wechat.sharings.unsplit(paid).unsplit_amount == 5_180
        with pytest.raises(Refused, match="RULE_LIMIT"):
            wechat.sharings.create(
                number="PS2", transaction=paid, parts=[dataclasses.replace(part, amount_fen=1)], is_last=False
            )

    def test_hands_out_its_certificate(self, wechat):
        serial = simulated.identity().names.certificate_serial
        assert list(certificates(wechat.pay)) == [serial]


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
