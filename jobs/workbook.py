"""Order files that are workbooks (.xlsx), read row by row. Formulas stay formulas, so that they can be refused."""

import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

import openpyxl
from defusedxml import DefusedXmlException
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.formula import ArrayFormula, DataTableFormula

from jobs.refusals import BrokenFile, EmptyFile, NoSuchSheet, NotASpreadsheet, TooLarge
from models.rules.importing import Cell, SheetInfo

SAMPLE_ROWS = 200
SHEETS_MAX = 50
COLUMNS_MAX = 256
ENTRIES_MAX = 2_000
UNPACKED_BYTES_MAX = 2 * 2**30
STRINGS_BYTES_MAX = 256 * 2**20
RATIO_MAX = 200
RATIO_FROM_BYTES = 10 * 2**20
BLANK_ROWS_MAX = 100_000

_CHUNK = 500
_VALUES = frozenset({str, int, float, bool, datetime, date, time, timedelta, type(None)})
# openpyxl tells of a damaged file by whatever its parser trips over.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    DefusedXmlException,
    InvalidFileException,
    struct.error,
    EOFError,
    OSError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    NotImplementedError,
    RuntimeError,
)


def sheets(path: Path) -> list[SheetInfo]:
    """The sheets of a workbook with their first rows."""
    with _opened(path) as book:
        if len(book.worksheets) > SHEETS_MAX:
            raise TooLarge(f"文件有 {len(book.worksheets)} 个工作表，最多 {SHEETS_MAX} 个；请只保留订单和商品")
        found = [_sheet(sheet) for sheet in book.worksheets]
    found = [sheet for sheet in found if sheet.sample]
    if not found:
        raise EmptyFile("文件的所有工作表都是空的，请重新导出后上传")
    if all(len(sheet.sample) == 1 for sheet in found):
        raise EmptyFile("文件只有表头，没有数据行")
    return found


def rows(path: Path, sheet: str, header_row: int) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    """The rows below the header, each as wide as the header at least."""
    with _opened(path) as book:
        chosen = next((one for one in book.worksheets if one.title == sheet), None)
        if chosen is None:
            raise NoSuchSheet(f"文件中没有“{sheet}”这个工作表")
        width = 0
        for number, cells in _numbered(chosen):
            if number == header_row:
                width = len(cells)
            elif number > header_row:
                yield number, cells if len(cells) >= width else cells + (None,) * (width - len(cells))


def _sheet(sheet: Any) -> SheetInfo:
    declared = sheet.max_row or 0
    sample = tuple(islice(_numbered(sheet), SAMPLE_ROWS))
    return SheetInfo(sheet.title, max(declared, len(sample)) if len(sample) == SAMPLE_ROWS else len(sample), sample)


def _numbered(sheet: Any) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    # A sheet may declare other dimensions than it has; the cells themselves are the truth.
    sheet.reset_dimensions()
    last = 0
    source = enumerate(sheet.iter_rows(values_only=True), 1)
    while chunk := _chunk(source):
        for number, cells in chunk:
            if any(cell is not None for cell in cells):
                last = number
                yield number, _trimmed(number, cells)
        if chunk[-1][0] - last > BLANK_ROWS_MAX:
            return


def _chunk(source: Iterator[tuple[int, tuple[Any, ...]]]) -> list[tuple[int, tuple[Any, ...]]]:
    with _damage_told(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return list(islice(source, _CHUNK))


def _trimmed(number: int, cells: tuple[Any, ...]) -> tuple[Cell, ...]:
    while cells and cells[-1] is None:
        cells = cells[:-1]
    if len(cells) > COLUMNS_MAX:
        raise TooLarge(f"第 {number} 行有 {len(cells)} 列，最多 {COLUMNS_MAX} 列")
    return cells if _VALUES.issuperset(map(type, cells)) else tuple(map(_value, cells))


def _value(cell: Any) -> Cell:
    """Formulas over several cells come as objects; their text says all that is needed to refuse them."""
    if isinstance(cell, ArrayFormula):
        return f"={str(cell.text).removeprefix('=')}"
    if isinstance(cell, DataTableFormula):
        return "=TABLE()"
    return cell if type(cell) in _VALUES else str(cell)


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:
        with _damage_told(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            _check_archive(file)
            book = openpyxl.load_workbook(file, read_only=True, keep_links=False)
        try:
            yield book
        finally:
            book.close()


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise BrokenFile("文件已损坏或不完整，打不开；请重新导出后上传") from error


def _check_archive(file: BinaryIO) -> None:
    """Sizes are declared in the archive; reading never gets more of an entry than its declared size."""
    with zipfile.ZipFile(file) as archive:
        entries = archive.infolist()
    names = {entry.filename for entry in entries}
    if len(entries) > ENTRIES_MAX:
        raise TooLarge("文件内部的条目过多，不像是订单表")
    if "xl/workbook.bin" in names:
        raise NotASpreadsheet("这是 .xlsb 文件，请另存为 .xlsx 后重新上传")
    if "xl/workbook.xml" not in names:
        raise NotASpreadsheet("这是压缩包或其他文件，不是表格；请上传 .xlsx 或 .csv")
    if sum(entry.file_size for entry in entries) > UNPACKED_BYTES_MAX:
        raise TooLarge("文件解压后过大，不像是订单表；请按月份拆分后分别上传")
    for entry in entries:
        _check_entry(entry)


def _check_entry(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & 1:
        raise NotASpreadsheet("文件加了密码，请取消密码后重新上传")
    if entry.file_size > RATIO_FROM_BYTES and entry.file_size > RATIO_MAX * max(1, entry.compress_size):
        raise TooLarge("文件的压缩比异常，可能是压缩炸弹，没有打开")
    if entry.filename.endswith("sharedStrings.xml") and entry.file_size > STRINGS_BYTES_MAX:
        raise TooLarge("文件中的文字过多，请另存为 .csv 后重新上传")
