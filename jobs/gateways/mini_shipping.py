"""What WeChat is told of parcels: mandatory for own payments, whose money stays frozen until then; and tracking."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum

from jobs.gateways.shape import Id, Shape
from jobs.gateways.wechat_api import Voice
from models.rules.shanghai import SHANGHAI

UPLOAD, GET = "/wxa/sec/order/upload_shipping_info", "/wxa/sec/order/get_order"
TRACE, LOOK = "/cgi-bin/express/delivery/open_msg/trace_waybill", "/cgi-bin/express/delivery/open_msg/query_trace"
NOT_YET = "10060001"
"""The payment is not found: for about a minute after it, which is no error yet [H]."""
SHIPPED_BEFORE = frozenset({"10060002", "10060003"})
"""Finished, or shipped a second time already: one change a payment is allowed [M]."""


UNIFIED, SPLIT = 1, 2
TO_SHIP = 1


class Logistics(IntEnum):
    EXPRESS = 1
    LOCAL = 2
    VIRTUAL = 3
    PICKUP = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Waybill:
    """One parcel; SF asks for a masked phone number of one side besides [H]."""

    number: str
    company: str
    goods: str
    receiver_phone: str = field(default="", repr=False)


class Done(Shape):
    """Nothing but that it was done."""


class ShippedParcel(Shape):
    tracking_no: str = ""


class Shipped(Shape):
    """``finish_shipping``: nothing more of it will leave [M]."""

    finish_shipping: bool = False
    shipping_list: list[ShippedParcel] = []


class ShippingOrder(Shape):
    """``order_state`` 1 to ship, 2 shipped, 3 received, 4 over, 5 refunded, 6 money on its way [M]."""

    transaction_id: Id = ""
    merchant_trade_no: Id = ""
    order_state: int
    in_complaint: bool = False
    shipping: Shipped = Shipped()

    @property
    def waybills(self) -> frozenset[str]:
        """The parcels that are known there."""
        return frozenset(one.tracking_no for one in self.shipping.shipping_list)

    @property
    def is_finished(self) -> bool:
        """Whether everything has left, as far as is known there."""
        return self.shipping.finish_shipping or self.order_state > TO_SHIP


class ShippingAnswer(Shape):
    order: ShippingOrder


class Trace(Shape):
    """A waybill followed; the token opens WeChat's own page of its nodes."""

    waybill_token: str


class WaybillStatus(Shape):
    """``status`` 0 nothing, 1 collected, 2 under way, 3 being delivered, 4 signed, 5 trouble, 6 signed by another [M];
    the words of the nodes are not told [H]."""

    status: int
    waybill_id: Id = ""


class TraceAnswer(Shape):
    waybill_info: WaybillStatus


class Shippings:
    """The verbs over the mini-program's voice."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def upload(
        self, *, transaction: str, openid: str, waybills: Sequence[Waybill], at: datetime, is_split: bool, is_all: bool,
        logistics: Logistics = Logistics.EXPRESS,
    ) -> None:  # fmt: skip
        """Say how an own payment was sent. A later call must come with a later ``at``.

        One of several parcels is split from its first call on, since a change of that counts as the one sending anew
        that a payment has; the last call says that all has left, of which WeChat then tells the buyer [H: WXDOC
        order-shipping].
        """
        parcels = [
            {
                "tracking_no": one.number, "express_company": one.company, "item_desc": one.goods[:120],
                "contact": {"receiver_contact": one.receiver_phone} if one.receiver_phone else {},
            }
            for one in waybills
        ]  # fmt: skip
        body = {
            "order_key": {"order_number_type": 2, "transaction_id": transaction}, "logistics_type": int(logistics),
            "delivery_mode": SPLIT if is_split else UNIFIED, "is_all_delivered": is_all, "shipping_list": parcels,
            "upload_time": at.astimezone(SHANGHAI).isoformat(timespec="milliseconds"), "payer": {"openid": openid},
        }  # fmt: skip
        self._voice.ask("mini.ship", UPLOAD, Done, body)

    def find(self, transaction: str) -> ShippingOrder:
        """How a payment stands there; code 10060001 while it is not known yet."""
        return self._voice.ask(
            "mini.shipping", GET, ShippingAnswer, {"transaction_id": transaction}, is_safe=True
        ).order

    def follow(self, *, openid: str, waybill: Waybill, transaction: str, image: str) -> Trace:
        """Begin to follow a parcel of ours."""
        body = {
            "openid": openid, "waybill_id": waybill.number, "delivery_id": waybill.company,
            "receiver_phone": waybill.receiver_phone, "trans_id": transaction,
            "goods_info": {"detail_list": [{"goods_name": waybill.goods, "goods_img_url": image}]},
        }  # fmt: skip
        return self._voice.ask("mini.follow", TRACE, Trace, body, is_safe=True)

    def look(self, *, token: str, openid: str) -> WaybillStatus:
        """Where a followed parcel is."""
        body = {"waybill_token": token, "openid": openid}
        return self._voice.ask("mini.trace", LOOK, TraceAnswer, body, is_safe=True).waybill_info
