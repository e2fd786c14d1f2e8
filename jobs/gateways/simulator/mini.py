"""Tokens of all five accounts, and the mini-program's server side, as the simulated WeChat answers."""

import io
import secrets
from typing import Any

import segno

from jobs.gateways.invented import openid
from jobs.gateways.simulator.fault import Silence
from jobs.gateways.simulator.wire import Asked, Given, Verbs, Wrong
from jobs.gateways.simulator.world import World
from jobs.gateways.token import Account

LONGEST_CODE = 128
LAST_SECONDS = 300
PHONE_LENGTH = 11
SPLIT = 2

verbs = Verbs()


@verbs.verb("token", "/cgi-bin/stable_token")
def stable_token(world: World, asked: Asked) -> Given:
    """Normal mode: the same token until its last five minutes, then the next one while both are good."""
    found = world.identity.secret_of(str(asked.body.get("appid")))
    if found is None:
        raise Wrong(40013, "invalid appid")
    account, secret = found
    if secret != asked.body.get("secret"):
        raise Wrong(40125, "invalid appsecret")
    if asked.body.get("grant_type") != "client_credential":
        raise Wrong(40002, "invalid grant_type")
    newest = max((t for t in world.tokens.items() if t[1][0] == account), key=lambda t: t[1][1], default=None)
    if newest is None or newest[1][1] - world.now <= LAST_SECONDS or asked.body.get("force_refresh") is True:
        token = f"{account}_{secrets.token_urlsafe(48)}"
        world.tokens[token] = (account, world.now + world.habits.token_seconds)
        newest = token, world.tokens[token]
    return Given({"access_token": newest[0], "expires_in": int(newest[1][1] - world.now)})


@verbs.verb("mini.jscode2session", "/sns/jscode2session", method="GET")
def jscode2session(world: World, asked: Asked) -> Given:
    """A code `NAME.ANYTHING` stands for NAME once; `bad`, `busy`, `blocked` and `silent` name what goes wrong."""
    code, appid = asked.query.get("js_code", ""), world.identity.appid(Account.MINI)
    name, dot, rest = code.partition(".")
    if (asked.query.get("appid"), asked.query.get("secret")) != (appid, world.identity.names.apps[Account.MINI][1]):
        raise Wrong(40125, "invalid appsecret")
    if name == "silent":
        raise Silence
    if name == "busy":
        raise Wrong(-1, "system error")
    if name == "blocked":
        raise Wrong(40226, "code blocked")
    if not (name and dot and rest) or name == "bad" or code in world.codes or len(code) > LONGEST_CODE:
        raise Wrong(40029, "invalid code")
    world.codes.add(code)
    return Given({"openid": openid(name), "session_key": "c2ltdWxhdGVkIHNlc3Npb24ga2V5"})


@verbs.verb("mini.phone", "/wxa/business/getuserphonenumber", account=Account.MINI)
def phone(world: World, asked: Asked) -> Given:
    """A code `phone.13…` stands for that number once, in the range that no network hands out."""
    code = str(asked.body.get("code", ""))
    name, _, number = code.partition(".")
    if name != "phone" or not number.isdigit() or len(number) != PHONE_LENGTH or code in world.codes:
        raise Wrong(40029, "invalid code")
    world.codes.add(code)
    watermark = {"timestamp": int(world.now), "appid": world.identity.appid(Account.MINI)}
    return Given({
        "errcode": 0, "errmsg": "ok",
        "phone_info": {
            "phoneNumber": f"+86{number}", "purePhoneNumber": number, "countryCode": 86, "watermark": watermark
        },
    })  # fmt: skip


@verbs.verb("mini.message", "/cgi-bin/message/subscribe/send", account=Account.MINI)
def message(world: World, asked: Asked) -> Given:
    """Kept as sent. Whoever has `deaf` for a name has not agreed; values too long are named as WeChat names them.

    A template `NUMBER.ANYTHING` is answered with that error, `silent.ANYTHING` not at all.
    """
    body = asked.body
    if not body.get("touser"):
        raise Wrong(40003, "invalid openid")
    if not body.get("template_id"):
        raise Wrong(40037, "invalid template_id")
    if body["touser"] == openid("deaf"):
        raise Wrong(43101, "user refuse to accept the msg")
    if body["template_id"].partition(".")[0].lstrip("-").isdigit():
        raise Wrong(int(body["template_id"].partition(".")[0]), "simulated")
    if body["template_id"].startswith("silent."):
        raise Silence
    for key, value in body.get("data", {}).items():
        if key.startswith("thing") and not 0 < len(value["value"]) <= 20:
            raise Wrong(47003, f"argument invalid! data.{key}.value invalid")
    world.messages.append(body)
    return Given({"errcode": 0, "errmsg": "ok", "msgid": 2_000_000_000_000_000_000 + len(world.messages)})


@verbs.verb("mini.code", "/wxa/getwxacodeunlimit", account=Account.MINI)
def code(world: World, asked: Asked) -> Given:
    """An image that differs by scene; a scene too long is refused in JSON."""
    scene = str(asked.body.get("scene", ""))
    if not 0 < len(scene) <= 32:
        raise Wrong(40129, "invalid scene")
    return Given(content=_png(scene), content_type="image/png")


@verbs.verb("mini.ship", "/wxa/sec/order/upload_shipping_info", account=Account.MINI)
def ship(world: World, asked: Asked) -> Given:
    """Of a payment that is known. Split sendings grow until all has left; after that, or in another mode, it is sent
    anew, once at most."""
    body, number = asked.body, asked.body["order_key"]["transaction_id"]
    if all(one.get("transaction_id") != number for one in world.trades.values()):
        raise Wrong(10060001, "支付单不存在")
    is_split = body["delivery_mode"] == SPLIT
    if not is_split and len(body["shipping_list"]) != 1:
        raise Wrong(268485228, "统一发货模式下，物流信息列表长度必须为1")
    known = world.shipped.get(number)
    is_anew = known is not None and (known["is_all"] or known["body"]["delivery_mode"] != body["delivery_mode"])
    times = (known["times"] if known else 0) + int(is_anew)
    if times > 1:
        raise Wrong(10060003, "支付单已重新发货")
    fresh = {one["tracking_no"]: one for one in body["shipping_list"]}
    if known is not None and not is_anew:
        fresh = {one["tracking_no"]: one for one in known["body"]["shipping_list"]} | fresh
    is_all = not is_split or body.get("is_all_delivered") is True
    world.shipped[number] = {
        "times": times, "is_all": is_all, "body": body | {"shipping_list": list(fresh.values())}
    }  # fmt: skip
    return Given({"errcode": 0, "errmsg": "ok"})


@verbs.verb("mini.shipping", "/wxa/sec/order/get_order", account=Account.MINI)
def shipping(world: World, asked: Asked) -> Given:
    number = asked.body["transaction_id"]
    trade = next((one for one in world.trades.values() if one.get("transaction_id") == number), None)
    if trade is None:
        raise Wrong(10060001, "支付单不存在")
    known = world.shipped.get(number, {"is_all": False, "body": {}})
    order = {
        "transaction_id": number, "merchant_trade_no": trade["content"]["out_trade_no"],
        "order_state": 2 if known["is_all"] else 1, "in_complaint": False,
        "shipping": {
            "finish_shipping": known["is_all"], "shipping_list": known["body"].get("shipping_list", []),
        },
    }  # fmt: skip
    return Given({"errcode": 0, "errmsg": "ok", "order": order})


@verbs.verb("mini.follow", "/cgi-bin/express/delivery/open_msg/trace_waybill", account=Account.MINI)
def follow(world: World, asked: Asked) -> Given:
    return Given({"errcode": 0, "errmsg": "ok", "waybill_token": f"trace.{asked.body['waybill_id']}"})


@verbs.verb("mini.trace", "/cgi-bin/express/delivery/open_msg/query_trace", account=Account.MINI)
def trace(world: World, asked: Asked) -> Given:
    """Parcels stand where their seed puts them."""
    number = str(asked.body["waybill_token"]).partition(".")[2]
    status: Any = world.chance("parcel", number).choice((1, 2, 3, 4))
    return Given({"errcode": 0, "errmsg": "ok", "waybill_info": {"status": status, "waybill_id": number}})


def _png(scene: str) -> bytes:
    """A real QR code of the scene: not WeChat's round one, but a phone can read it."""
    drawn = io.BytesIO()
    segno.make(f"https://mini.invalid/?scene={scene}", error="m").save(drawn, kind="png", scale=12, border=2)
    return drawn.getvalue()
