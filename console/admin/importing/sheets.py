"""Findings as files: text stays text, so that no cell of a merchant's file becomes a formula in ours."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import xlsxwriter

HEADER = ("行号", "列", "原值", "修正后", "结果", "原因")
_LIVE = ("=", "+", "-", "@", "\t", "\r", "\n", "\0", "＝", "＋", "－", "＠")
_STEP_ROWS = 2_000


def neutral(value: Any) -> Any:
    """A cell that a spreadsheet will not run."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_LIVE) else value


def csv_bytes(header: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> Iterator[bytes]:
    """UTF-8 with a mark in front, so that Excel reads Chinese right."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")
    writer.writerow(header)
    for number, row in enumerate(rows, 1):
        writer.writerow([neutral(value) for value in row])
        if not number % _STEP_ROWS:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def xlsx_bytes(header: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> Iterator[bytes]:
    """A workbook written in constant memory, every text cell a string."""
    target = io.BytesIO()
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(target, options)
    sheet = book.add_worksheet("问题清单")
    sheet.freeze_panes(1, 0)
    sheet.set_column(1, 5, 22)
    for line, row in enumerate((header, *()), 0):
        sheet.write_row(line, 0, row, book.add_format({"bold": True}))
    for line, row in enumerate(rows, 1):
        for place, value in enumerate(row):
            if isinstance(value, str):
                sheet.write_string(line, place, neutral(value)[:32_767])
            else:
                sheet.write(line, place, value)
    book.close()
    yield target.getvalue()


Writer = Callable[[tuple[str, ...], Iterable[tuple[Any, ...]]], Iterator[bytes]]
KINDS: dict[str, tuple[Writer, str]] = {
    "csv": (csv_bytes, "text/csv; charset=utf-8"),
    "xlsx": (xlsx_bytes, "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
}
