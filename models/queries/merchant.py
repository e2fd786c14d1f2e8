"""What a merchant has: matrices, shops, people below them, orders and money of its network."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Row

from models.base import db
from models.queries import ledger
from models.tables.member import Matrix, Member
from models.tables.merchant import Merchant, Shop
from models.tables.order import Order, OrderLine


@dataclass(frozen=True)
class Figures:
    """A merchant's network in numbers: people, and orders paid within a span."""

    people: int
    promoters: int
    orders: int
    paid_fen: int
    commission_fen: int
    products: int
    owed_fen: int


def choices(merchant_id: int | None) -> Sequence[Row[int, str, str]]:
    """The merchants a person may choose from, by name."""
    query = sa.select(Merchant.id, Merchant.code, Merchant.name).order_by(Merchant.name, Merchant.id)
    return db.session.execute(query if merchant_id is None else query.where(Merchant.id == merchant_id)).all()


def matrices(merchant_id: int) -> Sequence[Matrix]:
    """A merchant's matrices, the oldest first."""
    return db.session.scalars(sa.select(Matrix).where(Matrix.merchant_id == merchant_id).order_by(Matrix.id)).all()


def shops(merchant_id: int) -> Sequence[Shop]:
    """A merchant's shops, the oldest first."""
    return db.session.scalars(sa.select(Shop).where(Shop.merchant_id == merchant_id).order_by(Shop.id)).all()


def figures(merchant: Merchant, *, since: datetime, until: datetime) -> Figures:
    """The merchant's networks now, and what they sold in [since, until)."""
    within = (Order.paid_at >= since, Order.paid_at < until)
    own = sa.select(Matrix.id).where(Matrix.merchant_id == merchant.id).scalar_subquery()
    people = sa.select(sa.func.count(), sa.func.count(Member.qualified_at)).where(Member.matrix_id.in_(own))
    sold = (
        sa.select(
            sa.func.count(),
            sa.cast(sa.func.coalesce(sa.func.sum(Order.paid_fen), 0), sa.BigInteger),
            sa.cast(sa.func.coalesce(sa.func.sum(Order.commission_fen), 0), sa.BigInteger),
        )
        .join(Member, Member.id == Order.seller_id)
        .where(Member.matrix_id.in_(own), *within)
    )
    goods = (
        sa.select(sa.func.count(sa.distinct(OrderLine.product_code)))
        .join(Order, Order.id == OrderLine.order_id)
        .join(Member, Member.id == Order.seller_id)
        .where(Member.matrix_id.in_(own), *within)
    )
    supplier = f"supplier:{merchant.code}"
    return Figures(
        *db.session.execute(people).one(),
        *db.session.execute(sold).one(),
        products=db.session.scalar(goods) or 0,
        owed_fen=ledger.balances([supplier])[supplier],
    )
