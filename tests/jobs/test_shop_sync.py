"""The shop read by push and by poll: whatever is missed, repeated or out of order, the end is the same."""

import copy
from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
import sqlalchemy as sa

from models import (
    Delisting,
    Event,
    Job,
    Order,
    OrderSource,
    Parcel,
    Refund,
    ShopAccount,
    ShopCase,
    ShopCursor,
    StrayOrder,
    db,
    transaction,
)
from models.operations import outbox, shop_order
from models.queries import ledger as books
from models.queries import parcel as parcels
from models.rules import shop_order as reading
from models.rules.shop_order import Kind
from tests import factories
from tests.jobs.callbacks import call_shop, installed
from tests.jobs.shops import Shop, goods, parcel, told
from tests.operations import world

AT = datetime(2026, 1, 2, tzinfo=UTC)
NUMBER = "3731000000000000101"


@pytest.fixture
def shop(app, session, monkeypatch) -> Shop:
    """A network whose member `a` sells through finder `sph1`, its one product, and a shop."""
    made = Shop()
    monkeypatch.setitem(app.extensions, "shop", made)
    matrix = world.network()
    seller = world.member("a")
    factories.product(
        merchant_id=matrix.merchant_id, code="P-1001", price_fen=9_900, cost_fen=4_000, commission_fen=3_000
    )
    shop_order.bind(member_id=seller.id, kind=Kind.FINDER, account="sph1", by="t", at=world.AT)
    session.commit()
    return made


@pytest.fixture
def sync(work):
    """Read an order, with all that follows."""

    def synced(number: str = NUMBER) -> None:
        with transaction():
            outbox.request("sync_order", payload={"number": number})
        work()

    return synced


def only(table):
    return db.session.scalars(sa.select(table).execution_options(populate_existing=True)).one()


def stages(at: datetime = AT) -> list[dict]:
    """The life of one order, step by step."""
    later = [at + timedelta(hours=n) for n in range(4)]
    seconds = [int(moment.timestamp()) for moment in later]
    sent = told(NUMBER, at, status=30, told=seconds[2])
    sent["order_detail"]["delivery_info"]["delivery_product_info"] = [parcel(at=later[2])]
    done = told(NUMBER, at, status=100, told=seconds[3])
    done["order_detail"]["delivery_info"]["delivery_product_info"] = [parcel(at=later[2])]
    done["order_detail"]["ext_info"]["confirm_receipt_time"] = seconds[3]
    return [told(NUMBER, at, status=10, told=seconds[0]), told(NUMBER, at, told=seconds[1]), sent, done]


class TestFolding:
    def test_ends_the_same_whatever_of_its_life_is_seen_in_whatever_order(self, session, shop, sync):
        ends = set()
        for n, seen in enumerate(permutations(stages()[1:])):
            number = f"{NUMBER}{n}"
            for one in [*seen, stages()[3], stages()[0]]:
                shop.put(one | {"order_id": number})
                sync(number)
            row = session.execute(
                sa.select(Order.state, Order.paid_at, Order.completed_at, Order.paid_fen).where(Order.number == number)
            ).one()
            ends.add(tuple(row))
        assert ends == {("completed", AT, AT + timedelta(hours=3), 9_900)}
        assert sum(books.balances().values()) == 0

    def test_takes_in_seller_goods_region_and_scene(self, shop, sync):
        shop.put(told(NUMBER, AT))
        sync()
        made = only(Order)
        assert (made.state, made.cost_fen, made.commission_fen) == ("paid", 4_000, 3_000)
        assert (made.region_code, made.scene) == ("350123", "showcase")
        assert made.buyer.startswith("wx-")
        assert "oBuyer1" not in made.buyer
        assert (only(OrderSource).channel, only(OrderSource).number) == ("shop", NUMBER)

    def test_sends_each_parcel_once(self, shop, sync):
        shop.put(stages()[2])
        sync()
        sync()
        assert (only(Parcel).waybill, only(Order).state) == ("SF1000001", "shipped")

    def test_ends_the_same_in_whatever_order_parcels_with_part_of_the_goods_are_told(self, shop):
        held, seen = told(NUMBER, AT, product_infos=goods(a=2, b=1)), []
        first, second, third = (AT + timedelta(hours=n) for n in (1, 2, 3))
        for status, at, boxes in (
            (21, first, [parcel("SF0001", first, a=1)]),
            (21, second, [parcel("SF0001", first, a=1), parcel("SF0002", second, b=1)]),
            (30, third, [parcel("SF0002", second, b=1), parcel("SF0001", first, a=1), parcel("SF0003", third, a=1)]),
        ):
            one = copy.deepcopy(held) | {"status": status, "update_time": int(at.timestamp())}
            one["order_detail"]["delivery_info"]["delivery_product_info"] = boxes
            seen.append(one)
        ends = set()
        for n, some in enumerate([seen[:2], *permutations(seen)]):
            number = f"{NUMBER}{n}"
            for one in [*some, some[-1]]:
                content = one | {"order_id": number}
                with transaction():
                    shop_order.fold(sold=reading.read(content), content=content, at=datetime.now(UTC))
            row = db.session.execute(sa.select(Order).where(Order.number == number)).scalar_one()
            packing = parcels.packing(row.id)
            ends.add(
                (row.state, row.shipped_at, row.confirm_at, str(sorted(packing.left.items())), len(packing.parcels))
            )
        assert ends == {
            ("paid", None, None, "[(1, 1)]", 2), ("shipped", third, third + timedelta(days=10), "[]", 3)
        }  # fmt: skip

    def test_leaves_goods_out_that_the_shop_added_later(self, shop, sync):
        shop.put(told(NUMBER, AT, product_infos=goods(a=3)))
        sync()
        later = told(NUMBER, AT, status=21, told=int(AT.timestamp()) + 9, product_infos=goods(a=3, gift=1))
        later["order_detail"]["delivery_info"]["delivery_product_info"] = [parcel("SF0001", AT, a=2, gift=1)]
        shop.put(later)
        sync()
        assert parcels.packing(only(Order).id).left == {1: 1}

    def test_cancels_what_was_never_paid(self, shop, sync):
        shop.put(stages()[0])
        sync()
        shop.put(told(NUMBER, AT, status=250, told=int(AT.timestamp()) + 9, pay_info={}))
        sync()
        assert only(Order).state == "cancelled"

    def test_waits_until_the_shop_knows_who_sold_it(self, session, shop, sync):
        shop.put(told(NUMBER, AT, ext_info={"commission_handling_progress": 0}))
        sync()
        assert session.scalars(sa.select(Order)).all() == []
        job = session.scalars(sa.select(Job).where(Job.kind == "sync_order")).one()
        assert (job.state, job.attempts) == ("waiting", 1)

    def test_asks_again_after_silence(self, session, shop, sync):
        shop.put(told(NUMBER, AT))
        shop.deaf = 1
        sync()
        job = session.scalars(sa.select(Job).where(Job.kind == "sync_order")).one()
        assert (job.state, job.attempts) == ("waiting", 1)


class TestStrays:
    def test_wait_for_their_seller_and_are_taken_in(self, session, shop, sync, work):
        shop.put(told(NUMBER, AT, finder="stranger"))
        sync()
        stray = only(StrayOrder)
        assert (stray.why, stray.named) == ("no_seller", "finder:stranger")
        with transaction():
            shop_order.assign_account(stray_id=stray.id, code="a", by="staff:1", at=AT)
        work()
        assert only(Order).seller_id == only(StrayOrder).seller_id
        assert only(StrayOrder).state == "taken"
        assert session.scalars(sa.select(ShopAccount.account).order_by(ShopAccount.id)).all() == ["sph1", "stranger"]

    def test_name_the_goods_that_nobody_knows(self, shop, sync):
        shop.put(told(NUMBER, AT, product_infos=[{"title": "未知商品", "sku_cnt": 1, "real_price": 9_900}]))
        sync()
        assert (only(StrayOrder).why, only(StrayOrder).words) == ("unknown_goods", "选品中心没有这些商品：未知商品。")

    def test_keep_the_refusal_of_our_rules(self, session, shop, sync):
        with transaction():
            session.execute(sa.text("UPDATE member SET showcase = 'closed' WHERE code = 'a'"))
        shop.put(told(NUMBER, AT))
        sync()
        assert only(StrayOrder).why == "refused"
        assert "橱窗" in only(StrayOrder).words

    def test_that_were_dropped_stay_so(self, session, shop, sync):
        shop.put(told(NUMBER, AT, finder="stranger"))
        sync()
        with transaction():
            shop_order.drop(stray_id=only(StrayOrder).id, by="staff:1", at=AT)
        sync()
        assert session.scalars(sa.select(Order)).all() == []

    def test_of_another_members_account_are_not_bound_to_two(self, shop, sync):
        other = world.member("b").id
        with pytest.raises(shop_order.AccountTaken, match="已经绑定另一位"):
            shop_order.bind(member_id=other, kind=Kind.FINDER, account="sph1", by="t", at=AT)


class TestAfterSales:
    def case(self, status: str, amount: int = 900) -> dict:
        return {
            "after_sale_order_id": "c1", "order_id": NUMBER, "status": status, "refund_info": {"amount": amount},
            "update_time": int(AT.timestamp()) + 5,
        }  # fmt: skip

    def test_book_their_refund_once(self, session, shop, sync):
        shop.cases_["c1"] = self.case("MERCHANT_PROCESSING")
        shop.put(told(NUMBER, AT, cases=[{"aftersale_order_id": "c1", "status": 2}]))
        sync()
        assert session.scalars(sa.select(Refund)).all() == []
        shop.cases_["c1"] = self.case("MERCHANT_REFUND_SUCCESS")
        sync()
        sync()
        assert only(Refund).amount_fen == 900
        assert (only(ShopCase).refund_n, only(ShopCase).status) == (1, "MERCHANT_REFUND_SUCCESS")

    def test_never_pay_back_more_than_is_left(self, shop, sync):
        shop.cases_["c1"] = self.case("MERCHANT_RETURN_SUCCESS", amount=99_999)
        shop.put(told(NUMBER, AT, cases=[{"aftersale_order_id": "c1", "status": 14}]))
        sync()
        assert only(Refund).amount_fen == 9_900
        assert only(Order).state == "refunded"


class TestPolling:
    def poll(self, work, at: datetime) -> None:
        with transaction():
            outbox.request("poll_orders", payload={"at": at.isoformat()}, key=f"poll{at}")
        work()

    def test_finds_what_no_push_told_of_and_laps_over(self, session, shop, work):
        now = datetime.now(UTC)
        shop.put(told(NUMBER, now - timedelta(hours=2)))
        self.poll(work, now)
        assert only(Order).state == "paid"
        # Behind whatever a clock or a person waits for.
        assert session.scalar(sa.select(Job.queue).where(Job.kind == "sync_orders")) == "bulk"
        self.poll(work, now + timedelta(seconds=1))
        (begins, ends), (again, _) = shop.asked
        assert ends - again == 600
        assert ends - begins == 7 * 86_400 + 600

    def test_moves_on_only_once_everything_was_asked_for(self, session, shop, work):
        now = datetime.now(UTC)
        self.poll(work, now)
        through = only(ShopCursor).through
        shop.deaf = 1
        self.poll(work, now + timedelta(seconds=1))
        assert only(ShopCursor).through == through

    def test_tells_of_a_gap(self, session, shop, work):
        now = datetime.now(UTC)
        self.poll(work, now)
        with transaction():
            only(ShopCursor).through = now - timedelta(hours=2)
        self.poll(work, now + timedelta(seconds=1))
        told_of = session.scalars(sa.select(Event).where(Event.name == "shop.gap")).one()
        assert told_of.payload["seconds"] >= 7_200

    def test_reads_what_a_look_at_everything_finds_skipped(self, session, shop, work):
        now = datetime.now(UTC)
        self.poll(work, now)
        shop.put(told(NUMBER, now - timedelta(hours=5), told=1))
        with transaction():
            outbox.request("find_gaps", payload={"at": now.isoformat()})
        work()
        assert only(Order).number == NUMBER
        assert only(ShopCursor).missing == 1

    def test_skips_nothing_before_the_first_look(self, session, shop, work):
        now = datetime.now(UTC)
        shop.put(told(NUMBER, now - timedelta(hours=5), told=1))
        with transaction():
            outbox.request("find_gaps", payload={"at": now.isoformat()})
        work()
        assert session.scalars(sa.select(Job).where(Job.kind == "sync_orders")).all() == []

    @pytest.mark.parametrize(
        ("kind", "payload"), [("sync_order", {"number": NUMBER}), ("sync_orders", {"numbers": ["1", NUMBER]})]
    )
    def test_does_not_count_as_skipped_what_a_job_is_still_to_read(self, session, shop, work, kind, payload):
        now = datetime.now(UTC)
        self.poll(work, now)
        shop.put(told(NUMBER, now - timedelta(hours=5), told=1))
        with transaction():
            outbox.request(kind, payload=payload, run_at=now + timedelta(hours=1))
            outbox.request("find_gaps", payload={"at": now.isoformat()})
        work()
        assert only(ShopCursor).missing == 0
        assert session.scalars(sa.select(Order)).all() == []


class TestPushes:
    def test_of_an_order_have_it_read(self, app, session, shop, monkeypatch, client, work):
        installed(app, monkeypatch)
        shop.put(told(NUMBER, AT))
        event = {"Event": "channels_ec_order_pay", "CreateTime": 1, "order_info": {"order_id": int(NUMBER)}}
        for _ in range(3):
            assert call_shop(client, event).text == "success"
        work()
        assert only(Order).number == NUMBER

    def test_of_goods_that_were_taken_down_empty_every_window(self, app, session, shop, monkeypatch, client, work):
        installed(app, monkeypatch)
        shop.products["77"] = {"status": 13, "out_product_id": "P-1001", "skus": [{"stock_num": 5}]}
        event = {"Event": "product_spu_listing", "CreateTime": 1, "ProductSpuListing": {"product_id": "77"}}
        call_shop(client, event)
        work()
        assert (only(Delisting).reason, only(Delisting).asked_by) == ("violation", "shop")
        assert only(Delisting).ended_at is not None

    def test_of_goods_in_stock_change_nothing(self, session, shop, work):
        shop.products["77"] = {"status": 5, "out_product_id": "P-1001", "skus": [{"stock_num": 5}]}
        with transaction():
            outbox.request("sync_product", payload={"number": "77"})
        work()
        assert session.scalars(sa.select(Delisting)).all() == []

    def test_are_asked_of_nobody_where_no_shop_is_set_up(self, app, session, work, monkeypatch):
        monkeypatch.delitem(app.extensions, "shop", raising=False)
        with transaction():
            job = outbox.request("poll_orders", payload={"at": AT.isoformat()})
        work()
        assert session.get_one(Job, job.id, populate_existing=True).result == {"asked": 0}
