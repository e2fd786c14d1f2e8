"""An order of the WeChat shop as its interface tells it: what is read of it, where it stands, and who sold it.

The shape is facts/wechat §3.2. Ids come as text or number and are text here; amounts are fen, moments Unix seconds.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from models.errors import Conflict, Invalid
from models.rules.order import Scene

UNPAID, DONE, CANCELLED = 10, 100, 250
PAID = frozenset({20, 21, 30, DONE, 200, 190})
"""To ship, partly shipped, shipped, done, refunded wholly, oversold: money came in."""
SHIPPED = frozenset({30, DONE})
"""Sent wholly; of an order at 21 something is still to leave."""
SCENES: Mapping[int, Scene] = {2: Scene.LIVE, 3: Scene.SHORT_VIDEO, 4: Scene.SHARE_LINK, 5: Scene.SHOWCASE}
FULL_PRESALE = 1
FINDER, TALENT, AGENCY = 1, 5, 1000


class Unreadable(Invalid):
    """An order without what no order can lack."""


class NotYet(Conflict):
    """The shop is still working out who sold it: it is read again in a minute."""


class Kind(StrEnum):
    """By what a showcase is known to the shop: its finder, its talent account, or the openid of who shared."""

    FINDER = "finder"
    TALENT = "talent"
    SHARER = "sharer"


@dataclass(frozen=True, slots=True)
class Account:
    """One way in which the shop names a seller."""

    kind: Kind
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One kind of goods; ``code`` is ours (out_product_id), ``paid_fen`` what was paid for all of it."""

    product_id: str
    code: str
    title: str
    quantity: int
    paid_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """``items`` are line numbers, from 1 in the order in which the shop tells the goods, with their pieces."""

    carrier: str
    waybill: str
    sent_at: datetime
    items: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Sold:
    """What is read of one order. ``sellers`` in the order in which they are believed."""

    number: str
    status: int
    told_at: datetime
    placed_at: datetime
    paid_at: datetime | None
    received_at: datetime | None
    openid: str
    transaction: str
    paid_fen: int
    freight_fen: int
    scene: Scene
    is_presale: bool
    lines: tuple[Line, ...]
    parcels: tuple[Parcel, ...]
    sent_at: datetime | None
    sellers: tuple[Account, ...]
    is_worked_out: bool
    province: str
    city: str
    district: str
    address_hash: str
    cases: tuple[str, ...]

    @property
    def is_paid(self) -> bool:
        return self.status in PAID and self.paid_at is not None

    @property
    def shipped_at(self) -> datetime | None:
        """When the last piece left; none while something is still to leave."""
        if self.status not in SHIPPED:
            return None
        return self.sent_at or max((one.sent_at for one in self.parcels), default=self.told_at)


def read(order: Mapping[str, Any]) -> Sold:
    """The order behind `order/get`; refused where number, status or moments are missing."""
    detail = _inner(order, "order_detail")
    pay, price, ext = (_inner(detail, name) for name in ("pay_info", "price_info", "ext_info"))
    delivery = _inner(detail, "delivery_info")
    address, products = _inner(delivery, "address_info"), _list(detail, "product_infos")
    number, placed = _id(order, "order_id"), _moment(order, "create_time")
    if not number or placed is None:
        raise Unreadable("小店订单缺少订单号或下单时间，无法处理。")
    return Sold(
        number=number, status=_int(order, "status"), placed_at=placed, told_at=_moment(order, "update_time") or placed,
        paid_at=_moment(pay, "pay_time"), received_at=_moment(ext, "confirm_receipt_time"), openid=_id(order, "openid"),
        transaction=_id(pay, "transaction_id"), paid_fen=_int(price, "order_price"), freight_fen=_int(price, "freight"),
        scene=SCENES.get(_int(ext, "order_scene"), Scene.SHARE_LINK),
        is_presale=any(_int(_inner(one, "sku_deliver_info"), "stock_type") == FULL_PRESALE for one in products),
        lines=tuple(map(_line, products)), parcels=tuple(_parcels(delivery, placed, products)),
        sent_at=_moment(delivery, "ship_done_time"), sellers=sellers(detail),
        is_worked_out=_is_worked_out(detail), province=str(address.get("province_name") or ""),
        city=str(address.get("city_name") or ""), district=str(address.get("county_name") or ""),
        address_hash=str(address.get("hash_code") or ""),
        cases=tuple(_id(one, "aftersale_order_id") for one in _list(_inner(order, "aftersale_detail"),
                    "aftersale_order_list")),
    )  # fmt: skip


def sellers(detail: Mapping[str, Any]) -> tuple[Account, ...]:
    """Who may have sold it, the surest first: the account it was bought from, who earns its commission, the finder
    of the page, who shared it (facts/wechat §1, §3.2)."""
    found: dict[Account, None] = {}

    def add(kind: Kind, account: Any) -> None:
        if account:
            found[Account(kind, str(account))] = None

    for one in _list(detail, "source_infos"):
        kinds = {FINDER: Kind.FINDER, TALENT: Kind.TALENT}
        if (kind := kinds.get(_int(one, "account_type"))) is not None:
            add(kind, one.get("account_id"))
    for one in _list(detail, "commission_infos"):
        add(Kind.FINDER, one.get("finder_id"))
        add(Kind.FINDER, one.get("openfinderid"))
        add(Kind.TALENT, one.get("talent_id"))
    add(Kind.FINDER, _inner(detail, "ext_info").get("finder_id"))
    add(Kind.SHARER, _inner(detail, "sharer_info").get("sharer_openid"))
    for one in _list(detail, "sku_sharer_infos"):
        add(Kind.SHARER, one.get("sharer_openid"))
    return tuple(found)


def _is_worked_out(detail: Mapping[str, Any]) -> bool:
    """Whether the shop is done with commissions and sharers; a side that says nothing of its progress is done."""
    ext, sharer = _inner(detail, "ext_info"), _inner(detail, "sharer_info")
    told = [one.get(name) for one, name in ((ext, "commission_handling_progress"), (sharer, "handling_progress"))]
    return all(one in (None, 1) for one in told)


def _line(one: Mapping[str, Any]) -> Line:
    return Line(
        product_id=_id(one, "product_id"), code=str(one.get("out_product_id") or one.get("sku_code") or ""),
        title=str(one.get("title") or "")[:200], quantity=max(1, _int(one, "sku_cnt")),
        paid_fen=_int(one, "real_price"),
    )  # fmt: skip


def _parcels(
    delivery: Mapping[str, Any], placed: datetime, products: Sequence[Mapping[str, Any]]
) -> list[Parcel]:  # fmt: skip
    gone: Counter[int] = Counter()
    return [
        Parcel(
            carrier=str(one.get("delivery_name") or one.get("delivery_id") or "其他快递")[:40],
            waybill=_id(one, "waybill_id"), sent_at=_moment(one, "delivery_time") or placed,
            items=_packed(one, products, gone),
        )
        for one in _list(delivery, "delivery_product_info")
        if one.get("waybill_id")
    ]  # fmt: skip


def _packed(
    parcel: Mapping[str, Any], products: Sequence[Mapping[str, Any]], gone: Counter[int]
) -> tuple[tuple[int, int], ...]:
    """The pieces of each line in a parcel. Two lines of one sku (goods and a gift of the same) fill in their order;
    ``gone`` is what earlier parcels hold, and what a parcel holds beyond its order's goods is left out."""
    held: Counter[int] = Counter()
    for goods in _list(parcel, "product_infos"):
        pieces, key = max(0, _int(goods, "product_cnt")), (_id(goods, "product_id"), _id(goods, "sku_id"))
        for n, line in enumerate(products, start=1):
            if key == (_id(line, "product_id"), _id(line, "sku_id")):
                fits = min(pieces, max(1, _int(line, "sku_cnt")) - gone[n])
                pieces, gone[n], held[n] = pieces - fits, gone[n] + fits, held[n] + fits
    return tuple(sorted((n, fits) for n, fits in held.items() if fits > 0))


def _inner(of: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = of.get(name)
    return found if isinstance(found, Mapping) else {}


def _list(of: Mapping[str, Any], name: str) -> Sequence[Mapping[str, Any]]:
    found = of.get(name)
    return [one for one in found if isinstance(one, Mapping)] if isinstance(found, list | tuple) else []


def _id(of: Mapping[str, Any], name: str) -> str:
    found = of.get(name)
    return str(found) if isinstance(found, str | int) and not isinstance(found, bool) else ""


def _int(of: Mapping[str, Any], name: str) -> int:
    text = str(of.get(name) or 0)
    return int(text) if text.lstrip("-").isdigit() else 0


def _moment(of: Mapping[str, Any], name: str) -> datetime | None:
    seconds = _int(of, name)
    return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
