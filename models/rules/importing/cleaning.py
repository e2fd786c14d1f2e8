"""One row of an order file to one history line, or to the reasons why it stays out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import blake2b
from typing import NamedTuple

from models.rules.importing import text, values
from models.rules.importing.amounts import Amounts, Settlement
from models.rules.importing.columns import Finding, Readers
from models.rules.importing.layout import BadLayout, Cells, Field, Grain, Layout, Product
from models.rules.importing.moments import Moments
from models.rules.importing.places import Places
from models.rules.importing.validate import indispensable
from models.rules.importing.values import Kind

__all__ = ["Cleaned", "Cleaner", "Finding", "Line", "Refused"]

_UNKNOWN = Product(None, None, None)
_ABOUT_GOODS = frozenset({Field.PRODUCT_NAME, Field.CATEGORY, Field.CATEGORY_GROUP})

# Days repeat in a file, instants hardly do.
_DAY_LENGTH = len("2019-03-28")


class Line(NamedTuple):
    """The values of one history line, in fen, UTC instants and Shanghai days; None where the file says nothing."""

    row_key: str
    order_number: str
    buyer: str | None
    ordered_at: datetime
    paid_at: datetime | None
    ordered_on: date
    paid_on: date | None
    region_code: str | None
    province_code: str | None
    city_code: str | None
    region_text: str | None
    sales_region: str | None
    product_code: str | None
    product_name: str | None
    category: str | None
    category_group: str | None
    quantity: int | None
    unit_price_fen: int | None
    placed_fen: int
    paid_fen: int
    refund_fen: int


@dataclass(frozen=True, slots=True)
class Cleaned:
    """A row that goes in, with what was mended or remarked on the way."""

    line: Line
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True, slots=True)
class Refused:
    """A row that stays out, and why."""

    findings: tuple[Finding, ...]


class Cleaner:
    """Reads the rows of one sheet under one layout; ``columns`` are the header names of this very sheet."""

    def __init__(
        self, layout: Layout, columns: tuple[str, ...], *, today: date, products: Mapping[str, Product] | None = None
    ) -> None:
        if problems := indispensable(layout):
            raise BadLayout("；".join(problems))
        self._width = len(columns)
        self._columns = columns
        self._layout = layout
        self._products = products
        self._tells_of_goods = not _ABOUT_GOODS.isdisjoint(layout.columns)
        self._by_order = layout.grain is Grain.ORDER
        make = Readers(layout, columns)
        self._number = make.code(Field.ORDER_NUMBER)
        self._line_number = make.code(Field.LINE_NUMBER)
        self._buyer = make.code(Field.BUYER) if Field.BUYER in layout.shapes else make.plain(Field.BUYER, values.name)
        self._ordered = make.plain(Field.ORDERED_AT, Moments(today=today, order=layout.date_order), longest=_DAY_LENGTH)
        self._paid_at = make.plain(Field.PAID_AT, Moments(today=today, order=layout.date_order), longest=_DAY_LENGTH)
        self._sales_region = make.plain(Field.SALES_REGION, values.label)
        self._product = make.code(Field.PRODUCT_CODE)
        self._product_name = make.plain(Field.PRODUCT_NAME, values.name)
        self._category = make.plain(Field.CATEGORY, values.label)
        self._category_group = make.plain(Field.CATEGORY_GROUP, values.label)
        self._quantity = make.plain(Field.QUANTITY, values.quantity)
        self._price = make.plain(Field.UNIT_PRICE, values.money)
        self._amount = make.plain(Field.AMOUNT, values.money)
        self._paid = make.plain(Field.PAID, values.money)
        self._refund = make.plain(Field.REFUND, values.money)
        self._places = Places(layout, columns)
        self._settle = Settlement(layout)

    def clean(self, cells: Cells) -> Cleaned | Refused:
        """The line of a row, or the reasons why the row stays out; never raises for what a cell holds."""
        if len(cells) != self._width and (ragged := self._ragged(cells)):
            return Refused((ragged,))
        found: list[Finding] = []
        number = self._number(cells, found)
        line_number = self._line_number(cells, found)
        buyer = self._buyer(cells, found)
        ordered = self._ordered(cells, found)
        paid_at = self._paid_at(cells, found)
        code, product = self._product_of(cells, found)
        row = Amounts(
            self._quantity(cells, found),
            self._price(cells, found),
            self._amount(cells, found),
            self._paid(cells, found),
            self._refund(cells, found),
        )
        money = self._settle(row, ordered, paid_at, found)
        place = self._places(cells, found)
        sales_region = self._region_of_sales(cells, found)
        if found and any(one.kind is Kind.REFUSED for one in found):
            return Refused(tuple(found))
        placed, paid, refund, paid_moment = money
        on_paid, at_paid = (paid_moment.on, paid_moment.at) if paid_moment else (None, None)
        key = number
        if line_number is not None:
            key = f"{number}/{line_number}"
        elif not self._by_order:
            key = digest(number, buyer, ordered.at.timestamp(), code, product.name, *row[:3], place.region_code)
        moments = (ordered.at, at_paid, ordered.on, on_paid)
        goods = (code, *product)
        counted = (row.quantity, row.unit_price_fen)
        line = Line(key, number, buyer, *moments, *place, sales_region, *goods, *counted, placed, paid, refund)
        return Cleaned(line, tuple(found))

    def _ragged(self, cells: Cells) -> Finding | None:
        if len(cells) > self._width:
            if all(text.is_blank(text.fold(values.shown(cell))) for cell in cells[self._width :]):
                return None
            reason = f"这一行有 {len(cells)} 列，比表头多；可能是某一格里有没加引号的分隔符"
        else:
            reason = f"这一行只有 {len(cells)} 列，表头有 {self._width} 列；文件可能不完整"
        return Finding("", "", None, Kind.REFUSED, "ragged", reason)

    def _region_of_sales(self, cells: Cells, found: list[Finding]) -> str | None:
        region: str | None = self._sales_region(cells, found)
        if region is None and Field.SALES_REGION in self._layout.columns:
            column = self._layout.columns[Field.SALES_REGION]
            found.append(Finding(column, "", None, Kind.NOTED, "no_sales_region", "没有填大区，导入后大区为空"))
        return region

    def _product_of(self, cells: Cells, found: list[Finding]) -> tuple[str | None, Product]:
        code: str | None = self._product(cells, found)
        own = self._own_words(cells, found) if self._tells_of_goods else _UNKNOWN
        if self._products is None or code is None:
            return code, own
        known = self._products.get(code)
        if known is None:
            column = self._layout.columns[Field.PRODUCT_CODE]
            reason = "商品信息表中没有这个编号，商品名称和分类为空"
            found.append(Finding(column, code, None, Kind.NOTED, "unknown_product", reason))
            return code, own
        if own is _UNKNOWN:
            return code, known
        return code, Product(*(mine or other for mine, other in zip(own, known, strict=True)))

    def _own_words(self, cells: Cells, found: list[Finding]) -> Product:
        return Product(
            self._product_name(cells, found), self._category(cells, found), self._category_group(cells, found)
        )


def digest(*values_of_line: object) -> str:
    """One short key for the content of a line; what may still change later (payment, refund) is left out by callers."""
    return blake2b("\x1f".join(map(str, values_of_line)).encode(), digest_size=16).hexdigest()
