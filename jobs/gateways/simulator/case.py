"""After-sales of the simulated shop, as the merchant asks about them and answers them."""

from typing import Any

from jobs.gateways.simulator.scene import refund, told
from jobs.gateways.simulator.shop import OK
from jobs.gateways.simulator.wire import Asked, Given, Verbs, Wrong
from jobs.gateways.simulator.world import World
from jobs.gateways.token import Account

BASE, SHOP = "/channels/ec/aftersale", Account.SHOP
PAGE = 50
LONGEST_SPAN = 86_400
OVERDUE_SECONDS = 172_800
REASONS = (
    (16, "商品未存在问题", 4), (17, "已按时发货且物流正常", 1), (20, "商品影响二次销售", 4),
    (24, "申请原因与实际不符", 1)
)  # fmt: skip

verbs = Verbs()


@verbs.verb("shop.cases", f"{BASE}/getaftersalelist", account=SHOP)
def cases(world: World, asked: Asked) -> Given:
    body = asked.body
    name = "update" if "begin_update_time" in body else "create"
    begins, ends = body.get(f"begin_{name}_time", 0), body.get(f"end_{name}_time", 0)
    if not ends or ends - begins > LONGEST_SPAN:
        raise Wrong(40097, "invalid args: time range")
    chosen = [one["after_sale_order_id"] for one in world.cases.values() if begins <= one[f"{name}_time"] <= ends]
    start = int(body.get("next_key") or 0)
    has_more = start + PAGE < len(chosen)
    return Given(OK | {
        "after_sale_order_id_list": chosen[start : start + PAGE], "has_more": has_more,
        "next_key": str(start + PAGE) if has_more else "",
    })  # fmt: skip


@verbs.verb("shop.case", f"{BASE}/getaftersaleorder", account=SHOP)
def case(world: World, asked: Asked) -> Given:
    return Given(OK | {"after_sale_order": _case(world, asked.body)})


@verbs.verb("shop.case.accept", f"{BASE}/acceptapply", account=SHOP)
def accept(world: World, asked: Asked) -> Given:
    """A return is first agreed to, then, once the goods are back, refunded."""
    found = _case(world, asked.body)
    if found["status"] == "MERCHANT_PROCESSING" and found["type"] == "RETURN":
        if not asked.body.get("address_id"):
            raise Wrong(40097, "invalid args: address_id")
        found["status"] = "USER_WAIT_RETURN"
        told(world, found)
    elif found["status"] in ("MERCHANT_PROCESSING", "MERCHANT_WAIT_RECEIPT"):
        refund(world, found, reason=3)
    else:
        raise Wrong(40097, f"售后状态不允许：{found['status']}")
    return Given(OK)


@verbs.verb("shop.case.reject", f"{BASE}/rejectapply", account=SHOP)
def reject(world: World, asked: Asked) -> Given:
    found = _case(world, asked.body)
    if found["status"] != "MERCHANT_PROCESSING":
        raise Wrong(40097, f"售后状态不允许：{found['status']}")
    if asked.body.get("reject_reason_type") not in {number for number, _text, _scene in REASONS}:
        raise Wrong(40097, "invalid args: reject_reason_type")
    found["status"] = "MERCHANT_REJECT_RETURN" if found["type"] == "RETURN" else "MERCHANT_REJECT_REFUND"
    found["merchant_upload_info"] = {"reject_reason": asked.body["reject_reason"], "refund_certificates": []}
    told(world, found)
    return Given(OK)


@verbs.verb("shop.case.reasons", f"{BASE}/rejectreason/get", account=SHOP)
def reasons(world: World, asked: Asked) -> Given:
    offered = [
        {"reject_reason_type": number, "reject_reason_type_text": text, "reject_reason": text, "reject_scene": scene}
        for number, text, scene in REASONS
    ]
    return Given(OK | {"reason_list": offered})


def send_back(world: World, number: str, waybill: str) -> None:
    """The buyer sends the goods back."""
    found = _case(world, {"after_sale_order_id": number})
    if found["status"] != "USER_WAIT_RETURN":
        raise Wrong(40097, f"售后状态不允许：{found['status']}")
    found["return_info"] = {"waybill_id": waybill, "delivery_id": "YTO", "delivery_name": "圆通速递"}
    found["status"] = "MERCHANT_WAIT_RECEIPT"
    told(world, found)


def step(world: World) -> None:
    """A merchant who is silent past the deadline has refunded."""
    for found in world.cases.values():
        if found["status"] == "MERCHANT_PROCESSING":
            found["deadline"] = max(0, int(found["create_time"] + OVERDUE_SECONDS - world.now))
            if not found["deadline"]:
                refund(world, found, reason=9)


def _case(world: World, body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] | None = world.cases.get(str(body.get("after_sale_order_id")))
    if found is None:
        raise Wrong(100002, "after sale order not found")
    return found
