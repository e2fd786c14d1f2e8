"""What pages and jobs ask of products: their terms, who sold them lately, where they stand."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.queries import distinct
from models.rules.product import Terms
from models.tables.listing import Listing
from models.tables.member import Matrix, Member
from models.tables.merchant import Merchant
from models.tables.order import Order, OrderLine
from models.tables.product import Product

_TERMS = tuple(one.name for one in fields(Terms))


def terms_of(product: Product) -> Terms:
    """The terms of a product as the rules take them."""
    return Terms(**{name: getattr(product, name) for name in _TERMS})


def categories(*, merchant_id: int | None = None) -> list[str]:
    """Every category in use, by name; of one merchant where asked."""
    theirs = () if merchant_id is None else (Product.merchant_id == merchant_id,)
    return distinct.values(Product.category, *theirs)


def merchants() -> list[tuple[int, str]]:
    """Every merchant's id and name, oldest first."""
    return [
        (row.id, row.name) for row in db.session.execute(sa.select(Merchant.id, Merchant.name).order_by(Merchant.id))
    ]


def last_orders(product: Product, *, limit: int) -> Sequence[Any]:
    """The newest own orders that hold a product, sold through its merchant's matrices."""
    return db.session.execute(
        sa.select(
            Order.id, Order.number, Order.state, Order.paid_at, Order.placed_at, Order.refunded_fen,
            OrderLine.quantity, OrderLine.price_fen, Member.code.label("seller"),
        )
        .join(OrderLine, OrderLine.order_id == Order.id)
        .join(Member, Member.id == Order.seller_id)
        .join(Matrix, Matrix.id == Member.matrix_id)
        .where(OrderLine.product_code == product.code, Matrix.merchant_id == product.merchant_id)
        .order_by(Order.id.desc())
        .limit(limit)
    ).all()  # fmt: skip


def catalogue() -> Sequence[Any]:
    """Every product with what a shop shows of it, in the order in which they were made."""
    shown = (Product.id, Product.code, Product.title, Product.price_fen, Product.stock, Product.state)
    return db.session.execute(sa.select(*shown).order_by(Product.id)).all()


def windows(product_id: int) -> dict[str, int]:
    """In how many windows a product is, by the state of its listing."""
    counted = sa.select(Listing.state, sa.func.count()).where(Listing.product_id == product_id)
    return {row[0]: row[1] for row in db.session.execute(counted.group_by(Listing.state))}
