"""小店售后: the shop's own after-sales as it tells them, and which of them became a refund here."""

from typing import Any, ClassVar

import sqlalchemy as sa
from flask import url_for
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row, Select

from console.admin import order_names as names
from console.admin.base import ReadView, Viewer
from console.admin.columns import Column, Kind, order_link
from console.admin.filters import Days, OneOf, Prefix, Yuan
from models import Order, ShopCase
from models.queries import order as orders


def _said(row: Row[Any]) -> str:
    return str(names.SHOP_WORDS.get(row.status, row.status))


def _ours(row: Row[Any]) -> Markup:
    """Where it is decided."""
    if row.ours is None:
        return Markup('<span class="muted">–</span>')
    return Markup('<a href="{}">{}</a>').format(url_for("after_sales.detail", row_id=row.ours), row.ours)


class ShopCaseView(ReadView):
    """小店售后: a row a case; a merchant's staff see those of that merchant's networks."""

    section = "order"
    title = _l("After-sales of the shop")
    slug = "shop-cases"
    permission = "order.view"
    model = ShopCase
    hint = _l("Decided at the after-sales desk, carried out by the shop; what it paid back is booked here, once.")
    empty = _l("The shop has told of no after-sale.")
    search_hint = _l("After-sale or order number, from its beginning")
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=ShopCase.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="case", title=_l("After-sale number"), at=ShopCase.number, kind=Kind.CODE, link=True),
        Column(key="number", title=_l("Order number"), at=Order.number, kind=Kind.CODE, cell=order_link),
        Column(key="status", title=_l("In the shop's word"), at=ShopCase.status, cell=_said),
        Column(
            key="kind",
            title=_l("The buyer asks for"),
            at=ShopCase.kind,
            cell=lambda row: str(names.SHOP_KINDS.get(row.kind, row.kind)),
        ),
        Column(key="ours", title=_l("Our case"), at=ShopCase.after_sale_id, kind=Kind.COUNT, cell=_ours),
        Column(key="deadline", title=_l("The shop refunds by itself at"), at=ShopCase.deadline_at, kind=Kind.MOMENT),
        Column(key="amount_fen", title=_l("Amount"), at=ShopCase.amount_fen, kind=Kind.MONEY),
        Column(key="refunded_at", title=_l("Booked here at"), at=ShopCase.refunded_at, kind=Kind.MOMENT),
        Column(key="told_at", title=_l("Changed in the shop"), at=ShopCase.told_at, kind=Kind.MOMENT),
    )
    questions = (
        OneOf(key="status", title=_l("In the shop's word"), at=ShopCase.status, choices=names.SHOP_WORDS),
        Days(key="told", title=_l("Changed in the shop"), at=ShopCase.told_at),
        Yuan(key="amount", title=_l("Amount"), at=ShopCase.amount_fen),
    )
    searches = (Prefix(ShopCase.number), Prefix(Order.number))

    def base(self) -> Select[Any]:
        return sa.select().select_from(ShopCase).join(Order, Order.id == ShopCase.order_id)

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        if viewer.merchant_id is None:
            return query
        return query.where(Order.seller_id.in_(orders.merchants_sellers(viewer.merchant_id)))
