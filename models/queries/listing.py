"""What waits to go into windows or out of them, and how a delisting stands."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.rules.listing import TRIES_A_ROUND, ListingState
from models.tables.identity import MemberIdentity
from models.tables.listing import Delisting, DelistingWindow, Listing
from models.tables.member import Member
from models.tables.product import Product


def asked(product_id: int, *, limit: int) -> Sequence[Any]:
    """The oldest listings of a product that nobody has carried out: id, window, product."""
    return db.session.execute(
        sa.select(Listing.id, Member.code.label("window"), Product.code.label("product"))
        .join(Member, Member.id == Listing.member_id)
        .join(Product, Product.id == Listing.product_id)
        .where(Listing.product_id == product_id, Listing.state == ListingState.ASKED)
        .order_by(Listing.id)
        .limit(limit)
    ).all()


def unanswered(delisting_id: int, *, limit: int) -> Sequence[Any]:
    """The windows of a delisting to ask next, those asked least first: id, window, product."""
    return db.session.execute(
        sa.select(DelistingWindow.id, Member.code.label("window"), Product.code.label("product"))
        .join(Listing, Listing.id == DelistingWindow.listing_id)
        .join(Member, Member.id == Listing.member_id)
        .join(Product, Product.id == Listing.product_id)
        .where(
            DelistingWindow.delisting_id == delisting_id,
            DelistingWindow.outcome.is_(None),
            DelistingWindow.tries < TRIES_A_ROUND,
        )
        .order_by(DelistingWindow.tries, DelistingWindow.id)
        .limit(limit)
    ).all()


def outcomes(delisting_id: int) -> dict[str | None, int]:
    """How many windows of a delisting ended how; None counts those without an answer."""
    counted = sa.select(DelistingWindow.outcome, sa.func.count()).where(DelistingWindow.delisting_id == delisting_id)
    return {row[0]: row[1] for row in db.session.execute(counted.group_by(DelistingWindow.outcome))}


def filled(*, after: int, limit: int) -> Sequence[Any]:
    """Windows with products in them, by member: id and code."""
    there = sa.exists().where(Listing.member_id == Member.id, Listing.state == ListingState.LISTED)
    chosen = sa.select(Member.id, Member.code).where(Member.id > after, there).order_by(Member.id)
    return db.session.execute(chosen.limit(limit)).all()


def standing_in(member_id: int) -> Sequence[Any]:
    """The products in a window as we know them: listing id, product, stock, price."""
    return db.session.execute(
        sa.select(Listing.id, Product.code.label("product"), Product.stock, Product.price_fen)
        .join(Product, Product.id == Listing.product_id)
        .where(Listing.member_id == member_id, Listing.state == ListingState.LISTED)
        .order_by(Listing.id)
    ).all()


def standing_with(openid: str) -> Sequence[Any]:
    """The products in the window of a person: product id and who put it there."""
    return db.session.execute(
        sa.select(Listing.product_id, Listing.source)
        .join(MemberIdentity, MemberIdentity.member_id == Listing.member_id)
        .where(MemberIdentity.openid == openid, Listing.state == ListingState.LISTED)
        .order_by(Listing.id)
    ).all()


def running(product_id: int) -> Delisting | None:
    """The delisting of a product that is under way."""
    chosen = sa.select(Delisting).where(Delisting.product_id == product_id, Delisting.ended_at.is_(None))
    return db.session.scalar(chosen)


def delistings(product_id: int, *, limit: int) -> Sequence[Delisting]:
    """The newest delistings of a product."""
    chosen = sa.select(Delisting).where(Delisting.product_id == product_id).order_by(Delisting.id.desc())
    return db.session.scalars(chosen.limit(limit)).all()


def standing(listing_id: int) -> Any:
    """The window and product of one listing that stands; None once it is gone."""
    return db.session.execute(
        sa.select(Listing.id, Member.code.label("window"), Product.code.label("product"))
        .join(Member, Member.id == Listing.member_id)
        .join(Product, Product.id == Listing.product_id)
        .where(Listing.id == listing_id, Listing.state == ListingState.LISTED)
    ).one_or_none()
