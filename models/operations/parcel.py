"""Parcels: sent with their waybill and what lies in them, followed track by track."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.errors import Missing
from models.operations import errand, outbox
from models.operations import order as orders
from models.queries import errand as sources
from models.queries import parcel as queries
from models.rules import order as life
from models.rules import parcel as rules
from models.rules.parcel import State
from models.tables.order import Order
from models.tables.parcel import Parcel, ParcelItem, ParcelTrack

NO_PARCEL = "规则 5.1：没有这个包裹，请刷新列表。"


class NoParcel(Missing):
    """No parcel has this id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A parcel as the shop tells it; ``items`` are pieces by the order's line, none where the shop names none."""

    carrier: str
    waybill: str
    sent_at: datetime
    items: Mapping[int, int] = field(default_factory=dict)


def send(
    *, number: str, carrier: str, waybill: str, at: datetime, items: Mapping[int, int] | None = None
) -> Parcel:  # fmt: skip
    """A parcel of an order leaves (rules §5.1) with so many pieces of each line, or with all that is left.

    The order is shipped once its last piece has left: from then on the receipt confirms itself. The same waybill again
    is the same parcel. WeChat is told of it where the order came from there.
    """
    carrier, waybill = carrier.strip(), waybill.strip()
    rules.check_waybill(carrier=carrier, waybill=waybill)
    order = orders.by_number(number)
    life.after(life.State(order.state), life.Event.SHIP)
    known = sa.select(Parcel).where(Parcel.order_id == order.id, Parcel.waybill == waybill, Parcel.carrier == carrier)
    there = db.session.scalars(known).one_or_none()
    if there is not None:
        return there
    packing = queries.packing(order.id)
    taken = rules.chosen(packing.left, items) if packing.ordered else {}
    parcel = _sent(order, Told(carrier=carrier, waybill=waybill, sent_at=at, items=taken))
    if taken == packing.left:
        orders.ship(number=number, at=at)
    errand.parcel_left(parcel=parcel, at=at)
    return parcel


def _sent(order: Order, told: Told) -> Parcel:
    made = Parcel(
        order_id=order.id, carrier=told.carrier, waybill=told.waybill, state=State.SENT, sent_at=told.sent_at,
        moved_at=told.sent_at,
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    _pack(made, told.items)
    outbox.emit("parcel.sent", subject=orders.subject(order), parcel_id=made.id)
    return made


def _pack(parcel: Parcel, items: Mapping[int, int]) -> None:
    db.session.add_all(
        ParcelItem(parcel_id=parcel.id, n=n, order_id=parcel.order_id, pieces=pieces) for n, pieces in items.items()
    )
    db.session.flush()


def fold(*, order: Order, told: Told) -> Parcel:
    """A parcel that the shop knows, known here too; what it says to lie in it counts (rules §5.1).

    The shop writes carriers in its own way, so the waybill alone tells parcels apart, be it one that was corrected here
    and is not there yet. Whether the order has left wholly is the shop's to say: `order.ship`. Who calls has locked the
    order.
    """
    life.after(life.State(order.state), life.Event.SHIP)
    is_same = (Parcel.waybill == told.waybill) | (sa.literal(told.waybill) == Parcel.formerly.any_())
    chosen = sa.select(Parcel).where(Parcel.order_id == order.id, is_same)
    there = db.session.scalars(chosen.order_by(Parcel.id).limit(1)).one_or_none()
    if there is None:
        return _sent(order, told)
    held = sa.select(ParcelItem).where(ParcelItem.parcel_id == there.id)
    items = db.session.scalars(held.execution_options(populate_existing=True)).all()
    if told.items and {one.n: one.pieces for one in items} != dict(told.items):
        for one in items:
            db.session.delete(one)
        db.session.flush()
        _pack(there, told.items)
    return there


def correct(*, parcel_id: int, carrier: str, waybill: str, at: datetime) -> Parcel:
    """A carrier or waybill was written down wrongly (rules §5.1): the right ones from now on, here and at WeChat."""
    carrier, waybill = carrier.strip(), waybill.strip()
    rules.check_waybill(carrier=carrier, waybill=waybill)
    # The order before its parcel, as when a parcel is sent: two parcels never come by one waybill at once.
    db.session.get(Order, _order_of(parcel_id), with_for_update=True, populate_existing=True)
    parcel = _locked(parcel_id)
    if (carrier, waybill) == (parcel.carrier, parcel.waybill):
        return parcel
    rules.check_correction(State(parcel.state))
    known = sa.select(Parcel.id).where(Parcel.order_id == parcel.order_id, Parcel.id != parcel_id)
    if db.session.scalar(known.where(Parcel.waybill == waybill)) is not None:
        raise rules.WaybillTaken("规则 5.1：本单另一个包裹已使用这个运单号，请核对面单。")
    if waybill != parcel.waybill:
        parcel.formerly = [*parcel.formerly, parcel.waybill]
    parcel.carrier, parcel.waybill = carrier, waybill
    db.session.flush()
    errand.forget_trace(parcel_id=parcel_id)
    errand.waybill_corrected(parcel=parcel, at=at)
    return parcel


def leave_rest(*, number: str, at: datetime) -> Order:
    """Nothing more of a partly sent order will leave: it is shipped with what has left (rules §5.1)."""
    order = orders.by_number(number)
    source = sources.source(order.id)
    if source is not None and source.channel == "shop":
        raise rules.ShopDecides(
            "规则 5.1：小店订单是否发完由小店判断：未发商品退款后，小店会自动更新，无需在这里操作。"
        )
    if not queries.packing(order.id).parcels:
        raise rules.NothingSent("规则 5.1：本单还没有发出包裹；不再发货的订单请取消或退款。")
    shipped = orders.ship(number=number, at=at)
    errand.shipping_changed(order_id=order.id, at=at)
    return shipped


def _order_of(parcel_id: int) -> int:
    found = db.session.scalar(sa.select(Parcel.order_id).where(Parcel.id == parcel_id))
    if found is None:
        raise NoParcel(NO_PARCEL)
    return found


def _locked(parcel_id: int) -> Parcel:
    parcel = db.session.get(Parcel, parcel_id, with_for_update=True, populate_existing=True)
    if parcel is None:
        raise NoParcel(NO_PARCEL)
    return parcel


def track(*, parcel_id: int, state: State, words: str, at: datetime) -> ParcelTrack:
    """What the carrier says, as it says it; the same words of the same moment are one track."""
    parcel = _locked(parcel_id)
    words = words.strip()
    if not words:
        raise rules.NoWords("规则 5.1：请填写物流动态的内容。")
    told = sa.select(ParcelTrack).where(ParcelTrack.parcel_id == parcel_id)
    there = db.session.scalars(told.where(ParcelTrack.at == at, ParcelTrack.words == words)).first()
    if there is not None:
        return there
    n = 1 + (db.session.scalar(sa.select(sa.func.max(ParcelTrack.n)).where(ParcelTrack.parcel_id == parcel_id)) or 0)
    made = ParcelTrack(parcel_id=parcel_id, n=n, at=at, state=state, words=words)
    db.session.add(made)
    parcel.moved_at, parcel.state = max(parcel.moved_at, at), rules.after(State(parcel.state), state)
    if parcel.state == State.DELIVERED and parcel.delivered_at is None:
        parcel.delivered_at = at
        outbox.emit("parcel.delivered", subject=f"order:{orders.number_of(parcel.order_id)}", parcel_id=parcel.id)
    db.session.flush()
    return made
