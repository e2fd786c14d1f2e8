"""History orders: the rows that imports brought, the end of every figure's trail."""

from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select
from sqlalchemy.orm import aliased

from console.admin.base import ReadView, Viewer
from console.admin.columns import Badge, Column, Kind, Tone
from console.admin.filters import Days, Equals, ExactOrNone, OneOf, OneOfOrNone, Prefix, Starts, Yuan
from console.auth import current_staff
from models import HistoryLine, ImportRun, Merchant, Region, Shop, db
from models.queries import history, importing

Province = aliased(Region, name="province")
City = aliased(Region, name="city")

PAID_STATES = {
    "unpaid": Badge(_l("Unpaid"), Tone.PLAIN),
    "paid": Badge(_l("Paid up"), Tone.GOOD),
    "part_refunded": Badge(_l("Partly refunded"), Tone.WARN),
    "refunded": Badge(_l("Refunded"), Tone.BAD),
}

PAID_STATE = sa.case(
    (HistoryLine.paid_at.is_(None), "unpaid"),
    (HistoryLine.refund_fen == 0, "paid"),
    (HistoryLine.refund_fen < HistoryLine.paid_fen, "part_refunded"),
    else_="refunded",
)


# A file may give a code, a name or both.
PRODUCT = sa.func.coalesce(HistoryLine.product_code, HistoryLine.product_name)


@dataclass(frozen=True, kw_only=True)
class CityOrNone(ExactOrNone):
    """A city by its code, shown by its name."""

    def says(self, value: str | int) -> str:
        city = db.session.get(Region, value)
        return city.name if city else super().says(value)


@dataclass(frozen=True, kw_only=True)
class PaidStates(OneOf):
    """States of payment, each asked the way its index is written."""

    def where(self, value: list[str]) -> ColumnElement[bool]:
        refunded = HistoryLine.refund_fen > 0
        meaning: dict[str, ColumnElement[bool]] = {
            "unpaid": HistoryLine.paid_at.is_(None),
            "paid": HistoryLine.paid_at.is_not(None) & ~refunded,
            "part_refunded": refunded & (HistoryLine.refund_fen < HistoryLine.paid_fen),
            "refunded": refunded & (HistoryLine.refund_fen == HistoryLine.paid_fen),
        }
        return sa.or_(*(meaning[state] for state in value))


def own_merchant() -> int | None:
    """The merchant whose rows alone this person may see; None for staff of the house."""
    staff = current_staff()
    return staff.merchant_id if staff else None


def shop_choices() -> dict[str, str]:
    """The shops this person may see, by id."""
    found = importing.shops(merchant_id=own_merchant())
    return {str(shop.id): f"{merchant.name} · {shop.name}" for shop, merchant in found}


class HistoryView(ReadView):
    """Every imported row; a merchant's staff see the rows of that merchant's shops."""

    section = "order"
    title = _l("History orders")
    slug = "history"
    permission = "history.view"
    hint = _l("Rows brought by imports. They count on the boards and never settle.")
    empty = _l("No order has been imported yet.")
    search_hint = _l("Order number or buyer, from its beginning")
    model = HistoryLine
    order = "-ordered_at"
    details_template = "importing/line.html"

    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="order_number", title=_l("Order number"), at=HistoryLine.order_number, kind=Kind.CODE, link=True),
        Column(key="ordered_at", title=_l("Ordered"), at=HistoryLine.ordered_at, kind=Kind.MOMENT, sort=True),
        Column(key="shop", title=_l("Shop"), at=Shop.name),
        Column(key="merchant", title=_l("Merchant"), at=Merchant.name, shown=False),
        Column(key="buyer", title=_l("Buyer"), at=HistoryLine.buyer, kind=Kind.CODE),
        Column(key="province", title=_l("Province"), at=Province.short_name),
        Column(key="city", title=_l("City"), at=City.short_name, shown=False),
        Column(key="region_text", title=_l("Region as written"), at=HistoryLine.region_text, shown=False),
        Column(key="sales_region", title=_l("Sales region"), at=HistoryLine.sales_region, shown=False),
        Column(key="category", title=_l("Category"), at=HistoryLine.category),
        Column(key="category_group", title=_l("Category group"), at=HistoryLine.category_group, shown=False),
        Column(key="product_code", title=_l("Product code"), at=HistoryLine.product_code, kind=Kind.CODE),
        Column(key="product_name", title=_l("Product"), at=HistoryLine.product_name, shown=False),
        Column(key="quantity", title=_l("Pieces"), at=HistoryLine.quantity, kind=Kind.COUNT),
        Column(
            key="unit_price_fen", title=_l("Unit price"), at=HistoryLine.unit_price_fen, kind=Kind.MONEY, shown=False
        ),
        Column(key="placed_fen", title=_l("Placed"), at=HistoryLine.placed_fen, kind=Kind.MONEY, shown=False),
        Column(
            key="paid_fen",
            title=_l("Paid"),
            at=HistoryLine.paid_fen,
            kind=Kind.MONEY,
            help=_l("What the buyer paid, before any refund; 0 while unpaid."),
        ),
        Column(key="refund_fen", title=_l("Refund"), at=HistoryLine.refund_fen, kind=Kind.MONEY),
        Column(key="paid_state", title=_l("Payment"), at=PAID_STATE, kind=Kind.BADGE, badges=PAID_STATES),
        Column(key="paid_at", title=_l("Paid at"), at=HistoryLine.paid_at, kind=Kind.MOMENT, shown=False),
        Column(key="import_id", title=_l("Import"), at=HistoryLine.import_id, kind=Kind.CODE, shown=False),
        Column(key="row_number", title=_l("Row of the file"), at=HistoryLine.row_number, kind=Kind.CODE, shown=False),
    )
    questions = (
        Days(key="ordered", title=_l("Ordered"), at=HistoryLine.ordered_at),
        Days(key="paid", title=_l("Paid on"), at=HistoryLine.paid_on),
        OneOfOrNone(key="province", title=_l("Province"), at=HistoryLine.province_code, choices=history.provinces),
        CityOrNone(key="city", title=_l("City"), at=HistoryLine.city_code),
        ExactOrNone(key="sales_region", title=_l("Sales region"), at=HistoryLine.sales_region),
        ExactOrNone(key="category_group", title=_l("Category group"), at=HistoryLine.category_group),
        OneOfOrNone(
            key="category",
            title=_l("Category"),
            at=HistoryLine.category,
            choices=lambda: {category: category for category in history.categories()},
        ),
        ExactOrNone(key="product", title=_l("Product"), at=PRODUCT),
        PaidStates(
            key="state",
            title=_l("Payment"),
            at=PAID_STATE,
            choices={key: badge.label for key, badge in PAID_STATES.items()},
        ),
        OneOf(key="shop", title=_l("Shop"), at=HistoryLine.shop_id, choices=shop_choices),
        Starts(key="buyer", title=_l("Buyer"), at=HistoryLine.buyer),
        Yuan(key="amount", title=_l("Paid amount"), at=HistoryLine.paid_fen),
        Equals(key="import", title=_l("Import"), at=HistoryLine.import_id),
    )
    searches = (Prefix(HistoryLine.order_number), Prefix(HistoryLine.buyer))

    def base(self) -> Select[Any]:
        return (
            sa.select()
            .select_from(HistoryLine)
            .join(Shop, Shop.id == HistoryLine.shop_id)
            .join(Merchant, Merchant.id == Shop.merchant_id)
            .outerjoin(Province, Province.code == HistoryLine.province_code)
            .outerjoin(City, City.code == HistoryLine.city_code)
        )

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        if viewer.merchant_id is None:
            return query
        own = sa.select(Shop.id).where(Shop.merchant_id == viewer.merchant_id)
        return query.where(HistoryLine.shop_id.in_(own))

    def around(self, row_id: int) -> dict[str, Any]:
        line = self.found(row_id)
        run = db.session.get_one(ImportRun, line.import_id)
        return {"run": run, "line": line, "cells": cells(run, line.row_number)}


def cells(run: ImportRun, row_number: int) -> list[tuple[str, str]]:
    """The names and contents of a row's cells as the file had them."""
    values = importing.raw(run.id, row_number) or []
    names = [str(name) for name in run.header] + [""] * len(values)
    return list(zip(names, values, strict=False))
