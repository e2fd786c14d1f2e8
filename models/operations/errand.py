"""Telling WeChat what was decided here: owed with the decision, sent by a job, its outcome kept."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from models.base import db
from models.errors import Missing
from models.operations import outbox
from models.queries import errand as queries
from models.rules import errand as rules
from models.rules.errand import Kind, State
from models.tables.errand import Errand, ParcelTrace
from models.tables.order import Order
from models.tables.parcel import Parcel


class NoErrand(Missing):
    """Nothing of this id is to be told."""


def owe(*, kind: Kind, subject: str, order_id: int, at: datetime, words: str = "") -> None:
    """Have WeChat told of something: once a kind and subject, and anew where it is to be told otherwise."""
    fresh = {"state": State.DUE, "words": words, "code": "", "error": "", "ended_at": None, "asked_at": at}
    made = db.session.scalar(
        insert(Errand).values(kind=kind, subject=subject, order_id=order_id, tries=0, **fresh)
        .on_conflict_do_update(
            constraint="uq_errand_kind_subject", set_=fresh, where=(Errand.state == State.REFUSED) | _is_many(kind)
        ).returning(Errand.id)
    )  # fmt: skip
    if made is not None:
        outbox.emit("errand.owed", subject=_about(order_id), errand_id=made)


def _is_many(kind: Kind) -> sa.ColumnElement[bool]:
    """The shipping of a payment names all its parcels, and is told again with each further one; a waybill may be
    corrected again."""
    return sa.literal(kind in (Kind.SHIPPING, Kind.WAYBILL))


def _about(order_id: int) -> str:
    return f"order:{db.session.scalars(sa.select(Order.number).where(Order.id == order_id)).one()}"


def parcel_left(*, parcel: Parcel, at: datetime) -> None:
    """A parcel that was recorded here: the shop, or the payment's side of WeChat, is to know of it."""
    source = queries.source(parcel.order_id)
    if source is None:
        return
    if source.channel == "shop":
        owe(kind=Kind.PARCEL, subject=f"parcel:{parcel.id}", order_id=parcel.order_id, at=at)
    else:
        shipping_changed(order_id=parcel.order_id, at=at)


def waybill_corrected(*, parcel: Parcel, at: datetime) -> None:
    """A waybill was wrong: the shop, or the payment's side of WeChat, is to write the right one over it."""
    source = queries.source(parcel.order_id)
    if source is not None and source.channel == "shop":
        owe(kind=Kind.WAYBILL, subject=f"parcel:{parcel.id}", order_id=parcel.order_id, at=at)
    shipping_changed(order_id=parcel.order_id, at=at)


def forget_trace(*, parcel_id: int) -> None:
    """WeChat followed a waybill that was wrong: the right one is followed anew."""
    db.session.execute(sa.delete(ParcelTrace).where(ParcelTrace.parcel_id == parcel_id))


def shipping_changed(*, order_id: int, at: datetime) -> None:
    """Another parcel of an own payment left, or it is said that no other will: WeChat is to know."""
    source = queries.source(order_id)
    if source is not None and source.channel != "shop" and source.transaction:
        owe(kind=Kind.SHIPPING, subject=f"order:{order_id}", order_id=order_id, at=at)


def mark_sent(*, errand_id: int, seen: datetime | None, at: datetime) -> bool:
    """Take the one right to tell; no where another took it since ``seen``."""
    found = _locked(errand_id)
    if found.state != State.DUE or found.sent_at != seen:
        return False
    found.sent_at, found.tries = at, found.tries + 1
    db.session.flush()
    return True


def settle(*, errand_id: int, at: datetime) -> None:
    """WeChat knows."""
    found = _locked(errand_id)
    if found.state == State.DUE:
        found.state, found.ended_at = State.DONE, at
        db.session.flush()


def refuse(*, errand_id: int, code: str, error: str, at: datetime) -> None:
    """WeChat will not, and says why; a person sees to it."""
    found = _locked(errand_id)
    if found.state == State.DUE:
        found.state, found.ended_at, found.code, found.error = State.REFUSED, at, code, error or code
        db.session.flush()


def again(*, errand_id: int, by: str, at: datetime) -> Errand:
    """Tell once more what was refused, after what stood in the way was mended."""
    found = _locked(errand_id)
    if found.state != State.REFUSED:
        raise rules.NotRefused("这一项已完成或正在回传，无需重试；请刷新后查看。")
    found.state, found.ended_at, found.code, found.error, found.asked_at = State.DUE, None, "", "", at
    db.session.flush()
    ask(found, by=by)
    return found


def ask(found: Errand, *, by: str, key: str | None = None) -> None:
    """Ask for the job that tells."""
    outbox.request(
        "tell_wechat", payload={"errand_id": found.id}, subject=_about(found.order_id), title="回传微信", by=by, key=key
    )


def begin_trace(*, parcel_id: int, token: str, openid: str, at: datetime) -> None:
    """WeChat follows a parcel from now on."""
    db.session.execute(
        insert(ParcelTrace).values(
            parcel_id=parcel_id, token=token, openid=openid, status=0, begun_at=at, asked_at=at
        ).on_conflict_do_nothing()
    )  # fmt: skip


def looked(*, parcel_id: int, status: int, at: datetime) -> bool:
    """Where a followed parcel is now; whether that is news."""
    found = db.session.get_one(ParcelTrace, parcel_id, with_for_update=True, populate_existing=True)
    is_news = found.status != status
    found.status, found.asked_at = status, at
    if rules.TRACKS.get(status, ("", ""))[0] == "delivered":
        found.ended_at = at
    db.session.flush()
    return is_news


def _locked(errand_id: int) -> Errand:
    found = db.session.get(Errand, errand_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NoErrand("没有这项回传，请刷新列表。")
    return found
