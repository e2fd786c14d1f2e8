"""What WeChat is still to be told, and all that is needed to tell it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.queries import parcel as parcels
from models.rules.errand import ENDED, Kind, State
from models.rules.order import State as OrderState
from models.tables.after_sale import AfterSale
from models.tables.errand import Errand, ParcelTrace
from models.tables.inbound import OrderSource
from models.tables.order import Order, OrderLine
from models.tables.parcel import Parcel
from models.tables.shop import ShopCase


@dataclass(frozen=True, slots=True)
class Item:
    """Pieces of an order's n-th line, and how that is called."""

    n: int
    code: str
    title: str
    pieces: int


@dataclass(frozen=True, slots=True)
class Sent:
    """A parcel as it was recorded here; without items it holds all that was left."""

    carrier: str
    waybill: str
    items: tuple[Item, ...] = ()
    formerly: tuple[str, ...] = ()

    @property
    def goods(self) -> str:
        """What lies in it, in words."""
        return "、".join(f"{one.title}×{one.pieces}" for one in self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Todo:
    """One errand with what it takes; ``about`` is the number of the shop's after-sale where it is about one, ``is_all``
    whether nothing more of the order will leave."""

    errand_id: int
    kind: Kind
    about: str
    words: str
    order: str
    transaction: str
    openid: str
    phone: str
    goods: str
    reason: str
    parcels: tuple[Sent, ...]
    is_all: bool
    sent_at: datetime | None


def todo(errand_id: int) -> Todo | None:
    """An errand that is due; none where it ended."""
    found = db.session.get(Errand, errand_id, populate_existing=True)
    if found is None or found.state != State.DUE:
        return None
    order = db.session.get_one(Order, found.order_id)
    source = db.session.get_one(OrderSource, found.order_id)
    sent = db.session.scalars(sa.select(Parcel).where(Parcel.order_id == order.id).order_by(Parcel.id)).all()
    about, reason = found.subject.partition(":")[2], ""
    if found.kind in (Kind.PARCEL, Kind.WAYBILL):
        sent = [one for one in sent if str(one.id) == about]
    elif found.kind != Kind.SHIPPING:
        reason = db.session.get_one(AfterSale, int(about)).kind
        behind = shop_case(int(about))
        about = behind.number if behind else ""
    lines = db.session.scalars(sa.select(OrderLine).where(OrderLine.order_id == order.id).order_by(OrderLine.n)).all()
    return Todo(
        errand_id=found.id, kind=Kind(found.kind), about=about, words=found.words, order=source.number,
        transaction=source.transaction, openid=source.openid, phone=str(order.address.get("phone") or ""),
        goods="、".join(line.title for line in lines) or order.number, reason=reason,
        parcels=_packed(order.id, sent, lines), is_all=order.state != OrderState.PAID, sent_at=found.sent_at,
    )  # fmt: skip


def _packed(order_id: int, sent: Sequence[Parcel], lines: Sequence[OrderLine]) -> tuple[Sent, ...]:
    held, known = parcels.packing(order_id).parcels, {line.n: line for line in lines}
    return tuple(
        Sent(one.carrier, one.waybill, tuple(
            Item(n, known[n].product_code, known[n].title, pieces) for n, pieces in held[one.id].items()
        ), tuple(one.formerly))
        for one in sent
    )  # fmt: skip


def of_order(order_id: int) -> Sequence[Errand]:
    """Everything that WeChat was or is to be told of an order, the newest first."""
    return db.session.scalars(sa.select(Errand).where(Errand.order_id == order_id).order_by(Errand.id.desc())).all()


def shop_case(after_sale_id: int) -> ShopCase | None:
    """The shop's after-sale behind a case of ours, the newest."""
    chosen = sa.select(ShopCase).where(ShopCase.after_sale_id == after_sale_id).order_by(ShopCase.id.desc()).limit(1)
    return db.session.scalars(chosen.execution_options(populate_existing=True)).one_or_none()


def live_case(after_sale_id: int) -> ShopCase | None:
    """The shop's after-sale that waits behind a case of ours."""
    found = shop_case(after_sale_id)
    return found if found is not None and found.status not in ENDED else None


def source(order_id: int) -> OrderSource | None:
    """Where an order came in."""
    return db.session.get(OrderSource, order_id)


def overdue(*, before: datetime, limit: int) -> Sequence[Errand]:
    """Errands due since before a moment, the oldest first."""
    chosen = sa.select(Errand).where(Errand.state == State.DUE, Errand.asked_at < before)
    return db.session.scalars(chosen.order_by(Errand.id).limit(limit)).all()


def unfollowed(*, limit: int) -> Sequence[Any]:
    """Parcels of own payments on their way that WeChat does not follow yet."""
    columns = (
        Parcel.id, Parcel.carrier, Parcel.waybill, OrderSource.openid, OrderSource.transaction,
        Order.address["phone"].astext.label("phone"),
        sa.select(OrderLine.title).where(OrderLine.order_id == Order.id).order_by(OrderLine.n).limit(1)
        .scalar_subquery().label("goods"),
    )  # fmt: skip
    chosen = (
        sa.select(*columns).join(Order, Order.id == Parcel.order_id)
        .join(OrderSource, OrderSource.order_id == Order.id)
        .outerjoin(ParcelTrace, ParcelTrace.parcel_id == Parcel.id)
        .where(
            Parcel.state.in_(("sent", "moving")), OrderSource.channel == "pay", OrderSource.transaction != "",
            OrderSource.openid != "", ParcelTrace.parcel_id.is_(None),
        ).order_by(Parcel.id).limit(limit)
    )  # fmt: skip
    return db.session.execute(chosen).all()


def followed(*, before: datetime, limit: int) -> Sequence[ParcelTrace]:
    """Traces that have not ended and were not asked about since a moment, or of which nothing was told yet, the longest
    unasked first."""
    is_due = (ParcelTrace.asked_at < before) | (ParcelTrace.status == 0)
    chosen = sa.select(ParcelTrace).where(ParcelTrace.ended_at.is_(None), is_due)
    return db.session.scalars(chosen.order_by(ParcelTrace.asked_at, ParcelTrace.parcel_id).limit(limit)).all()
