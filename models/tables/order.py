"""Orders of the platform's own showcases, their refunds, and the shares that their settlement made."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

CODE = sa.Text(collation="C")


class Order(Base):
    """An order as it stood at payment, and where it is in its life. Amounts in fen.

    ``digest`` covers what was ordered: the same number with another content is refused. ``settled_fen`` is what the
    settlement booked (paid less what was refunded before); ``deposit_fen`` of ``paid_fen`` is the first part of a
    presale. ``buyer`` names a buyer who is no member.
    """

    __tablename__ = "shop_order"
    __table_args__ = (
        sa.UniqueConstraint("number"),
        sa.CheckConstraint("kind IN ('normal', 'admission', 'presale')", name="kind"),
        sa.CheckConstraint("scene IN ('short_video', 'live', 'share_link', 'showcase')", name="scene"),
        sa.CheckConstraint(
            "state IN ('pending_payment', 'deposit_paid', 'balance_due', 'paid', 'shipped', 'completed', 'cancelled',"
            " 'refunded')",
            name="state",
        ),
        sa.CheckConstraint("paid_fen > 0 AND cost_fen >= 0 AND commission_fen >= 0 AND freight_fen >= 0", name="terms"),
        sa.CheckConstraint("deposit_fen >= 0 AND deposit_fen < paid_fen", name="deposit"),
        sa.CheckConstraint("refunded_fen BETWEEN 0 AND paid_fen", name="refunded"),
        sa.CheckConstraint("settled_fen BETWEEN 0 AND paid_fen", name="settled"),
        sa.CheckConstraint("(completed_at IS NULL) = (settled_fen IS NULL)", name="completed"),
        sa.CheckConstraint("NOT (is_held AND is_fraud)", name="risk"),
        sa.Index(None, "seller_id", "completed_at"),
        sa.Index(None, "buyer_id", "completed_at"),
        sa.Index(None, "paid_at", "id", postgresql_include=["paid_fen", "refunded_fen"]),
        sa.Index(None, "completed_at", postgresql_where=sa.text("completed_at IS NOT NULL")),
        sa.Index(None, "state", "id"),
        sa.Index(None, "confirm_at", postgresql_where=sa.text("confirm_at IS NOT NULL")),
        sa.Index(None, "mature_at", postgresql_where=sa.text("mature_at IS NOT NULL")),
        sa.Index("ix_shop_order_held", "seller_id", postgresql_where=sa.text("is_held")),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    number: Mapped[str] = mapped_column(CODE)
    kind: Mapped[str]
    scene: Mapped[str]
    state: Mapped[str]
    seller_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    buyer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("member.id"))
    buyer: Mapped[str | None]
    paid_fen: Mapped[int]
    deposit_fen: Mapped[int] = mapped_column(default=0)
    freight_fen: Mapped[int] = mapped_column(default=0)
    cost_fen: Mapped[int]
    commission_fen: Mapped[int]
    region_code: Mapped[str | None] = mapped_column(CODE)
    address: Mapped[dict[str, Any]]
    policy_id: Mapped[int] = mapped_column(sa.ForeignKey("policy_version.id"))
    digest: Mapped[bytes] = mapped_column(BYTEA)
    placed_at: Mapped[datetime]
    paid_at: Mapped[datetime | None]
    shipped_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    confirm_at: Mapped[datetime | None]
    mature_at: Mapped[datetime | None]
    settled_fen: Mapped[int | None]
    refunded_fen: Mapped[int] = mapped_column(default=0)
    is_held: Mapped[bool] = mapped_column(default=False)
    is_fraud: Mapped[bool] = mapped_column(default=False)


class OrderLine(Base):
    """One kind of goods in an order, as it stood at payment."""

    __tablename__ = "order_line"
    __table_args__ = (
        sa.CheckConstraint("quantity > 0 AND price_fen >= 0", name="amounts"),
        sa.Index(None, "product_code", "order_id"),
        sa.Index(None, "category", "order_id"),
    )

    order_id: Mapped[int] = mapped_column(sa.ForeignKey("shop_order.id"), primary_key=True)
    n: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    product_code: Mapped[str] = mapped_column(CODE)
    title: Mapped[str]
    category: Mapped[str | None]
    quantity: Mapped[int]
    price_fen: Mapped[int]


class Refund(Base):
    """One refund of an order, the n-th: accepted and paid back. Never changed."""

    __tablename__ = "refund"
    __table_args__ = (sa.CheckConstraint("amount_fen > 0", name="amount"), sa.Index(None, "at"))

    order_id: Mapped[int] = mapped_column(sa.ForeignKey("shop_order.id"), primary_key=True)
    n: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    amount_fen: Mapped[int]
    at: Mapped[datetime]
    posting_id: Mapped[int] = mapped_column(sa.ForeignKey("posting.id"))


class Share(Base):
    """A row of a settlement and where it lies now. Every row but margin; a member's lies in a ``bucket``.

    ``level`` is 1..3 for any income from a downline, by constraint. ``reversed_fen`` is what refunds took back. That
    its order and its member are there is said by the triggers of 0021, a statement at a time.
    """

    __tablename__ = "share"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('cost', 'level', 'region', 'seed', 'house', 'reserve')", name="kind"),
        sa.CheckConstraint("level BETWEEN 1 AND 3", name="three_levels"),
        sa.CheckConstraint("reversed_fen BETWEEN 0 AND amount_fen", name="reversed"),
        sa.CheckConstraint("bucket IN ('pending', 'locked', 'frozen', 'held', 'available')", name="bucket"),
        sa.CheckConstraint("(bucket IS NULL) OR (member_id IS NOT NULL)", name="owner"),
        sa.Index(None, "member_id", "bucket", "order_id"),
        sa.Index("ix_share_region", "member_id", "order_id", postgresql_where=sa.text("kind = 'region'")),
        sa.Index("ix_share_region_order", "order_id", "n", postgresql_where=sa.text("kind = 'region'")),
    )

    order_id: Mapped[int] = mapped_column(primary_key=True)
    n: Mapped[int] = mapped_column(sa.SmallInteger, primary_key=True)
    kind: Mapped[str]
    account: Mapped[str] = mapped_column(CODE)
    amount_fen: Mapped[int]
    reversed_fen: Mapped[int] = mapped_column(default=0)
    member_id: Mapped[int | None]
    level: Mapped[int | None] = mapped_column(sa.SmallInteger)
    bucket: Mapped[str | None]
    reason: Mapped[str | None]
    region_code: Mapped[str | None] = mapped_column(CODE)
    rate_bps: Mapped[int | None]
