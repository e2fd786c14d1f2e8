"""Own orders and their refunds as the simulated WeChat keeps them, profit sharing among them."""

from typing import Any

from jobs.gateways.simulator.notice import tell
from jobs.gateways.simulator.wire import Asked, Given, Verbs, Wrong
from jobs.gateways.simulator.world import World, rfc

TRADE, REFUND, SHARE = "/v3/pay/transactions", "/v3/refund/domestic/refunds", "/v3/profitsharing"
REFUND_SECONDS = 2.0
MOST_PARTIAL = 50
SHARE_BPS = 3_000

verbs = Verbs()


@verbs.verb("trade.create", f"{TRADE}/jsapi")
def create(world: World, asked: Asked) -> Given:
    """A prepay id, a fresh one at each call with the same content."""
    body = asked.body
    for name in ("appid", "mchid", "description", "out_trade_no", "notify_url", "amount", "payer"):
        if not body.get(name):
            raise Wrong("PARAM_ERROR", f"缺少 {name}")
    if body["mchid"] != world.identity.names.mchid:
        raise Wrong("APPID_MCHID_NOT_MATCH", "appid 与 mchid 不匹配")
    trade = world.trades.get(body["out_trade_no"])
    if trade is not None and (trade["content"] != body or trade["state"] != "NOTPAY"):
        raise Wrong("OUT_TRADE_NO_USED", "商户订单号重复", status=403)
    if trade is None:
        world.trades[body["out_trade_no"]] = {"content": body, "state": "NOTPAY", "made": world.now, "refunded": 0}
    return Given({"prepay_id": f"wx{world.number('up', 30)}"})


@verbs.verb("trade.find", f"{TRADE}/out-trade-no/<number>", method="GET")
def find(world: World, asked: Asked) -> Given:
    return Given(_trade(_known(world, asked.parts["number"]), world))


@verbs.verb("trade.close", f"{TRADE}/out-trade-no/<number>/close")
def close(world: World, asked: Asked) -> Given:
    """Possible until it is paid, and as often as one likes."""
    trade = _known(world, asked.parts["number"])
    if trade["state"] not in ("NOTPAY", "CLOSED"):
        raise Wrong("TRADE_ERROR", "订单已支付", status=403)
    trade["state"] = "CLOSED"
    return Given(status=204)


def pay(world: World, number: str) -> None:
    """The buyer pays on the phone."""
    trade = _known(world, number)
    if trade["state"] != "NOTPAY":
        raise Wrong("INVALID_REQUEST", f"当前状态 {trade['state']} 不能支付")
    trade |= {"state": "SUCCESS", "paid": world.now, "transaction_id": world.number("42000000", 28)}
    fen = trade["content"]["amount"]["total"]
    world.move("BASIC", "交易", fen, number=number, wx_number=trade["transaction_id"])
    tell(world, trade["content"]["notify_url"], "TRANSACTION.SUCCESS", "transaction", _trade(trade, world))


@verbs.verb("refund.create", REFUND)
def refund(world: World, asked: Asked) -> Given:
    """Accepted; done a little later. One number is one refund."""
    body = asked.body
    known = world.refunds.get(body.get("out_refund_no", ""))
    if known is not None:
        if known["content"] != body:
            raise Wrong("INVALID_REQUEST", "商户退款单号已存在但信息不一致")
        return Given(_refund(known))
    trade = _paid(world, body)
    amount = body["amount"]
    if amount["total"] != trade["content"]["amount"]["total"]:
        raise Wrong("INVALID_REQUEST", "订单金额不一致")
    if trade["refunded"] + amount["refund"] > amount["total"] or trade.get("refunds", 0) >= MOST_PARTIAL:
        raise Wrong("INVALID_REQUEST", "退款金额大于可退金额或退款次数过多")
    if world.balance("BASIC") < amount["refund"]:
        raise Wrong("NOT_ENOUGH", "基本账户余额不足", status=403)
    trade["refunded"] += amount["refund"]
    trade["refunds"] = trade.get("refunds", 0) + 1
    trade["state"] = "REFUND"
    made: dict[str, Any] = {
        "content": body, "refund_id": world.number("50300000", 29), "state": "PROCESSING", "made": world.now,
        "trade": trade,
    }  # fmt: skip
    world.refunds[body["out_refund_no"]] = made
    world.move("BASIC", "退款", -amount["refund"], number=body["out_refund_no"], wx_number=made["refund_id"])
    return Given(_refund(made))


@verbs.verb("refund.find", f"{REFUND}/<number>", method="GET")
def find_refund(world: World, asked: Asked) -> Given:
    made = world.refunds.get(asked.parts["number"])
    if made is None:
        raise Wrong("RESOURCE_NOT_EXISTS", "退款单不存在", status=404)
    return Given(_refund(made))


@verbs.verb("share.add_receiver", f"{SHARE}/receivers/add")
def add_receiver(world: World, asked: Asked) -> Given:
    world.sharings.setdefault("receivers", set()).add((asked.body["type"], asked.body["account"]))
    return Given({name: asked.body[name] for name in ("type", "account", "relation_type")})


@verbs.verb("share.create", f"{SHARE}/orders")
def share(world: World, asked: Asked) -> Given:
    """Within the ratio, to receivers who were added, under one number."""
    body = asked.body
    known = world.sharings.get(body["out_order_no"])
    if known is not None:
        if known["content"] != body:
            raise Wrong("INVALID_REQUEST", "分账单号已存在但信息不一致")
        return Given(known["told"])
    trade = next((one for one in world.trades.values() if one.get("transaction_id") == body["transaction_id"]), None)
    if trade is None or not trade["content"].get("settle_info", {}).get("profit_sharing"):
        raise Wrong("INVALID_REQUEST", "非分账订单不支持分账")
    total = sum(one["amount"] for one in body["receivers"]) + trade.get("shared", 0)
    if total > trade["content"]["amount"]["total"] * SHARE_BPS // 10_000:
        raise Wrong("RULE_LIMIT", "分账金额超过最大分账比例", status=403)
    if {(one["type"], one["account"]) for one in body["receivers"]} - world.sharings.get("receivers", set()):
        raise Wrong("INVALID_REQUEST", "分账接收方未添加")
    trade["shared"] = total
    told = {
        "transaction_id": body["transaction_id"], "out_order_no": body["out_order_no"], "state": "FINISHED",
        "order_id": world.number("30000000", 29),
        "receivers": [one | {"result": "SUCCESS", "detail_id": world.number("36", 20)} for one in body["receivers"]],
    }  # fmt: skip
    world.sharings[body["out_order_no"]] = {"content": body, "told": told}
    return Given(told)


@verbs.verb("share.find", f"{SHARE}/orders/<number>", method="GET")
def find_share(world: World, asked: Asked) -> Given:
    known = world.sharings.get(asked.parts["number"])
    if known is None:
        raise Wrong("RESOURCE_NOT_EXISTS", "分账单不存在", status=404)
    return Given(known["told"])


@verbs.verb("share.unsplit", f"{SHARE}/transactions/<number>/amounts", method="GET")
def unsplit(world: World, asked: Asked) -> Given:
    number = asked.parts["number"]
    trade = next((one for one in world.trades.values() if one.get("transaction_id") == number), None)
    if trade is None:
        raise Wrong("RESOURCE_NOT_EXISTS", "订单不存在", status=404)
    left = trade["content"]["amount"]["total"] - trade.get("shared", 0)
    return Given({"transaction_id": number, "unsplit_amount": left})


def step(world: World) -> None:
    """Refunds end, and say so."""
    for made in world.refunds.values():
        if made["state"] == "PROCESSING" and world.now >= made["made"] + REFUND_SECONDS:
            made |= {"state": "SUCCESS", "ended": world.now}
            told = {
                "mchid": world.identity.names.mchid, "refund_status": "SUCCESS", "success_time": rfc(world.now),
                "user_received_account": "支付用户零钱",
            } | {
                name: value for name, value in _refund(made).items()
                if name in ("transaction_id", "out_trade_no", "refund_id", "out_refund_no", "amount")
            }  # fmt: skip
            tell(world, made["content"].get("notify_url", ""), "REFUND.SUCCESS", "refund", told)


def _trade(trade: dict[str, Any], world: World) -> dict[str, Any]:
    content = trade["content"]
    told = {
        "appid": content["appid"], "mchid": world.identity.names.mchid, "out_trade_no": content["out_trade_no"],
        "trade_state": trade["state"], "trade_state_desc": trade["state"], "trade_type": "JSAPI",
        "attach": content.get("attach", ""), "payer": content["payer"],
        "amount": {"total": content["amount"]["total"], "currency": "CNY"},
    }  # fmt: skip
    if "paid" in trade:
        told |= {
            "transaction_id": trade["transaction_id"], "success_time": rfc(trade["paid"]), "bank_type": "OTHERS",
            "amount": told["amount"] | {"payer_total": content["amount"]["total"], "payer_currency": "CNY"},
        }  # fmt: skip
    return told


def _refund(made: dict[str, Any]) -> dict[str, Any]:
    content, trade = made["content"], made["trade"]
    told = {
        "refund_id": made["refund_id"], "out_refund_no": content["out_refund_no"], "status": made["state"],
        "transaction_id": trade["transaction_id"], "out_trade_no": trade["content"]["out_trade_no"],
        "channel": "ORIGINAL", "create_time": rfc(made["made"]),
        "amount": content["amount"] | {
            "payer_total": content["amount"]["total"], "payer_refund": content["amount"]["refund"]
        },
    }  # fmt: skip
    return told | ({"success_time": rfc(made["ended"])} if "ended" in made else {})


def _known(world: World, number: str) -> dict[str, Any]:
    trade: dict[str, Any] | None = world.trades.get(number)
    if trade is None:
        raise Wrong("ORDER_NOT_EXIST", "订单不存在", status=404)
    return trade


def _paid(world: World, body: dict[str, Any]) -> dict[str, Any]:
    for trade in world.trades.values():
        is_meant = trade["content"]["out_trade_no"] == body.get("out_trade_no")
        if (is_meant or trade.get("transaction_id") == body.get("transaction_id", "-")) and "paid" in trade:
            found: dict[str, Any] = trade
            return found
    raise Wrong("RESOURCE_NOT_EXISTS", "订单不存在", status=404)
