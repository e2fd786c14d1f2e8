"""Parcels on their way to buyers, what their carriers report, and how often a presale's balance was asked for."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Parcel(Base):
    """One parcel of an order; ``moved_at`` is when the carrier last said something, at first when it was sent.

    ``formerly`` are waybills that it was first written down with, the latest last.
    """

    __tablename__ = "parcel"
    __table_args__ = (
        sa.CheckConstraint("btrim(carrier) <> ''", name="carrier"),
        sa.CheckConstraint("waybill ~ '^[0-9A-Za-z-]{4,40}$'", name="waybill"),
        sa.CheckConstraint("state IN ('sent', 'moving', 'delivered', 'returned')", name="state"),
        sa.CheckConstraint("state <> 'delivered' OR delivered_at IS NOT NULL", name="delivered"),
        sa.Index("uq_parcel_order_id_carrier_waybill", "order_id", "carrier", "waybill", unique=True),
        sa.Index(None, "waybill"),
        sa.Index(None, "state", "moved_at"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("shop_order.id"))
    carrier: Mapped[str]
    waybill: Mapped[str] = mapped_column(sa.Text(collation="C"))
    state: Mapped[str]
    sent_at: Mapped[datetime]
    moved_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    formerly: Mapped[list[str]] = mapped_column(ARRAY(sa.Text), default=list)


class ParcelItem(Base):
    """How many pieces of its order's n-th line lie in a parcel; one without any holds all that was left."""

    __tablename__ = "parcel_item"
    __table_args__ = (
        sa.ForeignKeyConstraint(["order_id", "n"], ["order_line.order_id", "order_line.n"]),
        sa.CheckConstraint("pieces > 0", name="pieces"),
        sa.Index(None, "order_id", "n"),
    )

    parcel_id: Mapped[int] = mapped_column(sa.ForeignKey("parcel.id"), primary_key=True)
    n: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    order_id: Mapped[int]
    pieces: Mapped[int]


class ParcelTrack(Base):
    """One thing the carrier said of a parcel, the n-th. Never changed."""

    __tablename__ = "parcel_track"
    __table_args__ = (
        sa.CheckConstraint("state IN ('moving', 'delivered', 'returned')", name="state"),
        sa.CheckConstraint("btrim(words) <> ''", name="words"),
    )

    parcel_id: Mapped[int] = mapped_column(sa.ForeignKey("parcel.id"), primary_key=True)
    n: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    at: Mapped[datetime]
    state: Mapped[str]
    words: Mapped[str]


class BalanceReminder(Base):
    """The n-th time that the buyer of a presale was asked for the balance. Never changed."""

    __tablename__ = "balance_reminder"

    order_id: Mapped[int] = mapped_column(sa.ForeignKey("shop_order.id"), primary_key=True)
    n: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    at: Mapped[datetime]
    by: Mapped[str]
