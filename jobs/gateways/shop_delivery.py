"""Sending shop orders: companies, parcels, electronic waybills, and goods sent by their maker (dropship)."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from jobs.gateways.shape import Id, Shape
from jobs.gateways.wechat_api import Voice

ORDER, EWAYBILL, DROPSHIP = (
    "/channels/ec/order", "/channels/ec/logistics/ewaybill/biz/order", "/channels/ec/order/dropship"
)  # fmt: skip
BY_COURIER, WITHOUT = 1, 3


class Company(Shape):
    delivery_id: str
    delivery_name: str


class Companies(Shape):
    company_list: list[Company] = []


class Done(Shape):
    """Nothing but that it was done."""


class Precreated(Shape):
    ewaybill_order_id: Id


class Waybill(Shape):
    """``delivery_error_msg`` says why a courier gave no number."""

    ewaybill_order_id: Id = ""
    waybill_id: str = ""
    print_info: str = ""
    delivery_error_msg: str = ""


class PathNode(Shape):
    status: int = 0
    desc: str = ""
    update_time: int = 0


class WaybillPath(Shape):
    """The only feed of nodes that a shop has: of waybills made here [H]."""

    waybill_id: str = ""
    status: int = 0
    path_info: list[PathNode] = []


class Assigned(Shape):
    ds_order_id: Id = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """How many of a sku lie in a parcel."""

    product_id: str
    sku_id: str
    number: int

    def body(self) -> dict[str, object]:
        return {"product_id": self.product_id, "sku_id": self.sku_id, "product_cnt": self.number}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """A parcel on its way."""

    company: str
    number: str
    packed: tuple[Packed, ...]

    def body(self) -> dict[str, object]:
        return {
            "delivery_id": self.company, "waybill_id": self.number, "deliver_type": BY_COURIER,
            "product_infos": [one.body() for one in self.packed],
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """Sender or receiver of an electronic waybill."""

    name: str = field(repr=False)
    mobile: str = field(repr=False)
    province: str
    city: str
    county: str
    address: str = field(repr=False)

    def body(self) -> dict[str, str]:
        return {
            "name": self.name, "mobile": self.mobile, "province": self.province, "city": self.city,
            "county": self.county, "address": self.address,
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class WaybillOrder:
    """What an electronic waybill is made of."""

    company: str
    account: str
    shop_id: str
    template: str
    order_id: str
    sender: Party
    receiver: Party
    packed: tuple[Packed, ...]

    def body(self) -> dict[str, object]:
        goods = [{"product_id": one.product_id, "sku_id": one.sku_id, "good_count": one.number} for one in self.packed]
        return {
            "delivery_id": self.company, "ewaybill_acct_id": self.account, "shop_id": self.shop_id,
            "template_id": self.template, "sender": self.sender.body(), "receiver": self.receiver.body(),
            "ec_order_list": [{"ec_order_id": self.order_id, "goods_list": goods}],
        }  # fmt: skip


class ShopDeliveries:
    """Sending, correcting, and letting others send."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def companies(self) -> Sequence[Company]:
        path = f"{ORDER}/deliverycompanylist/new/get"
        return self._voice.ask("shop.couriers", path, Companies, {}, is_safe=True).company_list

    def send(self, order_id: str, shipments: Sequence[Shipment]) -> None:
        """Say what was sent. No number makes it one, and its error codes are not published [?]: never made again by
        itself; after silence the order is read, which shows the parcels it knows."""
        body = {"order_id": order_id, "delivery_list": [one.body() for one in shipments]}
        self._voice.ask("shop.send", f"{ORDER}/delivery/send", Done, body)

    def correct(self, order_id: str, shipments: Sequence[Shipment]) -> None:
        """Write other waybills over those sent before."""
        body = {"order_id": order_id, "delivery_list": [one.body() for one in shipments]}
        self._voice.ask("shop.send.correct", f"{ORDER}/deliveryinfo/update", Done, body, is_safe=True)

    def make_waybill(self, order: WaybillOrder) -> Waybill:
        """An electronic waybill in its two steps; afterwards `send` still tells the shop."""
        body = order.body()
        first = self._voice.ask("shop.waybill.begin", f"{EWAYBILL}/precreate", Precreated, body)
        body = body | {"ewaybill_order_id": first.ewaybill_order_id}
        return self._voice.ask("shop.waybill.make", f"{EWAYBILL}/create", Waybill, body)

    def path(self, *, waybill: str, company: str, ewaybill_order_id: str) -> WaybillPath:
        """Where a waybill made here is."""
        body = {"waybill_id": waybill, "delivery_id": company, "ewaybill_order_id": ewaybill_order_id}
        return self._voice.ask("shop.waybill", f"{EWAYBILL}/get", WaybillPath, body, is_safe=True)

    def hand_over(self, *, order_id: str, supplier_id: str, packed: Sequence[Packed]) -> Assigned:
        """Let the maker send it (dropship); the shape of this one is of one source [M]."""
        body = {
            "order_id": order_id, "supplier_id": supplier_id, "product_infos": [one.body() for one in packed]
        }  # fmt: skip
        return self._voice.ask("shop.dropship", f"{DROPSHIP}/assign", Assigned, body)

    def take_back(self, ds_order_id: str) -> None:
        """The maker does not send it after all."""
        self._voice.ask("shop.dropship.cancel", f"{DROPSHIP}/cancel", Done, {"ds_order_id": ds_order_id})
