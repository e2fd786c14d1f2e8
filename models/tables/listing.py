"""Products in windows: what stands where, what the shop reports of it, and how it is taken down everywhere."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Listing(Base):
    """A product in a member's window: asked for, there, refused or gone.

    ``source`` says who put it there, which decides who may take it away: `agency` is ourselves under the promoter's
    authorisation, `shop` the shop's own goods, `promoter` the promoter. ``outcome`` is what the last delisting met;
    ``reported_…`` is what the shop's interface said last.
    """

    __tablename__ = "listing"
    __table_args__ = (
        sa.UniqueConstraint("product_id", "member_id"),
        sa.CheckConstraint("state IN ('asked', 'listed', 'refused', 'removed')", name="state"),
        sa.CheckConstraint("source IN ('agency', 'shop', 'promoter')", name="source"),
        sa.CheckConstraint("outcome IN ('removed', 'auto_synced', 'not_ours', 'unauthorised')", name="outcome"),
        sa.CheckConstraint("(state IN ('listed', 'removed')) = (listed_at IS NOT NULL)", name="listed"),
        sa.CheckConstraint("(state = 'removed') = (removed_at IS NOT NULL)", name="removed"),
        sa.CheckConstraint("reported_state IN ('on', 'off', 'banned', 'gone')", name="reported"),
        sa.Index(None, "member_id", "id"),
        sa.Index(None, "state", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    product_id: Mapped[int] = mapped_column(sa.ForeignKey("product.id"))
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    source: Mapped[str]
    state: Mapped[str]
    asked_at: Mapped[datetime]
    asked_by: Mapped[str]
    listed_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    outcome: Mapped[str | None]
    error: Mapped[str] = mapped_column(default="")
    reported_at: Mapped[datetime | None]
    reported_state: Mapped[str | None]
    reported_stock: Mapped[int | None]
    reported_price_fen: Mapped[int | None]


class Delisting(Base):
    """A product taken down in every window at once: who, why, since when, and whether it is over."""

    __tablename__ = "delisting"
    __table_args__ = (
        sa.CheckConstraint("btrim(reason) <> ''", name="reason"),
        sa.Index("uq_delisting_open", "product_id", unique=True, postgresql_where=sa.text("ended_at IS NULL")),
        sa.Index(None, "product_id", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    product_id: Mapped[int] = mapped_column(sa.ForeignKey("product.id"))
    reason: Mapped[str]
    asked_at: Mapped[datetime]
    asked_by: Mapped[str]
    rounds: Mapped[int] = mapped_column(default=1)
    ended_at: Mapped[datetime | None]


class DelistingWindow(Base):
    """One window of a delisting and what happened there; without an outcome nobody has answered yet."""

    __tablename__ = "delisting_window"
    __table_args__ = (
        sa.UniqueConstraint("delisting_id", "listing_id"),
        sa.CheckConstraint("outcome IN ('removed', 'auto_synced', 'not_ours', 'unauthorised')", name="outcome"),
        sa.CheckConstraint("tries >= 0", name="tries"),
        sa.Index(None, "delisting_id", "outcome", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    delisting_id: Mapped[int] = mapped_column(sa.ForeignKey("delisting.id"))
    listing_id: Mapped[int] = mapped_column(sa.ForeignKey("listing.id"))
    outcome: Mapped[str | None]
    error: Mapped[str] = mapped_column(default="")
    tries: Mapped[int] = mapped_column(default=0)
    at: Mapped[datetime | None]


class SyncLog(Base):
    """One thing that the shop's interface reported or refused of a window. Never changed."""

    __tablename__ = "sync_log"
    __table_args__ = (
        sa.CheckConstraint(
            "kind IN ('listed', 'removed', 'state', 'stock', 'price', 'refused', 'unauthorised', 'silent')",
            name="kind",
        ),
        sa.Index(None, "at", "id"),
        sa.Index(None, "member_id", "id"),
        sa.Index(None, "product_id", "id"),
        sa.Index(None, "kind", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    product_id: Mapped[int | None] = mapped_column(sa.ForeignKey("product.id"))
    kind: Mapped[str]
    before: Mapped[str]
    after: Mapped[str]
    note: Mapped[str]
