"""What people do in the simulated shop: buy through a showcase, confirm, ask for their money back."""

import hashlib
from typing import Any

from jobs.gateways.simulator.notice import push_event
from jobs.gateways.simulator.shop import change
from jobs.gateways.simulator.wire import Wrong
from jobs.gateways.simulator.world import World
from jobs.gateways.token import Account

BUYERS = "林周沈许何宋江陆叶苏白云"
PLACES = (
    ("广东省", "广州市", "天河区", "440106"),
    ("浙江省", "杭州市", "西湖区", "330106"),
    ("四川省", "成都市", "武侯区", "510107"),
)


def buy(world: World, wish: dict[str, Any]) -> dict[str, Any]:
    """A paid order. ``wish``: `product_id`, `sku_id`, `number`, `price_fen`, `openid`, `finder_id`, `scene`
    (order_scene), `sharer_openid`, `agency_id`, `commission_fen`, and `more`: further goods, each with the first four;
    what is missing is made up by the seed."""
    number = world.number("37310000", 19)
    chance = world.chance("order", number)
    province, city, county, postal = chance.choice(PLACES)
    lines = [_line(world, one) for one in (wish, *wish.get("more", ()))]
    fen, sku = sum(one["real_price"] for one in lines), lines[0]["sku_id"]
    openid = wish.get("openid") or f"oBuyer{number[-12:]}"
    address = {
        "user_name": chance.choice(BUYERS) + "测试", "tel_number": f"100{chance.randrange(10**8):08d}",
        "postal_code": postal, "province_name": province, "city_name": city, "county_name": county,
        "detail_info": f"测试路{chance.randrange(1, 300)}号", "house_number": "",
    }  # fmt: skip
    address["hash_code"] = hashlib.md5(repr(address).encode(), usedforsecurity=False).hexdigest()
    at = int(world.now)
    made = {
        "order_id": number, "status": 20, "create_time": at, "update_time": at, "openid": openid, "unionid": "",
        "order_detail": {
            "product_infos": lines,
            "pay_info": {
                "prepay_id": f"up_{number}", "prepay_time": at, "pay_time": at, "payment_method": 1,
                "transaction_id": world.number("43200000", 28),
            },
            "price_info": {
                "product_price": fen, "order_price": fen, "freight": 0, "is_discounted": False,
                "merchant_receieve_price": fen,
            },
            "delivery_info": {"deliver_method": 0, "address_info": address, "delivery_product_info": []},
            "ext_info": {
                "customer_notes": "", "merchant_notes": "", "finder_id": wish.get("finder_id", ""), "live_id": "",
                "order_scene": int(wish.get("scene", 5)), "commission_handling_progress": 0,
            },
            "sharer_info": {"sharer_openid": wish.get("sharer_openid", ""), "sharer_type": 0, "handling_progress": 0},
            "sku_sharer_infos": [], "settle_info": {}, **_sold(world, wish, sku),
        },
        "aftersale_detail": {"on_aftersale_order_cnt": 0, "aftersale_order_list": []},
    }  # fmt: skip
    world.orders[number] = made
    push_event(world, "channels_ec_order_new", {"order_info": {"order_id": number}})
    push_event(world, "channels_ec_order_pay", {"order_info": {"order_id": number, "pay_time": str(at)}})
    return made


def _line(world: World, wish: dict[str, Any]) -> dict[str, Any]:
    """One kind of goods in an order."""
    fen, count = int(wish.get("price_fen", 7_900)), int(wish.get("number", 1))
    goods = world.products.get(str(wish.get("product_id")), {})
    sku = str(wish.get("sku_id") or (goods.get("skus") or [{"sku_id": "4100000000021"}])[0]["sku_id"])
    return {
        "product_id": str(wish.get("product_id", "10000700000011")), "sku_id": sku, "sku_cnt": count,
        "title": goods.get("title", "模拟商品"), "sale_price": fen, "market_price": fen, "real_price": fen * count,
        "estimate_price": fen * count, "sku_code": wish.get("sku_code") or _code(goods, sku),
        "out_product_id": goods.get("out_product_id", ""), "on_aftersale_sku_cnt": 0, "finish_aftersale_sku_cnt": 0,
        "sku_deliver_info": {"stock_type": 0},
    }  # fmt: skip


def receive(world: World, number: str) -> None:
    """The buyer confirms; WeChat settles."""
    found = _order(world, number)
    if found["status"] != 30:
        raise Wrong(40097, "订单状态不允许确认收货")
    found["order_detail"]["ext_info"]["confirm_receipt_time"] = int(world.now)
    found["order_detail"]["settle_info"] = {"settle_time": int(world.now), "commission_fee": 0}
    for one in found["order_detail"]["commission_infos"]:
        one["status"] = 2
    change(world, found, 100)
    push_event(world, "channels_ec_order_confirm", {"order_info": {"order_id": number, "confirm_type": "1"}})
    settled = {"order_id": number, "settle_time": str(int(world.now))}
    push_event(world, "channels_ec_order_settle", {"order_info": settled})


def complain(world: World, number: str, wish: dict[str, Any]) -> dict[str, Any]:
    """The buyer asks for money, or for money against goods: a case. Unsent goods are refunded by WeChat at once."""
    found = _order(world, number)
    line = found["order_detail"]["product_infos"][0]
    case = world.number("20000000", 16)
    at = int(world.now)
    made = {
        "after_sale_order_id": case, "order_id": number, "type": wish.get("type", "REFUND"),
        "status": "MERCHANT_PROCESSING", "openid": found["openid"], "unionid": "",
        "product_info": {"product_id": line["product_id"], "sku_id": line["sku_id"], "count": 1, "fast_refund": False},
        "details": {"desc": wish.get("desc", ""), "receive_product": found["status"] >= 30, "cancel_time": 0},
        "refund_info": {"amount": int(wish.get("fen", line["real_price"]))},
        "return_info": {"waybill_id": "", "delivery_id": "", "delivery_name": ""},
        "reason": wish.get("reason", "QUALITY_ISSUE"), "reason_text": wish.get("reason_text", "质量问题"),
        "create_time": at, "update_time": at, "complete_time": 0, "deadline": 172_800, "complaint_id": "",
    }  # fmt: skip
    world.cases[case] = made
    found["aftersale_detail"]["aftersale_order_list"].append({"aftersale_order_id": case, "status": 2})
    told(world, made)
    if found["status"] == 20 and made["type"] == "REFUND":
        refund(world, made, reason=4)
    return made


def refund(world: World, case: dict[str, Any], *, reason: int) -> None:
    """The money goes back; an order wholly refunded is over."""
    number = case["order_id"]
    case["refund_info"]["refund_reason"] = reason
    case["status"] = "MERCHANT_RETURN_SUCCESS" if case["type"] == "RETURN" else "MERCHANT_REFUND_SUCCESS"
    case["complete_time"] = int(world.now)
    told(world, case)
    found = world.orders[number]
    back = sum(
        one["refund_info"]["amount"] for one in world.cases.values()
        if one["order_id"] == number and one["status"].endswith("_SUCCESS")
    )  # fmt: skip
    if back >= found["order_detail"]["price_info"]["order_price"]:
        change(world, found, 200)
        push_event(world, "channels_ec_order_cancel", {"order_info": {"order_id": number, "cancel_type": "3"}})


def told(world: World, case: dict[str, Any]) -> None:
    """A case changed, and says so."""
    case["update_time"] = int(world.now)
    event = {name: case[name] for name in ("status", "after_sale_order_id", "order_id")}
    push_event(world, "channels_ec_aftersale_update", {"finder_shop_aftersale_status_update": event})


def _sold(world: World, wish: dict[str, Any], sku: str) -> dict[str, Any]:
    """Whose sale it is: a finder's, or an agency's for a 推客 whom only the agency's own interface names."""
    finder, agency = wish.get("finder_id", ""), wish.get("agency_id", "")
    agency = agency or ("" if finder else world.identity.appid(Account.AGENCY))
    commission = {
        "sku_id": sku, "nickname": "", "type": 0 if finder else 1, "status": 1,
        "amount": int(wish.get("commission_fen", 2_000)), "finder_id": finder, "openfinderid": "", "talent_id": "",
        "agency_id": "" if finder else agency,
    }  # fmt: skip
    source = {
        "sku_id": sku, "sale_channel": 100 if finder else 101, "account_type": 1 if finder else 1000,
        "account_id": finder or agency, "content_type": 0, "content_id": "",
        "promoter_head_supplier_id": "" if finder else agency,
    }  # fmt: skip
    return {"commission_infos": [commission], "source_infos": [source]}


def _code(goods: dict[str, Any], sku: str) -> str:
    found: dict[str, Any] = next((one for one in goods.get("skus", []) if one["sku_id"] == sku), {})
    return str(found.get("sku_code", ""))


def _order(world: World, number: str) -> dict[str, Any]:
    found: dict[str, Any] | None = world.orders.get(number)
    if found is None:
        raise Wrong(100002, "order not found")
    return found
