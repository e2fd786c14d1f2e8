"""An order that leaves in several parcels: what each may carry, when it is shipped, what is still to be sent."""

from datetime import timedelta

import pytest

from models.operations import order, parcel
from models.queries import parcel as queries
from models.rules.order import OutOfTurn
from models.rules.parcel import Arrived, NoGoods, NothingLeft, NothingSent, State, TooMany, WaybillTaken
from tests.operations import world
from tests.operations.test_dispatch import lines
from tests.operations.world import AT

LATER = AT + timedelta(days=3)


@pytest.fixture
def bought(session):
    """Two of the first kind, one of the second."""
    world.network()
    return order.place(purchase=world.purchase("o1", lines=lines(2, 1)), at=AT)


def send(waybill: str, at=AT, **facts):
    return parcel.send(number="o1", carrier="中通快递", waybill=waybill, at=at, **facts)


class TestSending:
    def test_ships_the_order_with_its_last_piece_and_counts_the_receipt_from_there(self, bought):
        send("ZT0001", items={1: 1, 2: 0})
        assert (bought.state, bought.confirm_at, queries.packing(bought.id).left) == ("paid", None, {1: 1, 2: 1})
        send("ZT0002", at=LATER)
        assert (bought.state, bought.shipped_at, bought.confirm_at) == ("shipped", LATER, LATER + timedelta(days=10))
        assert list(queries.packing(bought.id).parcels.values()) == [{1: 1}, {1: 1, 2: 1}]

    def test_of_the_same_waybill_again_changes_nothing(self, bought):
        assert send("ZT0001", items={1: 1}) is send("ZT0001", items={1: 1}, at=LATER)
        assert queries.packing(bought.id).sent == {1: 1, 2: 0}

    @pytest.mark.parametrize(
        ("items", "refusal", "words"),
        [
            ({1: 3}, TooMany, "第 1 行商品还有 2 件"),
            ({3: 1}, TooMany, "第 3 行商品还有 0 件"),
            ({1: -1}, TooMany, "还有 2 件待发"),
            ({1: 0}, NoGoods, "至少填写一件"),
        ],
    )
    def test_carries_only_what_is_left(self, bought, items, refusal, words):
        with pytest.raises(refusal, match=words):
            send("ZT0001", items=items)

    def test_ends_when_nothing_is_left(self, bought):
        send("ZT0001")
        with pytest.raises(NothingLeft, match="已全部发出"):
            send("ZT0002")

    def test_waits_for_the_payment(self, bought):
        order.await_payment(purchase=world.purchase("o2", lines=lines(1)), at=AT)
        with pytest.raises(OutOfTurn):
            parcel.send(number="o2", carrier="中通快递", waybill="ZT0009", at=AT)


class TestCorrection:
    def test_replaces_the_waybill_and_keeps_what_it_was(self, bought):
        one = send("ZT0001", items={1: 1})
        parcel.correct(parcel_id=one.id, carrier="顺丰速运", waybill="SF0001", at=LATER)
        assert (one.carrier, one.waybill, one.formerly) == ("顺丰速运", "SF0001", ["ZT0001"])
        send("ZT0002")
        with pytest.raises(WaybillTaken, match="另一个包裹"):
            parcel.correct(parcel_id=one.id, carrier="中通快递", waybill="ZT0002", at=LATER)

    def test_ends_with_the_delivery(self, bought):
        one = send("ZT0001")
        parcel.track(parcel_id=one.id, state=State.DELIVERED, words="已签收", at=AT)
        with pytest.raises(Arrived, match="不能再更正"):
            parcel.correct(parcel_id=one.id, carrier="中通快递", waybill="ZT0009", at=LATER)


class TestRest:
    def test_is_left_out_once_something_has_left(self, bought):
        with pytest.raises(NothingSent, match="还没有发出包裹"):
            parcel.leave_rest(number="o1", at=AT)
        send("ZT0001", items={1: 1})
        parcel.leave_rest(number="o1", at=LATER)
        assert (bought.state, bought.shipped_at) == ("shipped", LATER)
