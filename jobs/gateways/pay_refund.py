"""Refunds of our own orders: accepted at once, ended later, one a number however often it is asked for."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from jobs.gateways.http import Refused
from jobs.gateways.shape import Id, Shape
from jobs.gateways.wechat_pay import Pay, part

PATH = "/v3/refund/domestic/refunds"
CREATES_PER_SECOND, FINDS_PER_SECOND = 6, 300
"""150 a second are allowed while they succeed and 6 while they fail [H]: we keep to the lower."""


class RefundState(StrEnum):
    """CLOSED ends for good and wants a new number; ABNORMAL waits for another account of the buyer's."""

    SUCCESS = "SUCCESS"
    CLOSED = "CLOSED"
    PROCESSING = "PROCESSING"
    ABNORMAL = "ABNORMAL"


class RefundAmount(Shape):
    """Fen: of the order, given back, and what of it reached the payer."""

    total: int
    refund: int
    payer_total: int | None = None
    payer_refund: int | None = None


class Refunded(Shape):
    """A refund as the interface tells it; notices say ``refund_status`` where answers say ``status`` [H]."""

    out_refund_no: Id
    refund_id: Id = ""
    out_trade_no: Id = ""
    transaction_id: Id = ""
    status: str = ""
    refund_status: str = ""
    success_time: datetime | None = None
    amount: RefundAmount | None = None

    @property
    def state(self) -> str:
        return self.status or self.refund_status


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundOrder:
    """What is given back of which order, under a number of its own (up to 64 of letters, digits, `_-|*@`)."""

    number: str
    trade: str
    refund_fen: int
    total_fen: int
    reason: str
    notify_url: str


class Refunds:
    """Asking for refunds and asking after them."""

    def __init__(self, pay: Pay) -> None:
        self.pay = pay

    def create(self, order: RefundOrder) -> Refunded:
        """A refund under our number; 200 means accepted, no more [H]. NOT_ENOUGH: top up, same number again."""
        body: dict[str, Any] = {
            "out_trade_no": order.trade, "out_refund_no": order.number, "reason": order.reason[:80],
            "notify_url": order.notify_url,
            "amount": {"refund": order.refund_fen, "total": order.total_fen, "currency": "CNY"},
        }  # fmt: skip
        return self.pay.post("refund.create", PATH, Refunded, body, per_second=CREATES_PER_SECOND)

    def find(self, number: str) -> Refunded | None:
        """The refund of our number; None where it was never accepted, so that the same number may be sent again [H]."""
        try:
            return self.pay.get("refund.find", f"{PATH}/{part(number)}", Refunded, per_second=FINDS_PER_SECOND)
        except Refused as refusal:
            if refusal.code == "RESOURCE_NOT_EXISTS":
                return None
            raise
