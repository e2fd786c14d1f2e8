"""What is sold: products, the figures counted of them, and what the weekly refresh proposes."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

CODE = sa.Text(collation="C")


class Product(Base):
    """One article of a merchant on today's terms, in fen and bps; an order keeps the terms of its own day.

    ``freight_fen`` is what sending one costs us, ``fee_bps`` what the shop and the payment keep of the price.
    ``deposit_fen`` above zero makes it a presale whose balance is asked for within ``balance_days``.
    """

    __tablename__ = "product"
    __table_args__ = (
        sa.UniqueConstraint("merchant_id", "code"),
        sa.CheckConstraint("btrim(code) <> '' AND btrim(title) <> '' AND btrim(category) <> ''", name="named"),
        sa.CheckConstraint("price_fen > 0", name="price"),
        sa.CheckConstraint("cost_fen >= 0 AND commission_fen >= 0 AND freight_fen >= 0", name="amounts"),
        sa.CheckConstraint("fee_bps BETWEEN 0 AND 10000", name="fee"),
        sa.CheckConstraint("deposit_fen >= 0 AND deposit_fen < price_fen", name="deposit"),
        sa.CheckConstraint("(deposit_fen = 0) = (balance_days IS NULL) AND balance_days > 0", name="presale"),
        sa.CheckConstraint("stock >= 0", name="stock"),
        sa.CheckConstraint("state IN ('draft', 'listed', 'retired')", name="state"),
        sa.Index(None, "code", "id"),
        sa.Index(None, "price_fen", "id"),
        sa.Index(None, "stock", "id"),
        sa.Index(None, "updated_at", "id"),
        sa.Index(None, "category", "id"),
        sa.Index(None, "state", "id"),
        sa.Index("ix_product_title_ngram", sa.text("ngram(title)"), postgresql_using="gin"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    code: Mapped[str] = mapped_column(CODE)
    title: Mapped[str]
    category: Mapped[str]
    price_fen: Mapped[int]
    cost_fen: Mapped[int]
    commission_fen: Mapped[int]
    freight_fen: Mapped[int] = mapped_column(default=0)
    fee_bps: Mapped[int]
    deposit_fen: Mapped[int] = mapped_column(default=0)
    balance_days: Mapped[int | None]
    stock: Mapped[int] = mapped_column(default=0)
    state: Mapped[str]
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    updated_at: Mapped[datetime]


class ProductStat(Base):
    """What a product came to in the last 7 and 30 days, as counted at an instant: what the board sorts by.

    Imported orders and our own count in sales, refunds and repurchase; conversion is our own orders a day in a window.
    """

    __tablename__ = "product_stat"
    __table_args__ = (
        sa.Index(None, "merchant_id", "product_id"),
        sa.Index(None, "margin_bps", "product_id"),
        sa.Index(None, "commission_bps", "product_id"),
        sa.Index(None, "repurchase_bps", "product_id"),
        sa.Index(None, "conversion_bps", "product_id"),
        sa.Index(None, "sales_7_fen", "product_id"),
        sa.Index(None, "sales_30_fen", "product_id"),
        sa.Index(None, "refund_bps", "product_id"),
        sa.Index(None, "windows", "product_id"),
    )

    product_id: Mapped[int] = mapped_column(sa.ForeignKey("product.id"), primary_key=True, autoincrement=False)
    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    counted_at: Mapped[datetime]
    margin_fen: Mapped[int]
    margin_bps: Mapped[int]
    commission_bps: Mapped[int]
    orders_7: Mapped[int]
    sales_7_fen: Mapped[int]
    orders_30: Mapped[int]
    sales_30_fen: Mapped[int]
    refund_30_fen: Mapped[int]
    refund_bps: Mapped[int]
    buyers_30: Mapped[int]
    returning_30: Mapped[int]
    repurchase_bps: Mapped[int]
    windows: Mapped[int]
    window_days_30: Mapped[int]
    own_orders_30: Mapped[int]
    conversion_bps: Mapped[int]


class CurationProposal(Base):
    """What a week's look at the figures proposes of a product, with the figures it rests on, and what became of it."""

    __tablename__ = "curation_proposal"
    __table_args__ = (
        sa.UniqueConstraint("week", "product_id"),
        sa.CheckConstraint("kind IN ('drop', 'add')", name="kind"),
        sa.CheckConstraint("state IN ('proposed', 'approved', 'refused', 'applied')", name="state"),
        sa.CheckConstraint("extract(isodow FROM week) = 1", name="week"),
        sa.CheckConstraint("(state = 'proposed') = (decided_by IS NULL)", name="decided"),
        sa.CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="decided_at"),
        sa.CheckConstraint("(state = 'applied') = (applied_at IS NOT NULL)", name="applied"),
        sa.CheckConstraint("state <> 'refused' OR btrim(reason) <> ''", name="refused"),
        sa.Index(None, "state", "id"),
        sa.Index(None, "product_id", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    week: Mapped[date]
    kind: Mapped[str]
    product_id: Mapped[int] = mapped_column(sa.ForeignKey("product.id"))
    evidence: Mapped[dict[str, Any]]
    state: Mapped[str]
    made_at: Mapped[datetime]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    reason: Mapped[str] = mapped_column(default="")
    applied_at: Mapped[datetime | None]
