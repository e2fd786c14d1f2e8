"""A list over history rows that can be asked everything, and an application that has it."""

from typing import ClassVar

import sqlalchemy as sa
from flask import Flask

from console import admin, create_app
from console.admin.base import ReadView
from console.admin.columns import Badge, Column, Kind, Tone
from console.admin.filters import Contains, Days, Equals, OneOf, Prefix, Starts, Yuan
from models import HistoryLine, Shop

PAID = sa.case((HistoryLine.paid_at.is_(None), "no"), else_="yes")


class ProbeView(ReadView):
    """Every kind of column, filter and search, over rows that belong to merchants."""

    model = HistoryLine
    slug = "probe"
    section = "order"
    title = "Probe"
    permission = "history.view"
    order = "-ordered_at"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title="Number", at=HistoryLine.id, sort=True, shown=False),
        Column(key="order_number", title="Order", at=HistoryLine.order_number, kind=Kind.CODE, sort=True, link=True),
        Column(key="ordered_at", title="Ordered", at=HistoryLine.ordered_at, kind=Kind.MOMENT, sort=True),
        Column(key="paid_on", title="Paid on", at=HistoryLine.paid_on, kind=Kind.DAY),
        Column(key="shop", title="Shop", at=Shop.name),
        Column(key="product_name", title="Product", at=HistoryLine.product_name),
        Column(key="buyer", title="Buyer", at=HistoryLine.buyer, kind=Kind.NAME),
        Column(key="quantity", title="Pieces", at=HistoryLine.quantity, kind=Kind.COUNT),
        Column(key="paid_fen", title="Paid", at=HistoryLine.paid_fen, kind=Kind.MONEY),
        Column(
            key="is_paid",
            title="State",
            at=PAID,
            kind=Kind.BADGE,
            badges={"yes": Badge("Has paid", Tone.GOOD), "no": Badge("Owes")},
        ),
        Column(key="row_key", title="Row key", at=HistoryLine.row_key, listed=False),
    )
    questions = (
        Starts(key="number", title="Order", at=HistoryLine.order_number),
        Equals(key="import", title="Import", at=HistoryLine.import_id),
        OneOf(key="category", title="Category", at=HistoryLine.category, choices={"面膜": "面膜", "眼霜": "眼霜"}),
        Days(key="ordered", title="Ordered", at=HistoryLine.ordered_at),
        Days(key="paid", title="Paid", at=HistoryLine.paid_on),
        Yuan(key="amount", title="Amount", at=HistoryLine.paid_fen),
    )
    searches = (Prefix(HistoryLine.order_number), Contains(HistoryLine.product_name))

    def base(self):
        return sa.select().select_from(HistoryLine).join(Shop, Shop.id == HistoryLine.shop_id)

    def scope(self, query, viewer):
        return query if viewer.merchant_id is None else query.where(Shop.merchant_id == viewer.merchant_id)


def application(settings, *views) -> Flask:
    """The console with these pages beside its own."""
    standing = admin.VIEWS
    admin.VIEWS = (*standing, *views)
    try:
        app = create_app(settings)
    finally:
        admin.VIEWS = standing
    app.testing = True
    return app
