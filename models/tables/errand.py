"""What WeChat is to be told of what was decided here, and parcels that are followed through it."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

CODE = sa.Text(collation="C")


class Errand(Base):
    """One thing that WeChat is to do because of a decision of ours, once: agree, refund or refuse in an after-sale of
    the shop, take a parcel down or its corrected waybill, take the shipping of an own payment down.

    ``subject`` is what it is about (`case:ID`, `parcel:ID`, `order:ID`), ``words`` what is said along with it;
    ``code`` and ``error`` are WeChat's own where it refused.
    """

    __tablename__ = "errand"
    __table_args__ = (
        sa.UniqueConstraint("kind", "subject"),
        sa.CheckConstraint(
            "kind IN ('case_accept', 'case_refund', 'case_reject', 'parcel', 'shipping', 'waybill')", name="kind"
        ),
        sa.CheckConstraint("state IN ('due', 'done', 'refused')", name="state"),
        sa.CheckConstraint("(state = 'due') = (ended_at IS NULL)", name="ended"),
        sa.CheckConstraint("(state = 'refused') = (error <> '')", name="error"),
        sa.CheckConstraint("tries >= 0", name="tries"),
        sa.Index(None, "state", "id"),
        sa.Index(None, "order_id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str] = mapped_column(CODE)
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("shop_order.id"))
    state: Mapped[str]
    words: Mapped[str] = mapped_column(default="")
    code: Mapped[str] = mapped_column(default="")
    error: Mapped[str] = mapped_column(default="")
    tries: Mapped[int] = mapped_column(default=0)
    asked_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]


class ParcelTrace(Base):
    """A parcel of an own order that WeChat follows: ``token`` asks about it, ``status`` is the last one told (0..6)."""

    __tablename__ = "parcel_trace"
    __table_args__ = (
        sa.CheckConstraint("btrim(token) <> ''", name="token"),
        sa.CheckConstraint("status >= 0", name="status"),
        sa.Index(None, "asked_at", postgresql_where=sa.text("ended_at IS NULL")),
    )

    parcel_id: Mapped[int] = mapped_column(sa.ForeignKey("parcel.id"), primary_key=True)
    token: Mapped[str]
    openid: Mapped[str]
    status: Mapped[int] = mapped_column(sa.SmallInteger)
    begun_at: Mapped[datetime]
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
