"""The strings of the simulated world, pulled from outside: time, faults, people, money. JSON in and out."""

from collections.abc import Callable
from typing import Any

from jobs.gateways.simulator import case, scene, shop, trading, transferring
from jobs.gateways.simulator.wire import Wrong
from jobs.gateways.simulator.world import World

PREFIX = "/_control/"

Pull = Callable[[World, dict[str, Any]], Any]


def _advance(world: World, body: dict[str, Any]) -> Any:
    """`seconds`: time goes on."""
    world.clock.advance(float(body["seconds"]))
    world.settle()
    return {"now": world.now}


def _fault(world: World, body: dict[str, Any]) -> Any:
    """`verb`, `kind`, `times` and what the kind needs: the next calls go wrong."""
    more = {name: value for name, value in body.items() if name not in ("verb", "kind", "times")}
    world.faults.script(body["verb"], body["kind"], times=int(body.get("times", 1)), **more)
    return world.faults.left()


def _confirm(world: World, body: dict[str, Any]) -> Any:
    """`number`: the payee of a transfer taps."""
    transferring.confirm(world, body["number"])
    return {}


def _pay(world: World, body: dict[str, Any]) -> Any:
    """`number`: the buyer of an own order pays."""
    trading.pay(world, body["number"])
    return {}


def _top_up(world: World, body: dict[str, Any]) -> Any:
    """`fen`: money comes into the operation account, or leaves it."""
    number = world.number("TOP", 20)
    world.move("OPERATION", "充值", int(body["fen"]), number=number, wx_number=number)
    return {"balance_fen": world.balance("OPERATION")}


def _name(world: World, body: dict[str, Any]) -> Any:
    """`openid`, `name`: the wallet's real name of a person."""
    world.names[body["openid"]] = body["name"]
    return {}


def _grant(world: World, body: dict[str, Any]) -> Any:
    """`finder`, `is_granted`: a promoter lets us manage the window, or no longer does."""
    world.grants[body["finder"]] = bool(body["is_granted"])
    return {}


def _ship(world: World, body: dict[str, Any]) -> Any:
    """`order_id`, `waybill`, `delivery_id`, `goods` (`product_id`, `sku_id`, `product_cnt`): sent from the shop's own
    backend."""
    parcel = {
        "delivery_id": body.get("delivery_id", "SF"), "waybill_id": body["waybill"], "deliver_type": 1,
        "product_infos": body["goods"],
    }  # fmt: skip
    shop.ship(world, shop.known_order(world, body["order_id"]), [parcel])
    return {}


def _state(world: World, body: dict[str, Any]) -> Any:
    """What there is, in numbers."""
    waiting = [one for one in world.queue if one.state == "waiting"]
    return {
        "now": world.now, "bills": {number: one.state for number, one in world.bills.items()},
        "trades": {number: one["state"] for number, one in world.trades.items()},
        "orders": {number: one["status"] for number, one in world.orders.items()},
        "cases": {number: one["status"] for number, one in world.cases.items()},
        "balance_fen": world.balance("OPERATION"), "callbacks_waiting": len(waiting), "faults": world.faults.left(),
        "messages": len(world.messages),
    }  # fmt: skip


PULLS: dict[str, Pull] = {
    "advance": _advance,
    "fault": _fault,
    "confirm": _confirm,
    "pay": _pay,
    "top-up": _top_up,
    "name": _name,
    "grant": _grant,
    "state": _state,
    "ship": _ship,
    "order": lambda world, body: scene.buy(world, body),
    "receive": lambda world, body: scene.receive(world, body["order_id"]),
    "case": lambda world, body: scene.complain(world, body["order_id"], body),
    "send-back": lambda world, body: case.send_back(world, body["case"], body.get("waybill", "YT0000000000001")),
}


def pull(world: World, name: str, body: dict[str, Any]) -> Any:
    """Pull one string."""
    if name not in PULLS:
        raise Wrong("NO_SUCH_STRING", f"有：{', '.join(sorted(PULLS))}", status=404)
    try:
        return PULLS[name](world, body)
    except (KeyError, ValueError, TypeError) as error:
        raise Wrong("BAD_REQUEST", f"{type(error).__name__}: {error}") from error
