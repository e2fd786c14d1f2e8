"""选品看板: margin, commission, repurchase, conversion, sales and refunds side by side, each leading to its rows."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import g, redirect, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row, Select

from console import formatting
from console.admin.base import ReadView, Viewer
from console.admin.columns import Column, Kind
from console.admin.filters import Contains, OneOf, Prefix, Unreadable, Yuan, _Between
from console.admin.product import STATES, merchants
from console.auth import permits
from models import Merchant, Product, ProductStat, db
from models.queries import curation as figures
from models.queries import product as queries
from models.rules.curation import DAYS, DROP_CONVERSION_BPS, WEEK
from models.rules.product import ProductState

Cell = Callable[[Row[Any]], str]
LINK = Markup('<a class="num" href="{}">{}</a>')
NOTHING = Markup('<span class="muted">–</span>')
BEHIND = ("code", "buyers_30", "window_days_30")


@dataclass(frozen=True, kw_only=True)
class Percent(_Between):
    """A rate between two percentages; the column holds bps."""

    control = "percent"

    def parsed(self, text: str) -> int:
        bps = formatting.to_fen(text.rstrip("%％"))
        if bps is None:
            raise Unreadable(_("%(filter)s: %(text)s is no percentage", filter=self.title, text=text))
        return bps

    def shown(self, value: int) -> str:
        return formatting.bps(value)


def _address(endpoint: str, **values: Any) -> str:
    """An address of a list, its bare part built once a request: a page has hundreds of links to it."""
    known: dict[str, str] = g.setdefault("curation_addresses", {})
    if endpoint not in known:
        known[endpoint] = url_for(endpoint)
    return f"{known[endpoint]}?{urlencode(values, doseq=True)}"


def _product(row: Row[Any], place: str = "") -> str:
    known: dict[str, str] = g.setdefault("curation_addresses", {})
    if "products" not in known:
        known["products"] = url_for("products.index_view")
    return f"{known['products']}{row.row_id}{place}"


def sold(row: Row[Any], days: int, **more: Any) -> str:
    """The imported rows of a product over its last days, or its page with those and the own orders, where it has any.

    Own orders come out of windows: a product that stood in none of them has imported rows alone.
    """
    if row.window_days_30:
        return _product(row, "#sales")
    last = formatting.today()
    first = last - timedelta(days=days - 1)
    return _address("history.index_view", product=row.code, paid_from=first, paid_to=last, **more)


def _title(row: Row[Any]) -> str:
    return Markup('<a class="open" href="{}">{}</a> <code class="muted small">{}</code>').format(
        _product(row), row.title, row.code
    )


def _rate(key: str, place: str) -> Cell:
    def cell(row: Row[Any]) -> str:
        tone = "num minus" if row._mapping[key] < 0 else "num"
        text = Markup('<a class="{}" href="{}">{}</a>')
        return text.format(tone, _product(row, place), formatting.bps(row._mapping[key]))

    return cell


def _sales(key: str, days: int) -> Cell:
    def cell(row: Row[Any]) -> str:
        return LINK.format(sold(row, days), formatting.yuan(row._mapping[key])) if row._mapping[key] else NOTHING

    return cell


def _refunds(row: Row[Any]) -> str:
    if not row.refund_bps:
        return NOTHING
    return LINK.format(sold(row, DAYS, state=["part_refunded", "refunded"]), formatting.bps(row.refund_bps))


def _repurchase(row: Row[Any]) -> str:
    return LINK.format(sold(row, DAYS), formatting.bps(row.repurchase_bps)) if row.buyers_30 else NOTHING


def _conversion(row: Row[Any]) -> str:
    if not row.window_days_30:
        return NOTHING
    return LINK.format(_product(row, "#orders"), formatting.bps(row.conversion_bps))


def _windows(row: Row[Any]) -> str:
    return LINK.format(_product(row, "#windows"), formatting.count(row.windows)) if row.windows else NOTHING


def _figure(key: str, title: Any, at: Any, cell: Cell, help: Any = "", kind: Kind = Kind.COUNT) -> Column:
    return Column(key=key, title=title, at=at, kind=kind, sort=True, cell=cell, help=help)


class CurationView(ReadView):
    """选品看板: a row a product, sortable and filterable by every figure."""

    title = _l("Curation board")
    section = "product"
    slug = "curation"
    permission = "curation.view"
    model = ProductStat
    hint = _l("Imported and own orders of 7 and 30 days, counted every hour. Every figure leads to its rows.")
    empty = _l("Nothing has been counted yet. Products are counted every hour.")
    search_hint = _l("Code from its beginning, or any part of the title")
    order = "-sales_30_fen"
    columns = (
        Column(key="title", title=_l("Product"), at=Product.title, cell=_title),
        Column(key="code", title=_l("Product code"), at=Product.code, kind=Kind.CODE, shown=False),
        Column(key="category", title=_l("Category"), at=Product.category),
        Column(key="merchant", title=_l("Merchant"), at=Merchant.name, shown=False),
        Column(key="state", title=_l("State"), at=Product.state, kind=Kind.BADGE, badges=STATES),
        Column(key="price_fen", title=_l("Price"), at=Product.price_fen, kind=Kind.MONEY),
        _figure(
            "margin_bps",
            _l("Margin"),
            ProductStat.margin_bps,
            _rate("margin_bps", "#waterfall"),
            _l("What stays of the price at the worst, under the policy in force."),
        ),
        Column(key="margin_fen", title=_l("Margin a piece"), at=ProductStat.margin_fen, kind=Kind.MONEY, shown=False),
        _figure("commission_bps", _l("Commission"), ProductStat.commission_bps, _rate("commission_bps", "#waterfall")),
        _figure(
            "repurchase_bps",
            _l("Repurchase"),
            ProductStat.repurchase_bps,
            _repurchase,
            _l("Buyers with paid orders on two or more distinct days of the 30, of all its buyers."),
        ),
        _figure(
            "conversion_bps",
            _l("Conversion"),
            ProductStat.conversion_bps,
            _conversion,
            _l("Own orders of 30 days for each day in a window; a dash where it stood in none."),
        ),
        _figure("sales_7_fen", _l("Sales 7 d"), ProductStat.sales_7_fen, _sales("sales_7_fen", WEEK)),
        _figure("sales_30_fen", _l("Sales 30 d"), ProductStat.sales_30_fen, _sales("sales_30_fen", DAYS)),
        _figure("refund_bps", _l("Refunds"), ProductStat.refund_bps, _refunds, _l("Refunded of the sales of 30 days.")),
        _figure("windows", _l("Windows"), ProductStat.windows, _windows),
        Column(key="orders_7", title=_l("Orders 7 d"), at=ProductStat.orders_7, kind=Kind.COUNT, shown=False),
        Column(key="orders_30", title=_l("Orders 30 d"), at=ProductStat.orders_30, kind=Kind.COUNT, shown=False),
        Column(key="own_orders_30", title=_l("Own orders"), at=ProductStat.own_orders_30, kind=Kind.COUNT, shown=False),
        Column(key="buyers_30", title=_l("Buyers 30 d"), at=ProductStat.buyers_30, kind=Kind.COUNT, shown=False),
        Column(
            key="window_days_30",
            title=_l("Days in windows"),
            at=ProductStat.window_days_30,
            kind=Kind.COUNT,
            shown=False,
        ),
        Column(key="counted_at", title=_l("Counted"), at=ProductStat.counted_at, kind=Kind.MOMENT, shown=False),
    )
    questions = (
        OneOf(key="state", title=_l("State"), at=Product.state, choices={key: b.label for key, b in STATES.items()}),
        OneOf(
            key="category",
            title=_l("Category"),
            at=Product.category,
            choices=lambda: {name: name for name in queries.categories()},
        ),
        OneOf(
            key="merchant",
            title=_l("Merchant"),
            at=ProductStat.merchant_id,
            choices=lambda: {str(key): name for key, name in merchants()},
        ),
        Percent(key="margin", title=_l("Margin"), at=ProductStat.margin_bps),
        Percent(key="commission", title=_l("Commission"), at=ProductStat.commission_bps),
        Percent(key="repurchase", title=_l("Repurchase"), at=ProductStat.repurchase_bps),
        Percent(key="conversion", title=_l("Conversion"), at=ProductStat.conversion_bps),
        Yuan(key="sales_7", title=_l("Sales 7 d"), at=ProductStat.sales_7_fen),
        Yuan(key="sales_30", title=_l("Sales 30 d"), at=ProductStat.sales_30_fen),
        Percent(key="refund", title=_l("Refunds"), at=ProductStat.refund_bps),
    )
    searches = (Prefix(Product.code), Contains(Product.title))
    list_template = "product/board.html"

    @property
    def identity(self) -> Any:
        return ProductStat.product_id

    def base(self) -> Select[Any]:
        return (
            sa.select()
            .select_from(ProductStat)
            .join(Product, Product.id == ProductStat.product_id)
            .join(Merchant, Merchant.id == ProductStat.merchant_id)
        )

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        return query if viewer.merchant_id is None else query.where(ProductStat.merchant_id == viewer.merchant_id)

    def rows(self, viewer: Viewer, columns: tuple[Column, ...]) -> Select[Any]:
        """The columns asked for, with what the cells of the others' figures are read beside."""
        have = {column.key for column in columns}
        beside = tuple(column for column in self.columns if column.key in BEHIND and column.key not in have)
        return super().rows(viewer, (*columns, *beside))

    def extras(self) -> dict[str, Any]:
        listed = ProductStat.product_id == Product.id, Product.state == ProductState.LISTED
        counts = {
            "loss": (ProductStat.margin_bps < 0,),
            "idle": (*listed, ProductStat.sales_30_fen == 0),
            "slow": (ProductStat.window_days_30 > 0, ProductStat.conversion_bps < DROP_CONVERSION_BPS),
        }
        chosen = [
            sa.select(sa.func.count()).where(*where).scalar_subquery().label(key) for key, where in counts.items()
        ]
        return {
            "counts": db.session.execute(sa.select(*chosen)).one()._mapping,
            "counted_at": figures.counted_at(),
            "slow_percent": f"{(DROP_CONVERSION_BPS - 1) / 100:.2f}",
        }

    @expose("/<int:row_id>")
    @permits("curation.view")
    def detail(self, row_id: int) -> Any:
        """The product's own page."""
        row = self.found(row_id)
        return redirect(url_for("products.detail", row_id=row.product_id))
