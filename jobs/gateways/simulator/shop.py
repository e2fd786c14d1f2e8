"""The simulated WeChat shop: goods, orders and their parcels as state, asked about and written to."""

import copy
from collections import Counter
from typing import Any

from jobs.gateways.simulator.notice import push_event
from jobs.gateways.simulator.wire import Asked, Given, Verbs, Wrong
from jobs.gateways.simulator.world import World, day_of
from jobs.gateways.token import Account

ORDER, PRODUCT, SHOP = "/channels/ec/order", "/channels/ec/product", Account.SHOP
PAGE = 100
LONGEST_SPAN = 7 * 86_400
COMPANIES = (
    ("SF", "顺丰速运"), ("YTO", "圆通速递"), ("ZTO", "中通快递"), ("STO", "申通快递"), ("YD", "韵达速递"),
    ("JTSD", "极兔速递"), ("EMS", "EMS"),
)  # fmt: skip
OK = {"errcode": 0, "errmsg": "ok"}

verbs = Verbs()


@verbs.verb("shop.orders", f"{ORDER}/list/get", account=SHOP)
def orders(world: World, asked: Asked) -> Given:
    """Pages of ids in the order in which they were made, which is not the order of change."""
    name = "update_time" if "update_time_range" in asked.body else "create_time"
    span = asked.body.get(f"{name}_range")
    if not span or span["end_time"] - span["start_time"] > LONGEST_SPAN:
        raise Wrong(40097, "invalid args: time range")
    chosen = [one["order_id"] for one in world.orders.values() if span["start_time"] <= one[name] <= span["end_time"]]
    return _page(asked, chosen, "order_id_list")


@verbs.verb("shop.order", f"{ORDER}/get", account=SHOP)
def order(world: World, asked: Asked) -> Given:
    """Masked. What WeChat still works out when it is first asked is complete the second time."""
    found = known_order(world, asked.body.get("order_id"))
    told = _masked(found)
    ext = found["order_detail"]["ext_info"]
    ext["commission_handling_progress"] = 1
    found["order_detail"]["sharer_info"]["handling_progress"] = 1
    return Given(OK | {"order": told})


@verbs.verb("shop.decode", f"{ORDER}/sensitiveinfo/decode", account=SHOP)
def decode(world: World, asked: Asked) -> Given:
    """The clear address, so many a day."""
    found = known_order(world, asked.body.get("order_id"))
    key = f"decode:{day_of(world.now)}"
    if world.counts[key] >= world.habits.decodes:
        raise Wrong(45009, "reach max api daily quota limit")
    world.counts[key] += 1
    address = copy.deepcopy(found["order_detail"]["delivery_info"]["address_info"])
    return Given(OK | {"address_info": address, "virtual_number_info": {}})


@verbs.verb("shop.couriers", f"{ORDER}/deliverycompanylist/new/get", account=SHOP)
def couriers(world: World, asked: Asked) -> Given:
    companies = [{"delivery_id": code, "delivery_name": name} for code, name in COMPANIES]
    return Given(OK | {"company_list": companies})


@verbs.verb("shop.send", f"{ORDER}/delivery/send", account=SHOP)
def send(world: World, asked: Asked) -> Given:
    """Parcels with their goods. Goods sent before, or more of them than were bought, are refused."""
    ship(world, known_order(world, asked.body.get("order_id")), asked.body["delivery_list"])
    return Given(OK)


def ship(world: World, found: dict[str, Any], parcels: list[dict[str, Any]]) -> None:
    """Parcels leave: partly shipped at first; once every piece is on its way the order waits for its buyer."""
    if found["status"] not in (20, 21):
        raise Wrong(40097, "订单状态不允许发货")
    delivery, names, left = found["order_detail"]["delivery_info"], dict(COMPANIES), _unsent(found)
    for parcel in parcels:
        if not parcel.get("waybill_id") or not parcel.get("product_infos"):
            raise Wrong(40097, "invalid args: delivery_list")
        for goods in parcel["product_infos"]:
            left[_sku_key(goods)] -= goods["product_cnt"]
    if any(pieces < 0 for pieces in left.values()):
        raise Wrong(40097, "商品已发货或数量有误")
    delivery["delivery_product_info"].extend(
        parcel | {"delivery_time": int(world.now), "delivery_name": names.get(parcel["delivery_id"], "其他")}
        for parcel in parcels
    )
    is_all = not any(left.values())
    change(world, found, 30 if is_all else 21)
    if is_all:
        delivery["ship_done_time"] = int(world.now)
    event = {"order_id": found["order_id"], "finish_delivery": int(is_all)}
    push_event(world, "channels_ec_order_deliver", {"order_info": event})


def _unsent(found: dict[str, Any]) -> Counter[tuple[str, str]]:
    left: Counter[tuple[str, str]] = Counter()
    for line in found["order_detail"]["product_infos"]:
        left[_sku_key(line)] += line["sku_cnt"]
    for parcel in found["order_detail"]["delivery_info"]["delivery_product_info"]:
        for goods in parcel["product_infos"]:
            left[_sku_key(goods)] -= goods["product_cnt"]
    return left


def _sku_key(goods: dict[str, Any]) -> tuple[str, str]:
    return str(goods["product_id"]), str(goods["sku_id"])


@verbs.verb("shop.send.correct", f"{ORDER}/deliveryinfo/update", account=SHOP)
def correct(world: World, asked: Asked) -> Given:
    found = known_order(world, asked.body.get("order_id"))
    delivery, names = found["order_detail"]["delivery_info"], dict(COMPANIES)
    if len(asked.body["delivery_list"]) != len(delivery["delivery_product_info"]):
        raise Wrong(40097, "invalid args: delivery_list")
    delivery["delivery_product_info"] = [
        before | one | {"delivery_name": names.get(one["delivery_id"], "其他")}
        for before, one in zip(delivery["delivery_product_info"], asked.body["delivery_list"], strict=True)
    ]
    change(world, found, found["status"])
    return Given(OK)


@verbs.verb("shop.product", f"{PRODUCT}/get", account=SHOP)
def product(world: World, asked: Asked) -> Given:
    return Given(OK | {"product": _product(world, asked.body)})


@verbs.verb("shop.products", f"{PRODUCT}/list/get", account=SHOP)
def products(world: World, asked: Asked) -> Given:
    world.learn()
    status = asked.body.get("status")
    chosen = [one["product_id"] for one in world.products.values() if status in (None, one["status"])]
    return _page(asked, chosen, "product_ids")


@verbs.verb("shop.product.add", f"{PRODUCT}/add", account=SHOP)
def add(world: World, asked: Asked) -> Given:
    """A draft that passes its audit when it is submitted, unless its title holds 违禁."""
    body = asked.body
    title, skus = str(body.get("title", "")), body.get("skus") or []
    if not title:
        raise Wrong(10020020, "标题为空")
    if len(title) > 60:
        raise Wrong(10020021, "标题过长")
    if not 3 <= len(body.get("head_imgs") or []) <= 9:
        raise Wrong(10020022, "主图数量有误")
    if not 1 <= len(skus) <= 500:
        raise Wrong(10020013, "sku 数量有误")
    if any(one["sale_price"] <= 0 for one in skus):
        raise Wrong(10020039, "价格为 0")
    if any(one["sale_price"] > one["market_price"] for one in skus):
        raise Wrong(10020040, "售价高于市场价")
    number = world.number("10000", 14)
    made = [one | {"sku_id": world.number("41000", 13)} for one in skus]
    world.products[number] = body | {"product_id": number, "status": 0, "edit_status": 1, "skus": made}
    return Given(OK | {"data": {"product_id": number, "create_time": "2026-01-01 00:00:00"}})


@verbs.verb("shop.product.list", f"{PRODUCT}/listing", account=SHOP)
def listing(world: World, asked: Asked) -> Given:
    found = _product(world, asked.body)
    is_good = "违禁" not in found["title"]
    found |= {"edit_status": 4 if is_good else 3, "status": 5 if is_good else found["status"]}
    audit = {"product_id": found["product_id"], "status": 3 if is_good else 2, "reason": "" if is_good else "含违禁词"}
    push_event(world, "product_spu_audit", {"ProductSpuAudit": audit})
    return Given(OK)


@verbs.verb("shop.product.delist", f"{PRODUCT}/delisting", account=SHOP)
def delisting(world: World, asked: Asked) -> Given:
    found = _product(world, asked.body)
    found["status"] = 11
    event = {"product_id": found["product_id"], "status": 11, "reason": ""}
    push_event(world, "product_spu_listing", {"ProductSpuListing": event})
    return Given(OK)


@verbs.verb("shop.quota", f"{PRODUCT}/getauditquota", account=SHOP)
def quota(world: World, asked: Asked) -> Given:
    return Given(OK | {"audit_quota": {"block_status": 0, "avail_quota": 1_000, "total_quota": 1_000}})


@verbs.verb("shop.stock", f"{PRODUCT}/stock/get", account=SHOP)
def stock(world: World, asked: Asked) -> Given:
    number = _sku(world, asked.body)["stock_num"]
    return Given(
        OK | {"data": {"normal_stock_num": number, "limited_discount_stock_num": 0, "total_stock_num": number}}
    )


@verbs.verb("shop.stock.set", f"{PRODUCT}/stock/update", account=SHOP)
def set_stock(world: World, asked: Asked) -> Given:
    sku, number = _sku(world, asked.body), asked.body["num"]
    after = {1: sku["stock_num"] + number, 2: sku["stock_num"] - number, 3: number}[asked.body["diff_type"]]
    if after < 0:
        raise Wrong(40097, "库存不足")
    sku["stock_num"] = after
    return Given(OK)


def change(world: World, found: dict[str, Any], status: int) -> None:
    """A new status, and the time at which it came."""
    found |= {"status": status, "update_time": int(world.now)}


def _page(asked: Asked, chosen: list[str], name: str) -> Given:
    size, start = min(asked.body.get("page_size") or PAGE, PAGE), int(asked.body.get("next_key") or 0)
    part, end = chosen[start : start + size], start + size
    has_more = end < len(chosen)
    key = {"next_key": str(end) if has_more else "", "has_more": has_more, "total_num": len(chosen)}
    return Given(OK | {name: part} | key)


def known_order(world: World, number: Any) -> dict[str, Any]:
    """The order of a number."""
    found: dict[str, Any] | None = world.orders.get(str(number))
    if found is None:
        raise Wrong(100002, "order not found")
    return found


def _product(world: World, body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] | None = world.products.get(str(body.get("product_id")))
    if found is None:
        raise Wrong(40097, "invalid args: product_id")
    return found


def _sku(world: World, body: dict[str, Any]) -> dict[str, Any]:
    skus: list[dict[str, Any]] = _product(world, body)["skus"]
    found = next((one for one in skus if one["sku_id"] == str(body.get("sku_id"))), None)
    if found is None:
        raise Wrong(40097, "invalid args: sku_id")
    return found


def _masked(found: dict[str, Any]) -> dict[str, Any]:
    told = copy.deepcopy(found)
    address = told["order_detail"]["delivery_info"]["address_info"]
    phone = address.get("tel_number", "")
    address |= {
        "user_name": address.get("user_name", "")[:1] + "**", "detail_info": "****",
        "tel_number": f"{phone[:3]}****{phone[-4:]}" if phone else "",
    }  # fmt: skip
    return told
