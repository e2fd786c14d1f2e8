"""Which orders have a case open."""

import sqlalchemy as sa

from models.base import db
from models.tables.after_sale import AfterSale


def of_order(order_id: int) -> AfterSale | None:
    """The case that is open on an order."""
    return db.session.scalars(
        sa.select(AfterSale).where(AfterSale.order_id == order_id, AfterSale.ended_at.is_(None))
    ).one_or_none()


def is_open(order_id: int) -> bool:
    """Whether an order's pending shares wait for an answer (rules §5.5)."""
    found = sa.exists().where(AfterSale.order_id == order_id, AfterSale.ended_at.is_(None))
    return bool(db.session.scalar(sa.select(found)))
