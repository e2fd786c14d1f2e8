"""Electronic waybills of the simulated shop, and goods that their maker sends (dropship)."""

from typing import Any

from jobs.gateways.simulator.shop import COMPANIES, OK, known_order
from jobs.gateways.simulator.wire import Asked, Given, Verbs, Wrong
from jobs.gateways.simulator.world import World
from jobs.gateways.token import Account

EWAYBILL, DROPSHIP, SHOP = (
    "/channels/ec/logistics/ewaybill/biz/order", "/channels/ec/order/dropship", Account.SHOP
)  # fmt: skip
STEP_SECONDS = 6 * 3_600
STEPS = ("已揽收", "运输中", "派送中", "已签收")

verbs = Verbs()


@verbs.verb("shop.waybill.begin", f"{EWAYBILL}/precreate", account=SHOP)
def begin(world: World, asked: Asked) -> Given:
    """The first step: an id for the waybill to come."""
    for one in asked.body.get("ec_order_list") or []:
        known_order(world, one.get("ec_order_id"))
    if not asked.body.get("ec_order_list") or asked.body.get("delivery_id") not in dict(COMPANIES):
        raise Wrong(40097, "invalid args: ec_order_list or delivery_id")
    number = world.number("55", 16)
    world.waybills[number] = {"asked": asked.body}
    return Given(OK | {"ewaybill_order_id": number})


@verbs.verb("shop.waybill.make", f"{EWAYBILL}/create", account=SHOP)
def make(world: World, asked: Asked) -> Given:
    """The second step; a courier refuses a receiver without a telephone, in words and with code 0."""
    found = _waybill(world, asked.body)
    if not asked.body.get("receiver", {}).get("mobile"):
        return Given(
            OK | {"ewaybill_order_id": asked.body["ewaybill_order_id"], "delivery_error_msg": "收件人电话有误"}
        )
    if "number" not in found:
        found |= {"number": f"{found['asked']['delivery_id']}{world.number('7', 12)}", "made": world.now}
    told = {
        "ewaybill_order_id": asked.body["ewaybill_order_id"], "waybill_id": found["number"], "print_info": "",
        "delivery_error_msg": "",
    }  # fmt: skip
    return Given(OK | told)


@verbs.verb("shop.waybill", f"{EWAYBILL}/get", account=SHOP)
def path(world: World, asked: Asked) -> Given:
    """Where it is: a step further every six hours."""
    found = _waybill(world, asked.body)
    if found.get("number") != asked.body.get("waybill_id"):
        raise Wrong(40097, "invalid args: waybill_id")
    passed = min(len(STEPS), 1 + int((world.now - found["made"]) // STEP_SECONDS))
    nodes = [
        {"status": n, "desc": STEPS[n - 1], "update_time": int(found["made"] + (n - 1) * STEP_SECONDS)}
        for n in range(1, passed + 1)
    ]
    return Given(OK | {"waybill_id": found["number"], "status": passed, "path_info": nodes})


@verbs.verb("shop.dropship", f"{DROPSHIP}/assign", account=SHOP)
def assign(world: World, asked: Asked) -> Given:
    """The maker sends it: once an order."""
    found = known_order(world, asked.body.get("order_id"))
    if found["status"] not in (20, 21):
        raise Wrong(40097, "订单状态不允许代发")
    if any(one["order_id"] == found["order_id"] and not one["is_over"] for one in world.dropships.values()):
        raise Wrong(40097, "订单已分配代发")
    number = world.number("66", 16)
    world.dropships[number] = {
        "order_id": found["order_id"], "supplier_id": asked.body.get("supplier_id"), "is_over": False
    }  # fmt: skip
    return Given(OK | {"ds_order_id": number})


@verbs.verb("shop.dropship.cancel", f"{DROPSHIP}/cancel", account=SHOP)
def take_back(world: World, asked: Asked) -> Given:
    found = world.dropships.get(str(asked.body.get("ds_order_id")))
    if found is None or found["is_over"]:
        raise Wrong(40097, "invalid args: ds_order_id")
    found["is_over"] = True
    return Given(OK)


def _waybill(world: World, body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] | None = world.waybills.get(str(body.get("ewaybill_order_id")))
    if found is None:
        raise Wrong(40097, "invalid args: ewaybill_order_id")
    return found
