"""What there is to say about one fact, and to whom; None where it concerns no member."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.tables.job import Event
from models.tables.listing import Delisting, DelistingWindow, Listing
from models.tables.member import Member
from models.tables.notice import Notice
from models.tables.order import Order, Refund
from models.tables.parcel import BalanceReminder, Parcel
from models.tables.payout import Withdrawal
from models.tables.product import Product


def withdrawal(number: str) -> Any:
    """A withdrawal that has ended."""
    columns = (
        Withdrawal.member_id, Withdrawal.state, Withdrawal.amount_fen, Withdrawal.tax_fen, Withdrawal.reason,
        Withdrawal.ended_at,
    )  # fmt: skip
    chosen = sa.select(*columns).where(Withdrawal.number == number, Withdrawal.ended_at.is_not(None))
    return db.session.execute(chosen).one_or_none()


def refund(order_id: int, n: int) -> Any:
    """A refund of an order that a member bought."""
    chosen = (
        sa.select(Refund.amount_fen, Refund.at, Order.number, Order.buyer_id).join(Order, Order.id == Refund.order_id)
        .where(Refund.order_id == order_id, Refund.n == n, Order.buyer_id.is_not(None))
    )  # fmt: skip
    return db.session.execute(chosen).one_or_none()


def parcels(event_ids: Sequence[int]) -> Sequence[Any]:
    """The parcels of orders that members bought, among those that these events tell of."""
    told = sa.select(sa.cast(Event.payload["parcel_id"].astext, sa.BigInteger)).where(Event.id.in_(event_ids))
    chosen = (
        sa.select(Parcel.id, Parcel.carrier, Parcel.waybill, Parcel.sent_at, Order.number, Order.buyer_id)
        .join(Order, Order.id == Parcel.order_id).where(Parcel.id.in_(told), Order.buyer_id.is_not(None))
    )  # fmt: skip
    return db.session.execute(chosen.order_by(Parcel.id)).all()


def delisted(delisting_id: int, *, limit: int) -> Sequence[Any]:
    """Promoters in whose windows a product of a delisting stood and who were not told of it yet."""
    about = f"delisting:{delisting_id}"
    told = sa.exists().where(
        Notice.member_id == Member.id, Notice.kind == "product.delisted", Notice.about == about
    )  # fmt: skip
    chosen = (
        sa.select(Member.id, Product.title, Delisting.reason, Delisting.asked_at, DelistingWindow.outcome)
        .join(Listing, Listing.member_id == Member.id)
        .join(DelistingWindow, DelistingWindow.listing_id == Listing.id)
        .join(Delisting, Delisting.id == DelistingWindow.delisting_id)
        .join(Product, Product.id == Delisting.product_id)
        .where(Delisting.id == delisting_id, Member.position.is_(None), ~told).order_by(Member.id).limit(limit)
    )  # fmt: skip
    return db.session.execute(chosen).all()


def unreminded(*, before: datetime, most: int, limit: int) -> Sequence[str]:
    """Presales whose balance is due and was last asked for before a moment, and not ``most`` times yet."""
    times, last = sa.func.count(BalanceReminder.n), sa.func.max(BalanceReminder.at)
    chosen = (
        sa.select(Order.number).outerjoin(BalanceReminder, BalanceReminder.order_id == Order.id)
        .where(Order.state == "balance_due").group_by(Order.id)
        .having((times < most) & ((last < before) | last.is_(None)))
    )  # fmt: skip
    return db.session.scalars(chosen.order_by(Order.id).limit(limit)).all()


def balance(order_id: int) -> Any:
    """A presale of a member whose balance is due, with how often and when last it was asked for."""
    asked = sa.select(
        sa.func.count().label("reminders"), sa.func.max(BalanceReminder.at).label("reminded_at")
    ).where(BalanceReminder.order_id == order_id).subquery()  # fmt: skip
    chosen = sa.select(
        Order.number, Order.buyer_id, Order.paid_fen, Order.deposit_fen, asked.c.reminders,
        sa.func.coalesce(asked.c.reminded_at, Order.placed_at).label("reminded_at"),
    ).select_from(Order).join(asked, sa.true())  # fmt: skip
    chosen = chosen.where(Order.id == order_id, Order.state == "balance_due", Order.buyer_id.is_not(None))
    return db.session.execute(chosen).one_or_none()
