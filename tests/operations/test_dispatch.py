"""Orders shipped and parcels followed in sets against the same one by one."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from models import OrderLine, db
from models.operations import dispatch, order, parcel
from models.operations.dispatch import Sending, Told
from models.operations.order import NoOrder
from models.operations.parcel import NoParcel
from models.rules.parcel import BadWaybill, NoWords, State
from tests.operations import world
from tests.operations.world import AT

LATER = AT + timedelta(days=2)
TABLES = {
    "order": "SELECT number, state, shipped_at, confirm_at FROM shop_order ORDER BY number",
    "parcel": "SELECT waybill, carrier, state, sent_at, moved_at, delivered_at FROM parcel ORDER BY waybill",
    "track": "SELECT p.waybill, t.n, t.at, t.state, t.words FROM parcel_track t JOIN parcel p ON p.id = t.parcel_id"
    " ORDER BY p.waybill, t.n",
    "event": "SELECT e.name, e.subject, p.waybill FROM event e"
    " JOIN parcel p ON p.id = (e.payload->>'parcel_id')::bigint ORDER BY e.id",
    "item": "SELECT p.waybill, i.n, i.pieces, p.order_id = i.order_id FROM parcel_item i"
    " JOIN parcel p ON p.id = i.parcel_id ORDER BY p.waybill, i.n",
}
SENDINGS = [Sending(f"o{n}", " 中通快递 ", f"YS{n:04d}") for n in (3, 1, 2, 1)]


def outcome(steps: Callable[[], Any]) -> dict[str, list[tuple[Any, ...]]]:
    """What is so after the steps; then they were never taken."""
    trial = db.session.begin_nested()
    steps()
    db.session.flush()
    found = {name: [tuple(row) for row in db.session.execute(sa.text(query))] for name, query in TABLES.items()}
    trial.rollback()
    db.session.expire_all()
    return found


def lines(*pieces: int) -> list[OrderLine]:
    """Goods of an order, so many pieces of each."""
    facts = {"category": None, "price_fen": 100}
    return [
        OrderLine(n=n, product_code=f"P-{n}", title=f"商品{n}", quantity=one, **facts)
        for n, one in enumerate(pieces, 1)
    ]


def ids() -> dict[str, int]:
    return {row.waybill: row.id for row in db.session.execute(sa.text("SELECT waybill, id FROM parcel"))}


@pytest.fixture
def _orders(session):
    world.network()
    for n in range(1, 5):
        order.place(purchase=world.purchase(f"o{n}"), at=AT)
    order.ship(number="o3", at=AT)


@pytest.mark.usefixtures("_orders")
class TestDispatch:
    def test_ships_and_sends_as_one_by_one(self):
        def singly() -> None:
            for one in SENDINGS:
                parcel.send(number=one.number, carrier=one.carrier, waybill=one.waybill, at=LATER)

        one_by_one = outcome(singly)
        assert outcome(lambda: dispatch.send_many(sendings=SENDINGS, at=LATER)) == one_by_one
        assert [row[1] for row in one_by_one["order"]] == ["shipped", "shipped", "shipped", "paid"]
        assert len(one_by_one["event"]) == len(one_by_one["parcel"]) == 3

    def test_packs_part_of_the_goods_as_one_by_one(self):
        order.place(purchase=world.purchase("o5", lines=lines(3, 1)), at=AT)
        order.place(purchase=world.purchase("o6", lines=lines(1, 2)), at=AT)
        sendings = [
            Sending("o5", "中通快递", "YS0051", {1: 2}), Sending("o6", "中通快递", "YS0061", {2: 1}),
            Sending("o5", "中通快递", "YS0052"), Sending("o5", "中通快递", "YS0051", {1: 2}),
        ]  # fmt: skip

        def singly() -> None:
            for one in sendings:
                parcel.send(number=one.number, carrier=one.carrier, waybill=one.waybill, items=one.items, at=LATER)

        one_by_one = outcome(singly)
        assert outcome(lambda: dispatch.send_many(sendings=sendings, at=LATER)) == one_by_one
        assert one_by_one["item"] == [
            ("YS0051", 1, 2, True), ("YS0052", 1, 1, True), ("YS0052", 2, 1, True), ("YS0061", 2, 1, True)
        ]  # fmt: skip
        assert [row[1] for row in one_by_one["order"][4:]] == ["shipped", "paid"]

    def test_follows_parcels_as_one_by_one(self):
        dispatch.send_many(sendings=SENDINGS, at=AT)
        parcel.track(parcel_id=ids()["YS0003"], state=State.MOVING, words="已揽收", at=LATER)
        told = [
            Told(ids()[waybill], state, words)
            for waybill, state, words in (
                ("YS0002", State.MOVING, "已发往上海"), ("YS0001", State.DELIVERED, "已签收"),
                ("YS0003", State.MOVING, "已揽收"), ("YS0001", State.MOVING, "迟到的动态 "),
                ("YS0003", State.DELIVERED, "已签收"), ("YS0002", State.MOVING, " 已发往上海"),
            )
        ]  # fmt: skip

        def singly() -> None:
            for one in told:
                parcel.track(parcel_id=one.parcel_id, state=one.state, words=one.words, at=LATER)

        one_by_one = outcome(singly)
        assert outcome(lambda: dispatch.track_many(told=told, at=LATER)) == one_by_one
        assert len(one_by_one["track"]) == 5

    def test_refuses_all_where_one_is_refused(self):
        with pytest.raises(NoOrder):
            dispatch.ship_many(numbers=["o1", "nothing"], at=AT)
        with pytest.raises(BadWaybill):
            dispatch.send_many(sendings=[Sending("o1", "中通快递", "!")], at=AT)
        with pytest.raises(NoParcel):
            dispatch.track_many(told=[Told(0, State.MOVING, "已揽收")], at=AT)
        dispatch.send_many(sendings=SENDINGS[:1], at=AT)
        with pytest.raises(NoWords):
            dispatch.track_many(told=[Told(ids()["YS0003"], State.MOVING, " ")], at=AT)
