"""Sales, refunds, buyers and windows of every product over the last days: what the board is counted from."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.rules.curation import DAYS, WEEK, Figures
from models.rules.product import Terms
from models.tables.product import Product, ProductStat

# Imported rows count by their shop's merchant and product code, our own by the merchant of the seller's matrix. A
# refund of an own order falls on its lines by their part of what was paid.
_SALES = sa.text(
    """
    WITH sale AS (
        SELECT p.id AS product_id, 'h' || h.buyer AS buyer, h.paid_on - CAST(:first AS date) AS day,
            h.order_number AS number, h.paid_fen, h.refund_fen, false AS is_own
        FROM history_line h
        JOIN shop s ON s.id = h.shop_id
        JOIN product p ON p.merchant_id = s.merchant_id AND p.code = h.product_code COLLATE "C"
        WHERE h.paid_on >= CAST(:first AS date) AND h.paid_on < CAST(:first AS date) + :days
        UNION ALL
        SELECT p.id, 'o' || coalesce(o.buyer_id::text, o.buyer),
            floor(extract(epoch FROM o.paid_at - :begin) / 86400)::int, o.number, l.price_fen * l.quantity,
            trunc(o.refunded_fen::numeric * least(l.price_fen * l.quantity, o.paid_fen) / o.paid_fen)::bigint, true
        FROM shop_order o
        JOIN order_line l ON l.order_id = o.id
        JOIN member m ON m.id = o.seller_id
        JOIN matrix x ON x.id = m.matrix_id
        JOIN product p ON p.merchant_id = x.merchant_id AND p.code = l.product_code
        WHERE o.paid_at >= :begin AND o.paid_at < :end
    ), buyers AS (
        SELECT product_id, count(*) AS buyers_30, count(*) FILTER (WHERE days > 1) AS returning_30
        FROM (
            SELECT product_id, buyer, count(DISTINCT day) AS days FROM sale WHERE buyer IS NOT NULL GROUP BY 1, 2
        ) AS each
        GROUP BY product_id
    ), sums AS (
        SELECT product_id, count(DISTINCT number) AS orders_30, sum(paid_fen)::bigint AS sales_30_fen,
            sum(refund_fen)::bigint AS refund_30_fen,
            count(DISTINCT number) FILTER (WHERE day >= :days - :week) AS orders_7,
            coalesce(sum(paid_fen) FILTER (WHERE day >= :days - :week), 0)::bigint AS sales_7_fen,
            count(DISTINCT number) FILTER (WHERE is_own) AS own_orders_30
        FROM sale GROUP BY product_id
    )
    SELECT sums.*, coalesce(buyers_30, 0) AS buyers_30, coalesce(returning_30, 0) AS returning_30
    FROM sums LEFT JOIN buyers USING (product_id)
    """
)

_WINDOWS = sa.text(
    """
    SELECT product_id, count(*) FILTER (WHERE state = 'listed') AS windows,
        round(sum(greatest(0, extract(epoch FROM coalesce(removed_at, :at) - greatest(listed_at, :begin))) / 86400))
            ::bigint AS window_days_30
    FROM listing WHERE listed_at IS NOT NULL AND coalesce(removed_at, :at) > :begin GROUP BY product_id
    """
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """A product with its terms and what was counted of it."""

    product_id: int
    merchant_id: int
    state: str
    stock: int
    terms: Terms
    figures: Figures


def counted(*, begin: datetime, at: datetime) -> Iterator[Counted]:
    """Every product with its figures over the thirty days from ``begin``, the first moment of a day of the business."""
    asked = {"begin": begin, "end": begin + timedelta(days=DAYS), "days": DAYS, "week": WEEK, "at": at}
    first = {"first": (begin + timedelta(hours=12)).date()}
    figures: dict[int, dict[str, Any]] = {}
    for query, values in ((_SALES, asked | first), (_WINDOWS, asked)):
        for sums in db.session.execute(query, values).mappings():
            found = dict(sums)
            figures.setdefault(found.pop("product_id"), {}).update(found)
    for row in db.session.execute(_products()):
        terms = Terms(
            price_fen=row.price_fen, cost_fen=row.cost_fen, commission_fen=row.commission_fen,
            freight_fen=row.freight_fen, fee_bps=row.fee_bps,
        )  # fmt: skip
        yield Counted(
            product_id=row.id, merchant_id=row.merchant_id, state=row.state, stock=row.stock, terms=terms,
            figures=Figures(**figures.get(row.id, {})),
        )  # fmt: skip


def _products() -> Any:
    return sa.select(
        Product.id, Product.merchant_id, Product.state, Product.stock, Product.price_fen, Product.cost_fen,
        Product.commission_fen, Product.freight_fen, Product.fee_bps,
    ).order_by(Product.id)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A product with the figures counted last, for the weekly look."""

    product_id: int
    state: str
    stock: int
    margin_fen: int
    figures: Figures

    def evidence(self) -> dict[str, int]:
        """The figures that a proposal rests on, as they were when it was made."""
        found = self.figures
        return {
            "margin_fen": self.margin_fen,
            "orders_30": found.orders_30,
            "sales_30_fen": found.sales_30_fen,
            "refund_bps": found.refund_bps,
            "repurchase_bps": found.repurchase_bps,
            "windows": found.windows,
            "window_days_30": found.window_days_30,
            "own_orders_30": found.own_orders_30,
            "conversion_bps": found.conversion_bps,
        }


_FIGURES = tuple(one.name for one in fields(Figures))


def judged() -> Iterator[Judged]:
    """Every product that stands in windows or sells, with what was counted of it."""
    chosen = sa.select(
        Product.id, Product.state, Product.stock, ProductStat.margin_fen,
        *(getattr(ProductStat, name) for name in _FIGURES),
    ).join(ProductStat, ProductStat.product_id == Product.id)  # fmt: skip
    wanted = (ProductStat.windows > 0) | (ProductStat.sales_30_fen > 0)
    for row in db.session.execute(chosen.where(wanted, Product.state != "retired").order_by(Product.id)):
        figures = Figures(**{name: row._mapping[name] for name in _FIGURES})
        yield Judged(
            product_id=row.id, state=row.state, stock=row.stock, margin_fen=row.margin_fen, figures=figures
        )  # fmt: skip


def counted_at() -> datetime | None:
    """When the figures were counted last."""
    return db.session.scalar(sa.select(ProductStat.counted_at).order_by(ProductStat.product_id).limit(1))
