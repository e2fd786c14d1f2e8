"""What an order file means: its sheet, its columns and how to read them, kept so that the next file reads the same."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, NamedTuple

from models.errors import Invalid
from models.rules.importing import text

Cell = str | int | float | bool | datetime | date | time | timedelta | None
Cells = Sequence[Cell]


class BadLayout(Invalid):
    """The saved layout does not fit this file or is not a layout at all."""

    code = "bad_layout"


class Field(StrEnum):
    """What a column can mean; the value is the key kept in a saved layout."""

    ORDER_NUMBER = "order_number"
    LINE_NUMBER = "line_number"
    BUYER = "buyer"
    ORDERED_AT = "ordered_at"
    PAID_AT = "paid_at"
    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"
    ADDRESS = "address"
    SALES_REGION = "sales_region"
    PRODUCT_CODE = "product_code"
    PRODUCT_NAME = "product_name"
    CATEGORY = "category"
    CATEGORY_GROUP = "category_group"
    QUANTITY = "quantity"
    UNIT_PRICE = "unit_price"
    AMOUNT = "amount"
    PAID = "paid"
    REFUND = "refund"


TITLES: dict[Field, str] = {
    Field.ORDER_NUMBER: "订单号",
    Field.LINE_NUMBER: "子订单号",
    Field.BUYER: "客户",
    Field.ORDERED_AT: "下单时间",
    Field.PAID_AT: "付款时间",
    Field.PROVINCE: "省份",
    Field.CITY: "城市",
    Field.DISTRICT: "区县",
    Field.ADDRESS: "收货地址",
    Field.SALES_REGION: "大区",
    Field.PRODUCT_CODE: "商品编号",
    Field.PRODUCT_NAME: "商品名称",
    Field.CATEGORY: "商品小类",
    Field.CATEGORY_GROUP: "商品大类",
    Field.QUANTITY: "数量",
    Field.UNIT_PRICE: "单价",
    Field.AMOUNT: "金额",
    Field.PAID: "实付金额",
    Field.REFUND: "退款金额",
}


ALWAYS_REQUIRED = (Field.ORDER_NUMBER, Field.ORDERED_AT)


class Grain(StrEnum):
    """What one row stands for."""

    ORDER = "order"
    LINE = "line"


class Paid(StrEnum):
    """What the paid column holds; without such a column a placed order counts as paid."""

    GROSS = "gross"
    NET = "net"
    PLACED = "placed"


class DateOrder(StrEnum):
    """How to read a date whose year stands last."""

    UNKNOWN = "unknown"
    DAY_FIRST = "day_first"
    MONTH_FIRST = "month_first"


@dataclass(frozen=True, slots=True)
class SheetInfo:
    """One sheet of an opened file: its name, about how many rows it has, and its first rows as they stand."""

    name: str
    rows_estimate: int
    sample: tuple[tuple[int, tuple[Cell, ...]], ...]

    def columns(self, header_row: int) -> tuple[str, ...]:
        """The column names if this row is the header; empty when the row is not among the first rows."""
        return next((header(cells) for number, cells in self.sample if number == header_row), ())

    def below(self, header_row: int) -> list[tuple[Cell, ...]]:
        """The sample rows that come after the header."""
        return [cells for number, cells in self.sample if number > header_row]


def header(cells: Cells) -> tuple[str, ...]:
    """Column names without stray blanks: an empty one is named by its place, a repeated one gets a number."""
    names: list[str] = []
    for place, cell in enumerate(cells, 1):
        name = text.tidy(str(cell)) if cell is not None else ""
        name = name or f"第{place}列"
        seen = sum(1 for other in names if other == name or other.startswith(f"{name} ("))
        names.append(f"{name} ({seen + 1})" if seen else name)
    return tuple(names)


@dataclass(frozen=True, slots=True)
class ProductSheet:
    """A second sheet that says what the product codes are."""

    sheet: str
    header_row: int
    columns: Mapping[Field, str]


class Product(NamedTuple):
    """What a product code stands for."""

    name: str | None
    category: str | None
    category_group: str | None


@dataclass(frozen=True, slots=True)
class Layout:
    """How to read one kind of order file. ``shapes``: ``#`` is a digit, ``*`` any further digits, the rest stands."""

    sheet: str
    header_row: int
    columns: Mapping[Field, str]
    grain: Grain
    paid: Paid = Paid.PLACED
    required: frozenset[Field] = frozenset()
    exact_amount: bool = False
    shapes: Mapping[Field, str] = field(default_factory=dict)
    date_order: DateOrder = DateOrder.UNKNOWN
    products: ProductSheet | None = None

    def to_json(self) -> dict[str, Any]:
        """Plain values for a JSON column."""
        return {
            "sheet": self.sheet,
            "header_row": self.header_row,
            "columns": {str(key): name for key, name in self.columns.items()},
            "grain": str(self.grain),
            "paid": str(self.paid),
            "required": sorted(str(key) for key in self.required),
            "exact_amount": self.exact_amount,
            "shapes": {str(key): shape for key, shape in self.shapes.items()},
            "date_order": str(self.date_order),
            "products": _products_to_json(self.products),
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> "Layout":
        """The layout that ``to_json`` wrote; anything else is refused."""
        try:
            return cls(
                sheet=str(saved["sheet"]),
                header_row=int(saved["header_row"]),
                columns=_columns(saved["columns"]),
                grain=Grain(saved["grain"]),
                paid=Paid(saved.get("paid", Paid.PLACED)),
                required=frozenset(Field(key) for key in saved.get("required", ())),
                exact_amount=bool(saved.get("exact_amount", False)),
                shapes=_columns(saved.get("shapes", {})),
                date_order=DateOrder(saved.get("date_order", DateOrder.UNKNOWN)),
                products=_products_from_json(saved.get("products")),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BadLayout("保存的版式已损坏，请重新识别这个文件") from error


def _columns(saved: Mapping[str, str]) -> dict[Field, str]:
    return {Field(key): str(name) for key, name in saved.items()}


def _products_to_json(products: ProductSheet | None) -> dict[str, Any] | None:
    if products is None:
        return None
    columns = {str(key): name for key, name in products.columns.items()}
    return {"sheet": products.sheet, "header_row": products.header_row, "columns": columns}


def _products_from_json(saved: Mapping[str, Any] | None) -> ProductSheet | None:
    if saved is None:
        return None
    return ProductSheet(str(saved["sheet"]), int(saved["header_row"]), _columns(saved["columns"]))
