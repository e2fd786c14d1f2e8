"""The agency's side of the simulated league: windows of promoters who let it or do not, orders by 推客, bindings."""

import hashlib
from typing import Any

from jobs.gateways.simulator.shop import OK
from jobs.gateways.simulator.wire import Asked, Given, Verbs, Wrong
from jobs.gateways.simulator.world import World
from jobs.gateways.token import Account

LEAGUE, PROMOTER, AGENCY = "/channels/ec/league/headsupplier", "/channels/ec/promoter", Account.AGENCY
UNAUTHORISED_IN = 14
REFUSED_IN = 60
BANNED_IN = 90

verbs = Verbs()


@verbs.verb("window.invite", f"{LEAGUE}/windowauth/get", account=AGENCY)
def invite(world: World, asked: Asked) -> Given:
    link = {"auth_url": "https://channels.weixin.qq.com/simulated", "auth_wxa_appid": "", "auth_wxa_path": ""}
    return Given(OK | {"auth_info": link, "openfinderid": _finder(asked.body)})


@verbs.verb("window.status", f"{LEAGUE}/windowauth/status/get", account=AGENCY)
def status(world: World, asked: Asked) -> Given:
    """One person in fourteen has not let us, unless told otherwise."""
    finder = _finder(asked.body)
    world.grants.setdefault(finder, not world.falls("authorised", finder, one_in=UNAUTHORISED_IN))
    if asked.body.get("openid") and finder not in world.windows:
        _shelve(world, finder, asked.body["openid"])
    told = {"window_auth_status": int(world.grants[finder]), "openfinderid": finder, "opentalentid": ""}
    return Given(OK | told)


@verbs.verb("window.add", f"{LEAGUE}/window/add", account=AGENCY)
def add(world: World, asked: Asked) -> Given:
    finder, number = _granted(world, asked), str(asked.body.get("product_id"))
    if number not in world.products:
        raise Wrong(10024009, "product_id 无效")
    if world.falls("refused", finder, number, one_in=REFUSED_IN):
        raise Wrong(10024021, "添加商品失败：类目未申请")
    world.windows.setdefault(finder, {}).setdefault(number, _entry(world, number, "agency"))
    return Given(OK)


@verbs.verb("window.remove", f"{LEAGUE}/window/remove", account=AGENCY)
def remove(world: World, asked: Asked) -> Given:
    finder, number = _granted(world, asked), str(asked.body.get("product_id"))
    entry = world.windows.get(finder, {}).get(number)
    if entry is None or entry["head_supplier_id"] != world.identity.appid(AGENCY):
        raise Wrong(10024010, "橱窗操作失败")
    del world.windows[finder][number]
    return Given(OK)


@verbs.verb("window.all", f"{LEAGUE}/window/getall", account=AGENCY)
def entries(world: World, asked: Asked) -> Given:
    finder = _granted(world, asked)
    found = list(world.windows.get(finder, {}).values())
    start, size = asked.body.get("offset", 0), min(asked.body.get("page_size", 100), 500)
    part, end = found[start : start + size], start + size
    return Given(OK | {"list": part, "next_offset": end, "have_more": end < len(found), "total_num": len(found)})


@verbs.verb("window.detail", f"{LEAGUE}/window/getdetail", account=AGENCY)
def detail(world: World, asked: Asked) -> Given:
    finder, number = _granted(world, asked), str(asked.body.get("product_id"))
    entry = world.windows.get(finder, {}).get(number)
    goods = world.products.get(number)
    if entry is None or goods is None:
        raise Wrong(10024009, "product_id 无效")
    is_on = goods["status"] == 5
    told = {
        "product_id": number, "status": 1 if is_on else 2, "selling_price": goods["skus"][0]["sale_price"],
        "stock": sum(one["stock_num"] for one in goods["skus"]), "appid": entry["appid"],
        "banned": world.falls("banned", finder, number, one_in=BANNED_IN),
    }  # fmt: skip
    return Given(OK | {"product": told})


@verbs.verb("agency.orders", f"{LEAGUE}/order/list/get", account=AGENCY)
def orders(world: World, asked: Asked) -> Given:
    """Orders that no finder sold: those of 推客."""
    span = asked.body.get("update_time_range") or {"start_time": 0, "end_time": 0}
    chosen = [
        {"order_id": one["order_id"], "sku_id": one["order_detail"]["product_infos"][0]["sku_id"]}
        for one in world.orders.values()
        if not one["order_detail"]["ext_info"]["finder_id"]
        and span["start_time"] <= one["update_time"] <= span["end_time"]
    ]
    start, size = int(asked.body.get("next_key") or 0), min(asked.body.get("page_size", 30), 30)
    has_more = start + size < len(chosen)
    key = {"next_key": str(start + size) if has_more else "", "has_more": has_more}
    return Given(OK | {"list": chosen[start : start + size]} | key)


@verbs.verb("agency.order", f"{LEAGUE}/order/get", account=AGENCY)
def order(world: World, asked: Asked) -> Given:
    """Who sold it: the only place that tells."""
    found = world.orders.get(str(asked.body.get("order_id")))
    if found is None or found["order_detail"]["ext_info"]["finder_id"]:
        raise Wrong(10024000, "order_id 无效")
    fen = found["order_detail"]["commission_infos"][0]["amount"]
    sharer = found["order_detail"]["sharer_info"]["sharer_openid"]
    told: dict[str, Any] = {
        "order_id": found["order_id"], "sku_id": asked.body.get("sku_id"), "create_time": found["create_time"],
        "update_time": found["update_time"], "status": {100: 100, 200: 200, 250: 200}.get(found["status"], 20),
        "order_detail": {
            "commission_info": {
                "service_ratio": 270_000, "service_amount": fen,
                "sharer_info": {"sharer_appid": sharer, "opensharerid": sharer, "ratio": 1_000_000, "amount": fen},
            },
            "buyer_info": {"open_id": found["openid"], "union_id": ""},
        },
    }  # fmt: skip
    return Given(OK | {"commssion_order": told})


@verbs.verb("agency.binding", f"{PROMOTER}/get_promoter_register_and_bind_status", account=AGENCY)
def binding(world: World, asked: Asked) -> Given:
    is_bound = not world.falls("bound", str(asked.body.get("sharer_openid")), one_in=5)
    return Given(OK | {"register_status": 2 if is_bound else 1, "bind_status": int(is_bound)})


@verbs.verb("agency.ratio", f"{PROMOTER}/set_sharer_commission_info", account=AGENCY)
def ratio(world: World, asked: Asked) -> Given:
    if not 100_000 <= asked.body.get("commission_ratio", 0) <= 1_000_000:
        raise Wrong(10024000, "commission_ratio 无效")
    return Given(OK)


@verbs.verb("agency.link", f"{PROMOTER}/get_product_promotion_link_info", account=AGENCY)
def link(world: World, asked: Asked) -> Given:
    word = hashlib.sha256(f"{asked.body.get('sharer_appid')}:{asked.body.get('product_id')}".encode()).hexdigest()[:10]
    return Given(OK | {"short_link": f"#小程序://模拟小店/{word}"})


@verbs.verb("league.offer", "/channels/ec/league/item/batchadd", account=Account.SHOP)
def offer(world: World, asked: Asked) -> Given:
    """Each product has its own end; the whole says 0."""
    rows = []
    for one in asked.body["list"]:
        is_known = one["product_id"] in world.products
        rows.append({
            "errcode": 0 if is_known else 10023103, "errmsg": "ok" if is_known else "商品不存在",
            "product_id": one["product_id"], "info_id": world.number("9", 12) if is_known else "0",
        })  # fmt: skip
    return Given(OK | {"result_info_list": rows})


def _finder(body: dict[str, Any]) -> str:
    """The name under which an agency knows a finder."""
    given = body.get("openfinderid")
    if given:
        return str(given)
    person = str(body.get("openid") or body.get("finder_id") or "")
    if not person:
        raise Wrong(10024001, "finder_id 无效")
    return "of" + hashlib.sha256(person.encode()).hexdigest()[:24]


def _granted(world: World, asked: Asked) -> str:
    finder = _finder(asked.body)
    if not world.grants.get(finder, False):
        raise Wrong(10024011, "橱窗未授权")
    return finder


def _shelve(world: World, finder: str, openid: str) -> None:
    """At first sight of a window: what stood there before."""
    world.windows[finder] = {
        one.product_id: _entry(world, one.product_id, one.source) for one in world.beginnings.shelves(openid)
    }


def _entry(world: World, number: str, source: str) -> dict[str, Any]:
    """Who put it there: ourselves, the shop's own plan, or the promoter through somebody else."""
    supplier = {"agency": world.identity.appid(AGENCY), "shop": "", "promoter": "wxotheragency0001"}[source]
    return {
        "appid": world.identity.appid(Account.SHOP), "product_id": number, "head_supplier_id": supplier,
        "product_window_id": world.number("77", 16),
    }  # fmt: skip
