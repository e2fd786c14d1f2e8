"""The WeChat shop beside us: how far it was read, by what it knows our showcases, orders without a known seller."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

CODE = sa.Text(collation="C")


class ShopCursor(Base):
    """Until when everything of a kind that changed in the shop was asked for; ``missing`` were found to have been
    skipped by a later look at everything that was made."""

    __tablename__ = "shop_cursor"
    __table_args__ = (
        sa.UniqueConstraint("kind"),
        sa.CheckConstraint("kind IN ('orders', 'after_sales')", name="kind"),
        sa.CheckConstraint("gap_seconds >= 0 AND missing >= 0", name="counts"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    kind: Mapped[str]
    through: Mapped[datetime]
    run_at: Mapped[datetime]
    gap_seconds: Mapped[int] = mapped_column(default=0)
    gap_at: Mapped[datetime | None]
    missing: Mapped[int] = mapped_column(default=0)
    checked_at: Mapped[datetime | None]


class ShopAccount(Base):
    """By what the shop knows a member's showcase: its finder id, its talent id, or the openid of who shares."""

    __tablename__ = "shop_account"
    __table_args__ = (
        sa.UniqueConstraint("kind", "account"),
        sa.CheckConstraint("kind IN ('finder', 'talent', 'sharer')", name="kind"),
        sa.CheckConstraint("btrim(account) <> ''", name="account"),
        sa.Index(None, "member_id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    kind: Mapped[str]
    account: Mapped[str] = mapped_column(CODE)
    at: Mapped[datetime]
    by: Mapped[str]


class StrayOrder(Base):
    """An order of the shop that could not be taken in, and why: no known seller, goods unknown, a refusal of ours.

    ``content`` is what the shop told last; ``seller_id`` whom somebody assigned it to, with a reason.
    """

    __tablename__ = "stray_order"
    __table_args__ = (
        sa.UniqueConstraint("number"),
        sa.CheckConstraint("why IN ('no_seller', 'unknown_goods', 'refused')", name="why"),
        sa.CheckConstraint("state IN ('open', 'assigned', 'taken', 'dropped')", name="state"),
        sa.CheckConstraint("(state IN ('open', 'assigned')) = (ended_at IS NULL)", name="ended"),
        sa.Index(None, "state", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    number: Mapped[str] = mapped_column(CODE)
    why: Mapped[str]
    words: Mapped[str]
    named: Mapped[str]
    paid_fen: Mapped[int]
    content: Mapped[dict[str, Any]]
    state: Mapped[str]
    seller_id: Mapped[int | None] = mapped_column(sa.ForeignKey("member.id"))
    decided_by: Mapped[str | None]
    found_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class ShopCase(Base):
    """An after-sale of the shop: its number, where it stands, and the refund that it became, once.

    ``kind`` is REFUND, RETURN or EXCHANGE, ``reason`` the buyer's, both in the shop's words; ``deadline_at`` is when
    the shop refunds by itself; ``after_sale_id`` our case about it, where it is decided.
    """

    __tablename__ = "shop_case"
    __table_args__ = (
        sa.UniqueConstraint("number"),
        sa.CheckConstraint("amount_fen >= 0", name="amount"),
        sa.CheckConstraint("(refund_n IS NULL) = (refunded_at IS NULL)", name="refunded"),
        sa.Index(None, "order_id"),
        sa.Index(None, "after_sale_id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    number: Mapped[str] = mapped_column(CODE)
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("shop_order.id"))
    status: Mapped[str]
    amount_fen: Mapped[int]
    refund_n: Mapped[int | None] = mapped_column(sa.SmallInteger)
    refunded_at: Mapped[datetime | None]
    told_at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(default="")
    reason: Mapped[str] = mapped_column(default="")
    deadline_at: Mapped[datetime | None]
    after_sale_id: Mapped[int | None] = mapped_column(sa.ForeignKey("after_sale.id"))
