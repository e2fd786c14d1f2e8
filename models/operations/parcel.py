"""Parcels: sent with their waybill, followed track by track."""

from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.errors import Missing
from models.operations import errand, outbox
from models.operations import order as orders
from models.rules import parcel as rules
from models.rules.parcel import State
from models.tables.parcel import Parcel, ParcelTrack


class NoParcel(Missing):
    """No parcel has this id."""


def send(*, number: str, carrier: str, waybill: str, at: datetime, is_told: bool = False) -> Parcel:
    """A parcel of an order leaves (rules §5.1); the same waybill again is the same parcel.

    WeChat is told of it where the order came from there, unless ``is_told``: then it is WeChat who told us.
    """
    carrier, waybill = carrier.strip(), waybill.strip()
    rules.check_waybill(carrier=carrier, waybill=waybill)
    order = orders.ship(number=number, at=at)
    there = _there(order.id, carrier, waybill, is_told=is_told)
    if there is not None:
        return there
    parcel = Parcel(order_id=order.id, carrier=carrier, waybill=waybill, state=State.SENT, sent_at=at, moved_at=at)
    db.session.add(parcel)
    db.session.flush()
    outbox.emit("parcel.sent", subject=orders.subject(order), parcel_id=parcel.id)
    if not is_told:
        errand.parcel_left(parcel=parcel, at=at)
    return parcel


def _there(order_id: int, carrier: str, waybill: str, *, is_told: bool) -> Parcel | None:
    """The parcel as it is known: WeChat writes carriers in its own way, so to its word the waybill alone counts."""
    chosen = sa.select(Parcel).where(Parcel.order_id == order_id, Parcel.waybill == waybill)
    if not is_told:
        chosen = chosen.where(Parcel.carrier == carrier)
    return db.session.scalars(chosen.order_by(Parcel.id).limit(1)).one_or_none()


def track(*, parcel_id: int, state: State, words: str, at: datetime) -> ParcelTrack:
    """What the carrier says, as it says it; the same words of the same moment are one track."""
    parcel = db.session.get(Parcel, parcel_id, with_for_update=True, populate_existing=True)
    if parcel is None:
        raise NoParcel("规则 5.1：没有这个包裹，请刷新列表。")
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
