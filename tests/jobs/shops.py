"""A shop in this process for tests: orders as `order/get` tells them, changed step by step, silent when told to be."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from jobs.gateways.shop import Silent, Unknown


def told(number: str, at: datetime, *, status: int = 20, finder: str = "sph1", **changed: Any) -> dict[str, Any]:
    """A paid order of one bottle for ¥99, bought from a finder's showcase."""
    seconds = int(at.timestamp())
    detail = {
        "product_infos": [
            {"product_id": 10000700000011, "sku_id": 41, "sku_cnt": 1, "real_price": 9_900, "title": "洗衣液",
             "out_product_id": "P-1001"}
        ],
        "pay_info": {"pay_time": seconds, "transaction_id": "42", "payment_method": 1} if status != 10 else {},
        "price_info": {"order_price": 9_900, "freight": 0},
        "delivery_info": {
            "address_info": {
                "province_name": "福建省", "city_name": "福州市", "county_name": "罗源县", "hash_code": "h1",
                "user_name": "林**",
            },
            "delivery_product_info": [],
        },
        "ext_info": {"order_scene": 5, "finder_id": finder, "commission_handling_progress": 1},
        "source_infos": [{"account_type": 1, "account_id": finder, "sale_channel": 100}] if finder else [],
        "sharer_info": {"sharer_openid": "", "handling_progress": 1},
    }  # fmt: skip
    detail |= {name: value for name, value in changed.items() if name in detail}
    return {
        "order_id": number, "status": status, "create_time": seconds, "update_time": changed.get("told", seconds),
        "openid": changed.get("openid", "oBuyer1"), "order_detail": detail,
        "aftersale_detail": {"aftersale_order_list": changed.get("cases", [])},
    }  # fmt: skip


def parcel(waybill: str = "SF1000001", at: datetime | None = None, **pieces: int) -> dict[str, Any]:
    """A parcel; ``pieces`` by the letter that stands for a sku in `goods`."""
    held = [{"product_id": "1000", "sku_id": sku, "product_cnt": number} for sku, number in pieces.items()]
    return {
        "waybill_id": waybill, "delivery_name": "顺丰", "delivery_time": int(at.timestamp()) if at else 0,
        "product_infos": held,
    }  # fmt: skip


def goods(**pieces: int) -> list[dict[str, Any]]:
    """What was bought: of each sku so many, for ¥33 each."""
    return [
        {"product_id": "1000", "sku_id": sku, "sku_cnt": number, "real_price": 3_300 * number, "title": sku,
         "out_product_id": "P-1001"}
        for sku, number in pieces.items()
    ]  # fmt: skip


class Shop:
    """Orders, cases and products by number; ``deaf`` many questions go unanswered."""

    def __init__(self) -> None:
        self.orders: dict[str, dict[str, Any]] = {}
        self.cases_: dict[str, dict[str, Any]] = {}
        self.products: dict[str, dict[str, Any]] = {}
        self.deaf = 0
        self.asked: list[tuple[int, int]] = []

    def put(self, order: dict[str, Any]) -> None:
        self.orders[order["order_id"]] = order

    def _heard(self) -> None:
        if self.deaf:
            self.deaf -= 1
            raise Silent("no answer")

    def changed(self, *, begins: int, ends: int) -> Iterator[str]:
        self._heard()
        self.asked.append((begins, ends))
        yield from [number for number, one in self.orders.items() if begins <= one["update_time"] <= ends]

    def created(self, *, begins: int, ends: int) -> Iterator[str]:
        self._heard()
        yield from [number for number, one in self.orders.items() if begins <= one["create_time"] <= ends]

    def order(self, number: str) -> Mapping[str, Any]:
        self._heard()
        return self._found(self.orders, number)

    def cases(self, *, begins: int, ends: int) -> Iterator[str]:
        self._heard()
        yield from [number for number, one in self.cases_.items() if begins <= one["update_time"] <= ends]

    def case(self, number: str) -> Mapping[str, Any]:
        self._heard()
        return self._found(self.cases_, number)

    def product(self, number: str) -> Mapping[str, Any]:
        self._heard()
        return self._found(self.products, number)

    def _found(self, among: dict[str, dict[str, Any]], number: str) -> Mapping[str, Any]:
        if number not in among:
            raise Unknown(number)
        return among[number]
