"""A finder's own window by its assistant's token, and a talent's, which may only be looked at."""

from typing import Any

from jobs.gateways.simulator.shop import OK
from jobs.gateways.simulator.wire import Asked, Given, Verbs, Wrong
from jobs.gateways.simulator.world import World
from jobs.gateways.token import Account

ASSISTANT, TALENT = "/channels/ec/window/product", "/channels/ec/talent/window/product"
LARGEST_PAGE = {Account.ASSISTANT: 200, Account.TALENT: 500}

verbs = Verbs()


@verbs.verb("own_window.add", f"{ASSISTANT}/add", account=Account.ASSISTANT)
def add(world: World, asked: Asked) -> Given:
    """Into the window of whom the token stands for; again it is the same."""
    number = _product(world, asked.body)["product_id"]
    entry = {"product_id": number, "appid": asked.body.get("appid", "")}
    world.windows.setdefault(_name(world), {}).setdefault(number, entry)
    return Given(OK)


@verbs.verb("own_window.off", f"{ASSISTANT}/off", account=Account.ASSISTANT)
def off(world: World, asked: Asked) -> Given:
    world.windows.get(_name(world), {}).pop(str(asked.body.get("product_id")), None)
    return Given(OK)


@verbs.verb("own_window.get", f"{ASSISTANT}/get", account=Account.ASSISTANT)
def get(world: World, asked: Asked) -> Given:
    found = _product(world, asked.body)
    if found["product_id"] not in world.windows.get(_name(world), {}):
        raise Wrong(40097, "橱窗没有该商品")
    sku = found["skus"][0]
    told = {
        "product_id": found["product_id"], "out_product_id": found.get("out_product_id", ""), "title": found["title"],
        "status": 1 if found["status"] == 5 else 2, "market_price": sku["market_price"],
        "selling_price": sku["sale_price"], "stock": sum(one["stock_num"] for one in found["skus"]), "sales": 0,
        "appid": asked.body.get("appid", ""), "is_hide_for_window": False, "banned": False,
    }  # fmt: skip
    return Given(OK | {"product": told})


@verbs.verb("own_window.all", f"{ASSISTANT}/list/get", account=Account.ASSISTANT)
def entries(world: World, asked: Asked) -> Given:
    return _page(world, asked, Account.ASSISTANT)


@verbs.verb("talent_window.all", f"{TALENT}/list/get", account=Account.TALENT)
def looked_at(world: World, asked: Asked) -> Given:
    """The same person's window, by the token that may only look."""
    return _page(world, asked, Account.TALENT)


def _page(world: World, asked: Asked, account: Account) -> Given:
    """A page by its number or by the buffer of the one before, never by both."""
    body = asked.body
    size = int(body.get("page_size") or 0)
    if not 0 < size <= LARGEST_PAGE[account] or bool(body.get("page_index")) == bool(body.get("last_buffer")):
        raise Wrong(40097, "invalid args: page")
    found = list(world.windows.get(_name(world), {}).values())
    start = int(body["last_buffer"]) if body.get("last_buffer") else (int(body["page_index"]) - 1) * size
    end = start + size
    told = {"products": found[start:end], "last_buffer": str(end) if end < len(found) else "", "total_num": len(found)}
    return Given(OK | told)


def _name(world: World) -> str:
    """Whose window the assistant's token opens."""
    return f"own:{world.identity.appid(Account.ASSISTANT)}"


def _product(world: World, body: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] | None = world.products.get(str(body.get("product_id")))
    if found is None:
        raise Wrong(40097, "invalid args: product_id")
    return found
