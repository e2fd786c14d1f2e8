"""An order of the shop as it is read: ids as text, who sold it, whether the shop is done with it."""

import json
from datetime import UTC, datetime

import pytest

from models.rules.order import Scene
from models.rules.shop_order import Account, Kind, Unreadable, read
from tests.jobs.shops import goods, parcel, told

AT = datetime(2026, 1, 1, tzinfo=UTC)


class TestSamples:
    @pytest.mark.parametrize(
        ("name", "status", "scene", "first"),
        [
            ("store_order_get_window_pending", 20, Scene.SHOWCASE, Account(Kind.FINDER, "sphQx7TestFinder01")),
            ("store_order_get_live_completed", 100, Scene.LIVE, None),
            ("store_order_get_share_link_headsupplier", 20, Scene.SHARE_LINK, None),
        ],
    )
    def test_are_read_whole(self, shared, name, status, scene, first):
        sold = read(json.loads((shared / f"facts/wechat-samples/{name}.json").read_text())["order"])
        assert (sold.status, sold.scene) == (status, scene)
        assert sold.is_paid
        assert sold.lines
        assert sold.province
        if first is not None:
            assert sold.sellers[0] == first
            assert (sold.paid_fen, sold.lines[0].code) == (7_400, "P-1001")


class TestIds:
    @pytest.mark.parametrize("number", ["3731000000000000101", 3731000000000000101])
    def test_are_text_however_they_are_written(self, number):
        assert read(told(number, AT)).number == "3731000000000000101"

    def test_that_are_missing_are_refused(self):
        with pytest.raises(Unreadable, match="缺少订单号"):
            read({"status": 20, "create_time": 1})


class TestSellers:
    def test_are_believed_from_source_to_sharer(self):
        order = told(
            "1", AT,
            source_infos=[{"account_type": 5, "account_id": "tal1"}, {"account_type": 3, "account_id": "wxmini"}],
            commission_infos=[{"finder_id": "sph2"}], sharer_info={"sharer_openid": "oS", "handling_progress": 1},
        )  # fmt: skip
        order["order_detail"]["commission_infos"] = [{"finder_id": "sph2", "openfinderid": "OF"}]
        assert [f"{one.kind}:{one.account}" for one in read(order).sellers] == [
            "talent:tal1", "finder:sph2", "finder:OF", "finder:sph1", "sharer:oS"
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("changed", "is_done"),
        [
            ({}, True),
            ({"sharer_info": {"sharer_openid": "", "handling_progress": 0}}, False),
            ({"ext_info": {"commission_handling_progress": 0}}, False),
            ({"ext_info": {}, "sharer_info": {}}, True),
        ],
    )
    def test_are_worked_out_once_both_sides_are(self, changed, is_done):
        assert read(told("1", AT, **changed)).is_worked_out is is_done


class TestParcels:
    def test_without_a_waybill_are_none(self):
        order = told("1", AT, status=30)
        order["order_detail"]["delivery_info"]["delivery_product_info"] = [parcel(at=AT), {"delivery_name": "顺丰"}]
        assert [one.waybill for one in read(order).parcels] == ["SF1000001"]

    def test_hold_pieces_of_the_orders_lines_and_two_lines_of_one_sku_fill_in_turn(self):
        order = told("1", AT, status=21, product_infos=[*goods(a=2, b=1), *goods(a=1)])
        order["order_detail"]["delivery_info"]["delivery_product_info"] = [
            parcel("SF0001", AT, a=1, b=1), parcel("SF0002", AT, a=2, gone=1), parcel("SF0003", AT, a=9, b=-1),
        ]  # fmt: skip
        sold = read(order)
        assert [one.items for one in sold.parcels] == [((1, 1), (2, 1)), ((1, 1), (3, 1)), ()]
        assert sold.shipped_at is None

    def test_say_when_the_last_piece_left(self):
        order = told("1", AT, status=30, told=int(AT.timestamp()) + 9)
        delivery = order["order_detail"]["delivery_info"]
        assert read(order).shipped_at == AT.replace(second=9)
        delivery["delivery_product_info"] = [parcel("SF0001", AT.replace(second=5)), parcel("SF0002", AT)]
        assert read(order).shipped_at == AT.replace(second=5)
        delivery["ship_done_time"] = int(AT.timestamp()) + 7
        assert read(order).shipped_at == AT.replace(second=7)
