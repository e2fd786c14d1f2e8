"""What the shop's orders are compared with: sellers by the shop's names for them, goods by our codes, cursors."""

from collections.abc import Collection, Iterable
from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.queries import member as members
from models.rules.shop_order import Account, Kind
from models.tables.identity import MemberIdentity
from models.tables.inbound import OrderSource
from models.tables.job import Job
from models.tables.member import Matrix, Member
from models.tables.product import Product
from models.tables.shop import ShopAccount, ShopCursor, StrayOrder


def seller(accounts: Iterable[Account]) -> Member | None:
    """The first of these accounts that is a member's; who shares is also known by the openid of the mini-program."""
    for one in accounts:
        chosen = sa.select(Member).join(ShopAccount, ShopAccount.member_id == Member.id)
        found = db.session.scalars(
            chosen.where(ShopAccount.kind == one.kind, ShopAccount.account == one.account)
        ).one_or_none()
        if found is None and one.kind is Kind.SHARER:
            found = member_of(one.account)
        if found is not None:
            return found
    return None


def member_of(openid: str) -> Member | None:
    """The member who signed in under an openid."""
    if not openid:
        return None
    chosen = sa.select(Member).join(MemberIdentity, MemberIdentity.member_id == Member.id)
    return db.session.scalars(chosen.where(MemberIdentity.openid == openid)).one_or_none()


def goods(codes: Collection[str], *, matrix_id: int | None) -> dict[str, Product]:
    """Products by our code; those of the matrix's merchant where two merchants use one code."""
    merchant = sa.select(Matrix.merchant_id).where(Matrix.id == matrix_id).scalar_subquery()
    chosen = sa.select(Product).where(Product.code.in_(list(codes)))
    ordered = chosen.order_by(sa.case((Product.merchant_id == merchant, 1), else_=0), Product.id)
    return {one.code: one for one in db.session.scalars(ordered)}


def product_of(code: str) -> list[Product]:
    """Every merchant's product under a code."""
    return list(db.session.scalars(sa.select(Product).where(Product.code == code).order_by(Product.id)))


def cursor(kind: str) -> ShopCursor | None:
    """How far the shop was read."""
    return db.session.scalars(sa.select(ShopCursor).where(ShopCursor.kind == kind)).one_or_none()


def unknown(numbers: Collection[str]) -> list[str]:
    """Which of the shop's order numbers neither an order nor a stray one has."""
    known = sa.select(OrderSource.number).where(OrderSource.channel == "shop", OrderSource.number.in_(numbers))
    strays = sa.select(StrayOrder.number).where(StrayOrder.number.in_(numbers))
    there = set(db.session.scalars(known.union(strays)))
    return [number for number in numbers if number not in there]


def awaited() -> set[str]:
    """The order numbers that jobs still to end will read, one each or many each."""
    is_open = Job.finished_at.is_(None)
    one = sa.select(Job.payload["number"].astext).where(is_open, Job.kind == "sync_order")
    many = sa.select(sa.func.jsonb_array_elements_text(Job.payload["numbers"]))
    return set(db.session.scalars(one.union(many.where(is_open, Job.kind == "sync_orders"))))


def cursors() -> list[ShopCursor]:
    """Every cursor."""
    return list(db.session.scalars(sa.select(ShopCursor).order_by(ShopCursor.kind)))


def lag_seconds(at: datetime) -> float | None:
    """How far behind the reading of orders is; none before the first."""
    found = cursor("orders")
    return (at - found.through).total_seconds() if found else None


def seller_by_code(code: str) -> Member:
    """The member with a code, or a refusal."""
    return members.by_code(code.strip())
