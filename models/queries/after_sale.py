"""Which orders have a case open, and what is known of one before a person looks."""

from collections.abc import Callable, Collection, Sequence
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from models.base import db
from models.rules import parcel as parcels
from models.rules.after_sale import Kind
from models.rules.verdict import Facts
from models.tables.after_sale import AfterSale
from models.tables.job import Event
from models.tables.order import Order
from models.tables.parcel import Parcel

LOOKED_BACK = timedelta(days=30)


def of_order(order_id: int) -> AfterSale | None:
    """The case that is open on an order."""
    return db.session.scalars(
        sa.select(AfterSale).where(AfterSale.order_id == order_id, AfterSale.ended_at.is_(None))
    ).one_or_none()


def open_ones(order_ids: Collection[int]) -> set[int]:
    """Which of these orders have pending shares that wait for an answer (rules §5.5)."""
    found = sa.select(AfterSale.order_id).where(AfterSale.order_id.in_(order_ids), AfterSale.ended_at.is_(None))
    return set(db.session.scalars(found))


def is_open(order_id: int) -> bool:
    """Whether an order's pending shares wait for an answer (rules §5.5)."""
    return order_id in open_ones([order_id])


def goods_back() -> Sequence[AfterSale]:
    """Open cases whose goods are back, the longest first: their money is due within days."""
    waiting = sa.select(AfterSale).where(AfterSale.ended_at.is_(None), AfterSale.goods_back_at.is_not(None))
    return db.session.scalars(waiting.order_by(AfterSale.goods_back_at, AfterSale.id)).all()


def subject(after_sale_id: int) -> str:
    """How events name a case."""
    return f"after_sale:{after_sale_id}"


def is_told(name: str, after_sale_id: int) -> bool:
    """Whether a fact about a case was told already."""
    found = sa.exists().where(Event.name == name, Event.subject == subject(after_sale_id))
    return bool(db.session.scalar(sa.select(found)))


def facts(case: AfterSale, *, at: datetime, day: Callable[[datetime], date]) -> Facts:
    """What the first verdict rests on; ``day`` says on which Shanghai day an instant falls."""
    order = db.session.get_one(Order, case.order_id)
    bought = sa.select(sa.func.count(), sa.func.count().filter(Order.refunded_fen > 0)).where(
        _same_buyer(order), Order.paid_at > at - LOOKED_BACK, Order.paid_at <= at
    )
    orders, returns = db.session.execute(bought).one()
    states = set(db.session.scalars(sa.select(Parcel.state).where(Parcel.order_id == order.id)))
    return Facts(
        kind=Kind(case.kind),
        today=day(at),
        received_on=day(order.completed_at) if order.completed_at else None,
        has_left=order.shipped_at is not None or order.completed_at is not None,
        is_delivered=parcels.State.DELIVERED in states or order.completed_at is not None,
        is_held=order.is_held,
        buyer_orders=orders,
        buyer_returns=returns,
    )


def _same_buyer(order: Order) -> sa.ColumnElement[bool]:
    if order.buyer_id is not None:
        return Order.buyer_id == order.buyer_id
    return Order.id == order.id
