"""What WeChat tells us: verified callbacks as they came, how often forgeries were turned away, and where orders came
from and refunds go."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

CODE = sa.Text(collation="C")


class Inbound(Base):
    """A callback that proved to be WeChat's: stored before it is answered, decided later by a job.

    ``key`` names the delivery (Pay's envelope id; for the shop, which has none, a digest of what it says): the same
    again is the same row. What was told never changes; only what became of it does. ``digest`` is SHA-256 of the raw
    bytes, ``number`` the order, bill or product that it is about.
    """

    __tablename__ = "inbound"
    __table_args__ = (
        sa.UniqueConstraint("channel", "key"),
        sa.CheckConstraint("channel IN ('shop', 'pay')", name="channel"),
        sa.CheckConstraint("state IN ('waiting', 'done', 'ignored', 'failed')", name="state"),
        sa.CheckConstraint("(state = 'waiting') = (decided_at IS NULL)", name="decided"),
        sa.CheckConstraint("(state = 'failed') = (error <> '')", name="error"),
        sa.CheckConstraint("octet_length(digest) = 32", name="digest"),
        sa.Index(None, "state", "id"),
        sa.Index(None, "number"),
        sa.Index(None, "received_at", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    channel: Mapped[str]
    key: Mapped[str] = mapped_column(CODE)
    event: Mapped[str]
    number: Mapped[str] = mapped_column(CODE)
    content: Mapped[dict[str, Any]]
    digest: Mapped[bytes] = mapped_column(BYTEA)
    ip: Mapped[str]
    received_at: Mapped[datetime]
    state: Mapped[str]
    error: Mapped[str] = mapped_column(default="")
    tries: Mapped[int] = mapped_column(default=0)
    decided_at: Mapped[datetime | None]


class InboundRefusal(Base):
    """How often callbacks were turned away on a Shanghai day, by what was wrong with them."""

    __tablename__ = "inbound_refusal"
    __table_args__ = (sa.CheckConstraint("times > 0", name="times"),)

    day: Mapped[date] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(primary_key=True)
    why: Mapped[str] = mapped_column(primary_key=True)
    times: Mapped[int]
    last_at: Mapped[datetime]
    last_ip: Mapped[str]


class OrderSource(Base):
    """Where an order came in and under which of WeChat's numbers: the shop's order, or a payment of our own.

    ``told_at`` is the newest of WeChat's own moments that was folded in; what is older than it changes nothing.
    """

    __tablename__ = "order_source"
    __table_args__ = (
        sa.UniqueConstraint("channel", "number"),
        sa.CheckConstraint("channel IN ('shop', 'pay')", name="channel"),
        sa.Index(None, "transaction"),
    )

    order_id: Mapped[int] = mapped_column(sa.ForeignKey("shop_order.id"), primary_key=True)
    channel: Mapped[str]
    number: Mapped[str] = mapped_column(CODE)
    transaction: Mapped[str] = mapped_column(CODE)
    openid: Mapped[str]
    status: Mapped[str]
    told_at: Mapped[datetime]


class PayRefund(Base):
    """A refund on its way back through Pay, under one number for ever; ``state`` is ours (due, sent), then Pay's."""

    __tablename__ = "pay_refund"
    __table_args__ = (
        sa.UniqueConstraint("number"),
        sa.ForeignKeyConstraint(["order_id", "n"], ["refund.order_id", "refund.n"]),
        sa.CheckConstraint(
            "state IN ('due', 'sent', 'PROCESSING', 'SUCCESS', 'CLOSED', 'ABNORMAL')", name="state"
        ),
        sa.CheckConstraint("amount_fen > 0 AND amount_fen <= total_fen", name="amounts"),
        sa.CheckConstraint("(state IN ('SUCCESS', 'CLOSED')) = (ended_at IS NOT NULL)", name="ended"),
        sa.Index(None, "state", "order_id"),
        sa.Index(None, "ended_at"),
    )  # fmt: skip

    order_id: Mapped[int] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    number: Mapped[str] = mapped_column(CODE)
    amount_fen: Mapped[int]
    total_fen: Mapped[int]
    state: Mapped[str]
    reference: Mapped[str]
    reason: Mapped[str] = mapped_column(default="")
    asked_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
