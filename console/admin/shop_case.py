"""小店售后: the shop's own after-sales as it tells them, and which of them became a refund here."""

from typing import Any, ClassVar

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select

from console.admin.base import ReadView, Viewer
from console.admin.columns import Column, Kind, order_link
from console.admin.filters import Days, Equals, Prefix, Yuan
from models import Order, ShopCase
from models.queries import order as orders


class ShopCaseView(ReadView):
    """小店售后: a row a case; a merchant's staff see those of that merchant's networks."""

    section = "order"
    title = _l("After-sales of the shop")
    slug = "shop-cases"
    permission = "order.view"
    model = ShopCase
    hint = _l("Decided in the shop. Once the shop has paid back, the refund is booked here, once.")
    empty = _l("The shop has told of no after-sale.")
    search_hint = _l("After-sale or order number, from its beginning")
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=ShopCase.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="case", title=_l("After-sale number"), at=ShopCase.number, kind=Kind.CODE, link=True),
        Column(key="number", title=_l("Order number"), at=Order.number, kind=Kind.CODE, cell=order_link),
        Column(key="status", title=_l("In the shop's word"), at=ShopCase.status, kind=Kind.CODE),
        Column(key="amount_fen", title=_l("Amount"), at=ShopCase.amount_fen, kind=Kind.MONEY),
        Column(key="refunded_at", title=_l("Booked here at"), at=ShopCase.refunded_at, kind=Kind.MOMENT),
        Column(key="told_at", title=_l("Changed in the shop"), at=ShopCase.told_at, kind=Kind.MOMENT),
    )
    questions = (
        Equals(key="status", title=_l("In the shop's word"), at=ShopCase.status),
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
