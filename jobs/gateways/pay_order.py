"""JSAPI orders of our own mini-program: prepaid, asked about, closed, and what the phone is handed to pay with."""

import secrets
import time
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from jobs.gateways import signature
from jobs.gateways.http import Refused
from jobs.gateways.shape import Id, Shape, moment
from jobs.gateways.wechat_pay import Pay, part

PATH = "/v3/pay/transactions"
UNKNOWN = frozenset({"ORDER_NOT_EXIST", "RESOURCE_NOT_EXISTS", "NOT_FOUND"})


class TradeState(StrEnum):
    """Of a query. REFUND also stands for orders refunded in part [H]; the last three belong to other ways to pay."""

    SUCCESS = "SUCCESS"
    REFUND = "REFUND"
    NOTPAY = "NOTPAY"
    CLOSED = "CLOSED"
    REVOKED = "REVOKED"
    USERPAYING = "USERPAYING"
    PAYERROR = "PAYERROR"


class Amount(Shape):
    """Fen: what the order is worth and what the payer was charged after WeChat's own discounts."""

    total: int
    payer_total: int | None = None
    currency: str = "CNY"


class Payer(Shape):
    openid: str = ""


class Trade(Shape):
    """An order as a query or a TRANSACTION.SUCCESS notice tells it."""

    out_trade_no: Id
    transaction_id: Id = ""
    trade_state: str
    trade_state_desc: str = ""
    trade_type: str = ""
    attach: str = ""
    success_time: datetime | None = None
    amount: Amount | None = None
    payer: Payer = Payer()


class Prepaid(Shape):
    """Good for two hours; the same order asked for again gets a fresh one."""

    prepay_id: str


class Nothing(Shape):
    """An answer without a body."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TradeOrder:
    """What is paid for. The number has 6 to 32 of letters, digits, `_-|*` and is used once a merchant.

    ``is_shared`` freezes the money for profit sharing and must be set before anything can be shared.
    """

    number: str
    description: str
    amount_fen: int
    openid: str = field(repr=False)
    notify_url: str
    expires_at: datetime | None = None
    attach: str = ""
    is_shared: bool = False


class Trades:
    """Own orders under one appid."""

    def __init__(self, pay: Pay, *, appid: str) -> None:
        self.pay, self.appid = pay, appid

    def create(self, order: TradeOrder) -> Prepaid:
        """A prepay id. Another content under a used number is OUT_TRADE_NO_USED."""
        body: dict[str, Any] = {
            "appid": self.appid, "mchid": self.pay.merchant.mchid, "description": order.description[:127],
            "out_trade_no": order.number, "notify_url": order.notify_url,
            "amount": {"total": order.amount_fen, "currency": "CNY"}, "payer": {"openid": order.openid},
            "time_expire": moment(order.expires_at) if order.expires_at else None, "attach": order.attach or None,
            "settle_info": {"profit_sharing": True} if order.is_shared else None,
        }  # fmt: skip
        return self.pay.post("trade.create", f"{PATH}/jsapi", Prepaid, body)

    def find(self, number: str) -> Trade | None:
        """The order of our number, None where WeChat knows of none."""
        try:
            path = f"{PATH}/out-trade-no/{part(number)}"
            return self.pay.get("trade.find", path, Trade, mchid=self.pay.merchant.mchid)
        except Refused as refusal:
            if refusal.code in UNKNOWN:
                return None
            raise

    def close(self, number: str) -> None:
        """No payment under this number any more; closing twice does no harm [H]."""
        path = f"{PATH}/out-trade-no/{part(number)}/close"
        self.pay.post("trade.close", path, Nothing, {"mchid": self.pay.merchant.mchid})

    def invocation(self, prepaid: Prepaid) -> dict[str, str]:
        """What the phone hands to `wx.requestPayment`, signed with the merchant's key."""
        now, nonce, package = str(int(time.time())), secrets.token_hex(16), f"prepay_id={prepaid.prepay_id}"
        lines = (self.appid.encode(), now.encode(), nonce.encode(), package.encode())
        signs = signature.signed(self.pay.merchant.key, *lines)
        return {"timeStamp": now, "nonceStr": nonce, "package": package, "signType": "RSA", "paySign": signs}
