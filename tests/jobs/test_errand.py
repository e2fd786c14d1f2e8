"""What is decided here reaches WeChat once, over the real clients and the simulated wire, whatever goes wrong."""

import copy
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from console import wechat as wiring
from jobs.gateways.pay_order import TradeOrder
from jobs.gateways.simulator import control
from jobs.gateways.simulator.app import Simulated
from jobs.gateways.simulator.fault import Faults
from models import AfterSale, Errand, Job, Order, OrderLine, Parcel, ParcelTrack, Refund, ShopCase, db, transaction
from models.operations import after_sale, errand, order, outbox, parcel, shop_order, source
from models.queries import ledger as books
from models.queries import parcel as parcels
from models.rules import errand as rules
from models.rules.parcel import NothingLeft
from models.rules.shop_order import Kind
from tests import factories, simulated
from tests.operations import world

AT = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
def market(app, session) -> Iterator[Simulated]:
    """A shop of its own on the wire, whose product `P-1001` member `a` sells through finder `sph1`."""
    before = dict(app.extensions)
    program = Simulated(simulated.world())
    wiring.connect(app, simulated.clients(program))
    matrix = world.network()
    seller = world.member("a")
    factories.product(merchant_id=matrix.merchant_id, code="P-1001", cost_fen=4_000, commission_fen=3_000)
    shop_order.bind(member_id=seller.id, kind=Kind.FINDER, account="sph1", by="t", at=world.AT)
    session.commit()
    yield program
    app.extensions.clear()
    app.extensions.update(before)


@pytest.fixture
def read(work):
    """Read an order or a case of the shop, with all that follows."""

    def reading(kind: str, number: str) -> None:
        with transaction():
            outbox.request(kind, payload={"number": number})
        work()

    return reading


@pytest.fixture
def bought(app, market, read) -> str:
    """An order of the shop, taken in here."""
    number = pulled(market, "order", finder_id="sph1", price_fen=9_900, sku_code="P-1001")["order_id"]
    # WeChat works out who sold it while it is read for the first time.
    app.extensions["wechat"].orders.get(number)
    read("sync_order", number)
    return number


def pulled(program: Simulated, string: str, **body):
    return control.pull(program.world, string, body)


def be_due() -> None:
    """Waiting jobs are due."""
    with transaction():
        db.session.execute(sa.update(Job).where(Job.state == "waiting").values(run_at=sa.func.clock_timestamp()))


def send(number: str, waybill: str = "SF1000001", carrier: str = "顺丰速运", items: dict | None = None) -> None:
    with transaction():
        parcel.send(number=number, carrier=carrier, waybill=waybill, at=datetime.now(UTC), items=items)


def shelf(program: Simulated, number: str) -> dict:
    return program.world.orders[number]["order_detail"]["delivery_info"]


def only(table):
    return db.session.scalars(sa.select(table).execution_options(populate_existing=True)).one()


def latest() -> Errand:
    return db.session.scalars(sa.select(Errand).order_by(Errand.id.desc()).limit(1)).one()


class TestParcels:
    def test_are_told_to_the_shop_and_known_when_it_tells_them_back(self, market, bought, read, work):
        send(bought)
        work()
        (told,) = shelf(market, bought)["delivery_product_info"]
        assert (told["delivery_id"], told["waybill_id"], told["product_infos"][0]["product_cnt"]) == (
            "SF",
            "SF1000001",
            1,
        )
        assert (only(Errand).state, only(Errand).tries, market.world.orders[bought]["status"]) == ("done", 1, 30)
        read("sync_order", bought)
        assert only(Parcel).carrier == "顺丰速运"
        assert db.session.scalar(sa.select(sa.func.count(Errand.id))) == 1

    def test_are_not_sent_twice_after_silence(self, market, bought, work):
        pulled(market, "fault", verb="shop.send", kind="timeout")
        send(bought)
        work()
        assert only(Errand).state == "due"
        be_due()
        work()
        assert (only(Errand).state, len(shelf(market, bought)["delivery_product_info"])) == ("done", 1)

    def test_that_the_shop_refuses_say_why_and_are_told_again_by_hand(self, market, bought, work):
        pulled(market, "fault", verb="shop.send", kind="refuse")
        send(bought)
        work()
        assert (only(Errand).state, only(Errand).code) == ("refused", "INVALID_REQUEST")
        with transaction():
            errand.again(errand_id=only(Errand).id, by="staff:1", at=AT)
        work()
        assert (only(Errand).state, market.world.orders[bought]["status"]) == ("done", 30)
        with pytest.raises(rules.NotRefused, match="无需重试"):
            errand.again(errand_id=only(Errand).id, by="staff:1", at=AT)

    def test_of_part_of_the_goods_are_told_one_by_one_and_seen_when_the_shop_itself_sends(
        self, app, market, read, work
    ):
        number = pulled(
            market, "order", finder_id="sph1", price_fen=3_300, sku_code="P-1001", sku_id="7", number=2,
            more=[{"price_fen": 3_300, "sku_code": "P-1001", "sku_id": "8"}],
        )["order_id"]  # fmt: skip
        app.extensions["wechat"].orders.get(number)
        read("sync_order", number)
        send(number, "SF1000001", items={1: 1})
        work()
        assert (market.world.orders[number]["status"], only(Order).state, only(Order).confirm_at) == (21, "paid", None)
        bottle = {"product_id": "10000700000011", "sku_id": "7", "product_cnt": 1}
        pulled(market, "ship", order_id=number, waybill="SF1000002", goods=[bottle])
        read("sync_order", number)
        assert parcels.packing(only(Order).id).left == {2: 1}
        send(number, "SF1000003", items=None)
        work()
        held = [one["product_infos"] for one in shelf(market, number)["delivery_product_info"]]
        assert held == [[bottle], [bottle], [bottle | {"sku_id": "8"}]]
        assert (market.world.orders[number]["status"], only(Order).state) == (30, "shipped")
        with pytest.raises(NothingLeft, match="已全部发出"):
            send(number, "SF1000004")

    def test_whose_waybill_was_wrong_are_corrected_there_and_stay_one(self, market, bought, read, work):
        send(bought)
        work()
        shown = copy.deepcopy(market.world.orders[bought])
        with transaction():
            parcel.correct(parcel_id=only(Parcel).id, carrier="中通快递", waybill="ZT2000002", at=datetime.now(UTC))
        read("sync_order", bought)
        (told,) = shelf(market, bought)["delivery_product_info"]
        assert (told["delivery_id"], told["waybill_id"], latest().state) == ("ZTO", "ZT2000002", "done")
        market.world.orders[bought] = shown
        read("sync_order", bought)
        assert (only(Parcel).waybill, only(Parcel).formerly) == ("ZT2000002", ["SF1000001"])

    def test_whose_goods_the_shop_sent_meanwhile_are_a_persons(self, market, bought, work):
        goods = [{"product_id": "10000700000011", "sku_id": "4100000000021", "product_cnt": 1}]
        pulled(market, "ship", order_id=bought, waybill="SF1000009", goods=goods)
        send(bought)
        work()
        assert (latest().state, latest().error) == (
            "refused", "小店订单已全部发货或已结束，追加的运单请在小店后台修改物流。",
        )  # fmt: skip

    def test_left_behind_by_their_job_are_asked_for_again(self, market, bought, work):
        pulled(market, "fault", verb="shop.order", kind="busy", times=50)
        send(bought)
        work()
        market.world.faults = Faults()
        with transaction():
            db.session.execute(sa.delete(Job).where(Job.kind == "tell_wechat"))
            at = (datetime.now(UTC) + timedelta(hours=1)).isoformat()
            outbox.request("tell_wechat_again", payload={"at": at})
        work()
        assert only(Errand).state == "done"


class TestAfterSales:
    @pytest.fixture
    def received(self, market, bought, read, work) -> str:
        """A parcel that its buyer has."""
        send(bought)
        work()
        pulled(market, "receive", order_id=bought)
        read("sync_order", bought)
        return bought

    def asked(self, market, read, number: str, **wish) -> str:
        case = pulled(market, "case", order_id=number, **wish)["after_sale_order_id"]
        read("sync_case", case)
        return case

    def test_of_the_shop_are_decided_here_from_the_return_to_the_refund(self, market, received, read, work):
        case = self.asked(market, read, received, type="RETURN", reason="QUALITY_ISSUE", desc="瓶盖破损")
        ours = only(AfterSale)
        assert (ours.kind, ours.reason, ours.state, only(ShopCase).after_sale_id) == (
            "quality",
            "瓶盖破损",
            "opened",
            ours.id,
        )
        with transaction():
            after_sale.accept(after_sale_id=ours.id, at=datetime.now(UTC))
        work()
        assert market.world.cases[case]["status"] == "USER_WAIT_RETURN"
        with pytest.raises(rules.GoodsFirst, match="等买家寄回商品"):
            after_sale.pay_back(after_sale_id=ours.id, amount_fen=9_900, at=AT)
        pulled(market, "send-back", case=case)
        read("sync_case", case)
        with transaction():
            after_sale.pay_back(after_sale_id=ours.id, amount_fen=9_900, at=datetime.now(UTC))
        assert db.session.scalars(sa.select(Refund)).all() == []
        work()
        assert market.world.cases[case]["status"] == "MERCHANT_RETURN_SUCCESS"
        assert (only(Refund).amount_fen, only(Order).state) == (9_900, "refunded")
        assert (only(AfterSale).state, only(AfterSale).answer) == ("closed", "小店已退款")
        assert sum(books.balances().values()) == 0

    def test_are_refunded_once_after_silence(self, market, received, read, work):
        self.asked(market, read, received, reason="NO_EXPRESS_INFO", fen=3_000)
        pulled(market, "fault", verb="shop.case.accept", kind="error_after")
        with transaction():
            after_sale.pay_back(after_sale_id=only(AfterSale).id, amount_fen=3_000, at=datetime.now(UTC))
        work()
        be_due()
        work()
        assert (latest().state, only(Refund).amount_fen) == ("done", 3_000)

    def test_are_refused_in_the_shop_with_the_words_of_the_desk(self, market, received, read, work):
        case = self.asked(market, read, received, type="RETURN", reason="QUALITY_ISSUE")
        with transaction():
            after_sale.refuse(after_sale_id=only(AfterSale).id, answer="照片显示商品完好", at=datetime.now(UTC))
        work()
        found = market.world.cases[case]
        assert (found["status"], found["merchant_upload_info"]["reject_reason"]) == (
            "MERCHANT_REJECT_RETURN", "照片显示商品完好",
        )  # fmt: skip
        assert only(AfterSale).state == "refused"

    def test_refunded_by_the_shop_itself_close_here(self, market, received, read):
        case = self.asked(market, read, received, reason="NO_LONGER_WANT")
        assert only(AfterSale).kind == "no_reason"
        pulled(market, "advance", seconds=172_801)
        read("sync_case", case)
        assert (only(AfterSale).state, only(Refund).amount_fen) == ("closed", 9_900)

    def test_alone_pay_back_what_the_shop_took_in(self, market, received, read):
        with pytest.raises(rules.PaidBackByShop, match="请买家在小店申请售后"):
            after_sale.give_back(number=received, amount_fen=100, at=AT)
        self.asked(market, read, received, fen=3_000)
        with pytest.raises(rules.OtherAmount, match="¥30.00"):
            after_sale.pay_back(after_sale_id=only(AfterSale).id, amount_fen=2_000, at=AT)


class TestOwnPayments:
    @pytest.fixture
    def paid(self, app, market) -> str:
        """An order of ours that its buyer has paid through Pay."""
        wechat = app.extensions["wechat"]
        wechat.trades.create(
            TradeOrder(
                number="QX10001", description="洗衣液", amount_fen=9_900, openid="oB", notify_url="https://c.test/w"
            )
        )
        pulled(market, "pay", number="QX10001")
        with transaction():
            made = order.place(purchase=world.purchase("QX10001", "a", address={"phone": "13800000000"}), at=AT)
            told = source.Told(
                channel="pay", number="QX10001", openid="oB", status="SUCCESS", at=AT,
                transaction=market.world.trades["QX10001"]["transaction_id"],
            )  # fmt: skip
            source.note(order_id=made.id, told=told)
        return "QX10001"

    def test_have_their_shipping_told_and_told_anew_with_a_further_parcel(self, market, paid, work):
        send(paid)
        work()
        ((number, told),) = market.world.shipped.items()
        (first,) = told["body"]["shipping_list"]
        assert (first["tracking_no"], first["express_company"]) == ("SF1000001", "SF")
        assert first["contact"] == {"receiver_contact": "138****0000"}
        send(paid, "ZTO000002", "中通")
        work()
        assert [one["tracking_no"] for one in market.world.shipped[number]["body"]["shipping_list"]] == [
            "SF1000001", "ZTO000002",
        ]  # fmt: skip
        assert only(Errand).state == "done"
        send(paid, "ZTO000003", "中通")
        work()
        assert (only(Errand).state, "只允许修改一次" in only(Errand).error) == ("refused", True)

    def test_sent_in_parts_are_split_from_the_first_and_finished_with_the_rest_left_out(self, market, paid, work):
        line = {"order_id": only(Order).id, "category": None, "price_fen": 3_300}
        for n, (title, quantity) in enumerate((("洗衣液", 2), ("面膜", 1)), start=1):
            db.session.add(OrderLine(n=n, product_code=f"P-{n}", title=title, quantity=quantity, **line))
        db.session.commit()
        for waybill, items in (("SF1000001", {1: 1}), ("ZTO000002", {1: 1})):
            send(paid, waybill, items=items)
            work()
            (told,) = market.world.shipped.values()
            assert (told["is_all"], told["times"], told["body"]["delivery_mode"]) == (False, 0, 2)
        with transaction():
            parcel.leave_rest(number=paid, at=datetime.now(UTC))
        work()
        (told,) = market.world.shipped.values()
        assert [(one["tracking_no"], one["item_desc"]) for one in told["body"]["shipping_list"]] == [
            ("SF1000001", "洗衣液×1"), ("ZTO000002", "洗衣液×1"),
        ]  # fmt: skip
        assert (told["is_all"], told["times"], only(Errand).state, only(Order).state) == (True, 0, "done", "shipped")

    def test_are_waited_for_while_wechat_does_not_know_them(self, market, paid, work):
        hidden = market.world.trades.pop("QX10001")
        send(paid)
        work()
        assert only(Errand).state == "due"
        market.world.trades["QX10001"] = hidden
        be_due()
        work()
        assert only(Errand).state == "done"

    def test_have_their_parcels_followed_until_they_are_there(self, market, paid, work):
        send(paid, "SF1000004")
        for _ in range(2):
            with transaction():
                outbox.request("ask_tracks", payload={"at": ""})
            work()
        assert (only(Parcel).state, only(ParcelTrack).words) == ("delivered", "已签收")
        # The receipt still confirms itself by its own clock, from the day on which the parcel left.
        assert only(Order).confirm_at - only(Order).shipped_at == timedelta(days=10)
