"""Every payload that was collected parses into what travels, its ids as text and what we do not know kept."""

import json

import pytest

from jobs.gateways import pay_bill
from jobs.gateways.http import Retryable
from jobs.gateways.league import AgencyOrderAnswer
from jobs.gateways.own_window import WindowAnswer, WindowPage
from jobs.gateways.pay_order import Trade
from jobs.gateways.pay_refund import Refunded
from jobs.gateways.pay_transfer import TransferBill
from jobs.gateways.shape import shaped
from jobs.gateways.shop_after_sale import CaseAnswer
from jobs.gateways.shop_order import Decoded, OrderAnswer, OrderPage
from jobs.gateways.shop_product import ProductAnswer

SAMPLES = {
    "headsupplier_order_get": (AgencyOrderAnswer, lambda found: found),
    "pay_transfer_bill_create": (TransferBill, lambda found: found["response"]),
    "pay_transfer_bill_query": (TransferBill, lambda found: found),
    "pay_transfer_bill_finished_cancelled": (TransferBill, lambda found: found["decrypted_resource"]),
    "pay_transfer_bill_finished_fail": (TransferBill, lambda found: found["decrypted_resource"]),
    "pay_transfer_bill_finished_success": (TransferBill, lambda found: found["decrypted_resource"]),
    "pay_refund_success": (Refunded, lambda found: found["decrypted_resource"]),
    "pay_transaction_success": (Trade, lambda found: found["decrypted_resource"]),
    "store_aftersale_get": (CaseAnswer, lambda found: found),
    "store_order_get_live_completed": (OrderAnswer, lambda found: found),
    "store_order_get_share_link_headsupplier": (OrderAnswer, lambda found: found),
    "store_order_get_window_pending": (OrderAnswer, lambda found: found),
    "store_order_list_get": (OrderPage, lambda found: found["response"]),
    "store_order_sensitiveinfo_decode": (Decoded, lambda found: found["response"]),
    "store_product_get": (ProductAnswer, lambda found: found),
    "window_product_get": (WindowAnswer, lambda found: found),
}


class TestSamples:
    def test_all_parse(self, samples):
        for name, (kind, part) in SAMPLES.items():
            given = part(json.loads((samples / f"{name}.json").read_text()))
            assert shaped(kind, given) is not None, name

    def test_of_orders_say_who_sold_and_what_was_paid(self, samples):
        def order(name):
            return shaped(OrderAnswer, json.loads((samples / f"store_order_get_{name}.json").read_text())).order

        live, link, window = (order(name) for name in ("live_completed", "share_link_headsupplier", "window_pending"))
        assert (live.status, live.order_detail.ext_info.order_scene) == (100, 2)
        assert (live.order_id, live.order_detail.price_info.order_price) == ("3731000000000000101", 7_400)
        assert live.order_detail.commission_infos[0].finder_id == "sphQx7TestFinder01"
        assert link.order_detail.source_infos[0].account_type == 1_000
        assert link.order_detail.ext_info.finder_id == ""
        assert (window.status, window.order_detail.ext_info.order_scene) == (20, 5)
        assert window.order_detail.delivery_info.address_info.hash_code == "e258ec6c3333e0acb97d3e0bc8000000"
        assert window.order_detail.model_extra["coupon_info"] == {}

    def test_of_windows_come_page_by_page(self, samples):
        both = json.loads((samples / "window_product_list_get.json").read_text())
        for kind in ("channels_assistant", "talent"):
            assert shaped(WindowPage, both[kind]["response"]).products[0].product_id == "10000700000011"

    def test_of_files_are_read(self, samples):
        for name in ("bill_fundflow_operation", "bill_trade_all"):
            assert len(pay_bill.read((samples / f"{name}.csv").read_bytes()).rows) == 1

    def test_print_nothing_of_what_they_hold(self, samples):
        found = shaped(Decoded, json.loads((samples / "store_order_sensitiveinfo_decode.json").read_text())["response"])
        assert "林" not in f"{found!r}{found}{found.address_info!r}"


class TestShapes:
    def test_that_lack_what_we_rely_on_count_as_no_answer(self):
        with pytest.raises(Retryable, match="order.status"):
            shaped(OrderAnswer, {"order": {"order_id": "1", "create_time": 1, "update_time": 1}})

    def test_take_null_for_absent(self):
        given = {"order_id": 37, "status": 20, "create_time": 1, "update_time": 1, "openid": None, "order_detail": None}
        found = shaped(OrderAnswer, {"order": given}).order
        assert (found.order_id, found.openid, found.order_detail.product_infos) == ("37", "", [])
