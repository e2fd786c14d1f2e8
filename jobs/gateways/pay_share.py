"""Profit sharing of our own orders: receivers, shares, returns, release. Never of shop orders: those pay in the league.

Shares of persons cannot be taken back, and all shares of an order together stay under its ratio (30 % unless raised):
settlement by this house's ledger and a transfer (pay_transfer) is the way of rules 5; this is here for orders that a
contract says are shared.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from jobs.gateways import signature
from jobs.gateways.pay_order import Nothing
from jobs.gateways.shape import Id, Shape
from jobs.gateways.wechat_pay import Pay, part

PATH = "/v3/profitsharing"
PER_SECOND = 30


class Share(Shape):
    """One receiver's part and what became of it: PENDING, SUCCESS or CLOSED with a reason."""

    type: str
    account: str
    amount: int
    result: str = ""
    fail_reason: str = ""
    detail_id: Id = ""
    finish_time: datetime | None = None


class Sharing(Shape):
    """A request to share: PROCESSING until all its parts ended, then FINISHED."""

    out_order_no: Id
    order_id: Id = ""
    transaction_id: Id = ""
    state: str
    receivers: list[Share] = []


class Returned(Shape):
    """A share given back: PROCESSING, SUCCESS or FAILED with a reason."""

    out_return_no: Id
    return_id: Id = ""
    result: str
    fail_reason: str = ""


class Unsplit(Shape):
    """What is left to share of a transaction, in fen."""

    transaction_id: Id
    unsplit_amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """Who gets a part: ``type`` PERSONAL_OPENID or MERCHANT_ID; a name is checked by WeChat where it is given."""

    type: str
    account: str = field(repr=False)
    name: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """An amount for a receiver who was added before."""

    receiver: Receiver
    amount_fen: int
    description: str


class Sharings:
    """The verbs of sharing under one appid; the out numbers make each of them one, however often asked."""

    def __init__(self, pay: Pay, *, appid: str) -> None:
        self.pay, self.appid = pay, appid

    def add_receiver(self, receiver: Receiver, *, relation: str = "DISTRIBUTOR") -> None:
        """Allow somebody to receive."""
        name = signature.concealed(self.pay.platform, receiver.name) if receiver.name else None
        body = {
            "appid": self.appid, "type": receiver.type, "account": receiver.account, "name": name,
            "relation_type": relation,
        }  # fmt: skip
        self.pay.post("share.add_receiver", f"{PATH}/receivers/add", Nothing, body, per_second=PER_SECOND)

    def create(self, *, number: str, transaction: str, parts: Sequence[Part], is_last: bool) -> Sharing:
        """Share; ``is_last`` releases what is left to us. At the earliest a minute after the payment [H]."""
        receivers: list[dict[str, Any]] = [
            {
                "type": one.receiver.type, "account": one.receiver.account, "amount": one.amount_fen,
                "description": one.description[:80],
            }
            for one in parts
        ]  # fmt: skip
        body = {
            "appid": self.appid, "transaction_id": transaction, "out_order_no": number, "receivers": receivers,
            "unfreeze_unsplit": is_last,
        }  # fmt: skip
        return self.pay.post("share.create", f"{PATH}/orders", Sharing, body, per_second=PER_SECOND)

    def find(self, *, number: str, transaction: str) -> Sharing:
        path = f"{PATH}/orders/{part(number)}"
        return self.pay.get("share.find", path, Sharing, per_second=PER_SECOND, transaction_id=transaction)

    def release(self, *, number: str, transaction: str, description: str) -> Sharing:
        """Nothing more is shared of this transaction; what is left becomes ours."""
        body = {"transaction_id": transaction, "out_order_no": number, "description": description[:80]}
        return self.pay.post("share.release", f"{PATH}/orders/unfreeze", Sharing, body, per_second=PER_SECOND)

    def take_back(self, *, number: str, of: str, merchant: str, amount_fen: int, why: str) -> Returned:
        """Have a merchant give a share back: with its consent, within 180 days, never from a person [H]."""
        body = {
            "out_order_no": of, "out_return_no": number, "return_mchid": merchant, "amount": amount_fen,
            "description": why[:80],
        }  # fmt: skip
        return self.pay.post("share.take_back", f"{PATH}/return-orders", Returned, body, per_second=PER_SECOND)

    def unsplit(self, transaction: str) -> Unsplit:
        path = f"{PATH}/transactions/{part(transaction)}/amounts"
        return self.pay.get("share.unsplit", path, Unsplit, per_second=PER_SECOND)
