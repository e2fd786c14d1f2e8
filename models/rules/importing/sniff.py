"""A proposal of what a file means, from the names of its columns and from its first rows; people may correct it."""

import re
from collections import Counter
from collections.abc import Sequence

from models.errors import Invalid
from models.rules.importing import content, fields, values
from models.rules.importing.layout import Cell, DateOrder, Field, Grain, Layout, Paid, ProductSheet, SheetInfo

HEADER_ROW_MAX = 60
_WEIGHT = {Field.ORDER_NUMBER: 3, Field.ORDERED_AT: 3, Field.AMOUNT: 3, Field.PAID: 2}
_ABOUT_PRODUCTS = (Field.PRODUCT_NAME, Field.CATEGORY, Field.CATEGORY_GROUP)
_CODES = (Field.ORDER_NUMBER, Field.BUYER, Field.PRODUCT_CODE)
_OF_A_LINE = (Field.PRODUCT_CODE, Field.PRODUCT_NAME, Field.QUANTITY, Field.UNIT_PRICE, Field.AMOUNT)
_LETTERS_THEN_DIGITS = re.compile(r"([A-Za-z]{0,8})([0-9]+)")
_YEAR_LAST = re.compile(r"\s*([0-9]{1,2})[-/.]([0-9]{1,2})[-/.][0-9]{4}\b")

Rows = Sequence[tuple[Cell, ...]]


class NothingRecognised(Invalid):
    """No sheet of the file looks like orders."""

    code = "nothing_recognised"


def sniff(sheets: Sequence[SheetInfo]) -> Layout:
    """The most likely reading of a file."""
    sheet, header_row, found = _orders(sheets)
    columns = sheet.columns(header_row)
    rows = sheet.below(header_row)
    found = content.complete(found, columns, rows)
    sample = Sample(found, columns, rows)
    return Layout(
        sheet=sheet.name,
        header_row=header_row,
        columns=found,
        grain=_grain(sample),
        paid=_paid(sample),
        required=_required(sample),
        exact_amount=_exact(sample),
        shapes={field: shape for field in _CODES if (shape := _shape(sample.texts(field)))},
        date_order=_date_order(sample.texts(Field.ORDERED_AT)),
        products=_products(sheets, sheet, found),
    )


class Sample:
    """The first rows of a sheet, by meaning."""

    def __init__(self, found: dict[Field, str], columns: tuple[str, ...], rows: Rows) -> None:
        self.found = found
        self._places = {field: columns.index(name) for field, name in found.items()}
        self._rows = rows

    def cells(self, field: Field) -> list[Cell]:
        """The cells of a column, None where a row is too short; empty when the file has no such column."""
        place = self._places.get(field)
        return [] if place is None else [row[place] if place < len(row) else None for row in self._rows]

    def texts(self, field: Field) -> list[str]:
        """The cells of a column as text, without the blank ones."""
        return [text for cell in self.cells(field) if (text := values.shown(cell).strip())]

    def fen(self, field: Field) -> list[int | None]:
        """The amounts of a column in fen, None where one cannot be read."""
        return [values.money(cell).value for cell in self.cells(field)]


def _orders(sheets: Sequence[SheetInfo]) -> tuple[SheetInfo, int, dict[Field, str]]:
    best: tuple[int, int, SheetInfo, int, dict[Field, str]] | None = None
    for sheet in sheets:
        for number, _ in sheet.sample:
            if number > HEADER_ROW_MAX:
                break
            found = fields.by_name(sheet.columns(number))
            score = sum(_WEIGHT.get(field, 1) for field in found)
            if best is None or (score, sheet.rows_estimate) > best[:2]:
                best = (score, sheet.rows_estimate, sheet, number, found)
    if best is None or best[0] < 4:
        raise NothingRecognised("认不出这个文件的表头；请检查是否选对了文件，表头应有订单号、下单时间、金额等列")
    return best[2], best[3], best[4]


def _grain(sample: Sample) -> Grain:
    numbers = sample.texts(Field.ORDER_NUMBER)
    of_goods = any(field in sample.found for field in (Field.LINE_NUMBER, Field.PRODUCT_CODE))
    return Grain.LINE if of_goods or len(set(numbers)) < len(numbers) else Grain.ORDER


def _paid(sample: Sample) -> Paid:
    """Net where payment plus refund is the total of each refunded row, gross where payment alone is."""
    if Field.PAID not in sample.found:
        return Paid.PLACED
    triples = zip(sample.fen(Field.AMOUNT), sample.fen(Field.PAID), sample.fen(Field.REFUND), strict=False)
    refunded = [(total, paid, back) for total, paid, back in triples if total and paid is not None and back]
    net = sum(1 for total, paid, back in refunded if paid + back == total)
    return Paid.NET if refunded and net > len(refunded) / 2 else Paid.GROSS


def _required(sample: Sample) -> frozenset[Field]:
    always = {Field.ORDER_NUMBER, Field.ORDERED_AT, Field.AMOUNT}
    if Field.PRODUCT_CODE in sample.found:
        always |= {field for field in _OF_A_LINE if field is not Field.PRODUCT_NAME}
    return frozenset(always & sample.found.keys())


def _exact(sample: Sample) -> bool:
    counts = [values.quantity(cell).value for cell in sample.cells(Field.QUANTITY)]
    triples = zip(counts, sample.fen(Field.UNIT_PRICE), sample.fen(Field.AMOUNT), strict=False)
    whole = [triple for triple in triples if None not in triple]
    agree = sum(1 for count, price, amount in whole if count * price == amount)
    return bool(whole) and agree >= 0.98 * len(whole)


def _shape(texts: list[str]) -> str:
    """The shape of nearly all codes of a column: fixed letters, then digits; empty when there is none."""
    matches = [match for text in texts if (match := _LETTERS_THEN_DIGITS.fullmatch(text))]
    pairs = Counter((match[1], len(match[2])) for match in matches)
    if len(texts) < 5 or sum(pairs.values()) < 0.95 * len(texts):
        return ""
    prefixes = Counter(prefix for prefix, _ in pairs.elements())
    prefix, count = prefixes.most_common(1)[0]
    if count < 0.95 * len(texts):
        return ""
    lengths = {length for (letters, length) in pairs if letters == prefix}
    return prefix + ("#" * lengths.pop() if len(lengths) == 1 else "#*")


def _date_order(texts: list[str]) -> DateOrder:
    pairs = [(int(match[1]), int(match[2])) for text in texts if (match := _YEAR_LAST.match(text))]
    if any(first > 12 for first, _ in pairs) and all(second <= 12 for _, second in pairs):
        return DateOrder.DAY_FIRST
    if any(second > 12 for _, second in pairs) and all(first <= 12 for first, _ in pairs):
        return DateOrder.MONTH_FIRST
    return DateOrder.UNKNOWN


def _products(sheets: Sequence[SheetInfo], orders: SheetInfo, found: dict[Field, str]) -> ProductSheet | None:
    if Field.PRODUCT_CODE not in found:
        return None
    for sheet in sheets:
        for number, _ in sheet.sample[:HEADER_ROW_MAX]:
            named = fields.by_name(sheet.columns(number))
            about = {field: name for field, name in named.items() if field in (Field.PRODUCT_CODE, *_ABOUT_PRODUCTS)}
            if sheet is not orders and Field.PRODUCT_CODE in about and len(about) > 1:
                return ProductSheet(sheet.name, number, about)
    return None
