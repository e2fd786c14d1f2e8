"""Order files that are workbooks (.xlsx), read row by row. Formulas stay formulas, so that they can be refused."""

import struct
import warnings
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError

import openpyxl
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from openpyxl.packaging.manifest import Manifest
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.xml.constants import ARC_CONTENT_TYPES, SHARED_STRINGS

from jobs.cells import Cells
from jobs.refusals import BrokenFile, EmptyFile, NoSuchSheet, NotASpreadsheet, TooLarge
from models.rules.importing import Cell, SheetInfo

SAMPLE_ROWS = 200
SHEETS_MAX = 50
ENTRIES_MAX = 2_000
UNPACKED_BYTES_MAX = 2 * 2**30
STRINGS_BYTES_MAX = 128 * 2**20
OTHER_BYTES_MAX = 32 * 2**20
RATIO_MAX = 200
RATIO_FROM_BYTES = 10 * 2**20

# openpyxl tells of a damaged file by whatever its parser trips over.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    ExpatError,
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
        found = [_sheet(book, sheet) for sheet in book.worksheets]
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
        for number, cells in _numbered(book, chosen):
            if number == header_row:
                width = len(cells)
            elif number > header_row:
                yield number, cells if len(cells) >= width else cells + (None,) * (width - len(cells))


def _sheet(book: Any, sheet: Any) -> SheetInfo:
    declared = sheet.max_row or 0
    sample = tuple(islice(_numbered(book, sheet), SAMPLE_ROWS))
    return SheetInfo(sheet.title, max(declared, len(sample)) if len(sample) == SAMPLE_ROWS else len(sample), sample)


def _numbered(book: Any, sheet: Any) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    """The rows themselves: what a sheet declares as its dimensions may be wrong."""
    with _damage_told(), book._archive.open(sheet._worksheet_path) as source:
        yield from Cells(book, sheet._shared_strings).rows(source)


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
        _check_kind(entries, names)
        for entry in entries:
            _check_entry(entry)
        strings = Manifest.from_tree(fromstring(archive.read(ARC_CONTENT_TYPES))).find(SHARED_STRINGS)
    shared = strings.PartName.lstrip("/") if strings else ""
    for entry in entries:
        if entry.file_size > _held_max(entry.filename, shared):
            raise TooLarge("文件中的文字或样式过多；请另存为 .csv 后重新上传")


def _check_kind(entries: list[zipfile.ZipInfo], names: set[str]) -> None:
    if len(entries) > ENTRIES_MAX:
        raise TooLarge("文件内部的条目过多，不像是订单表")
    if "xl/workbook.bin" in names:
        raise NotASpreadsheet("这是 .xlsb 文件，请另存为 .xlsx 后重新上传")
    if "xl/workbook.xml" not in names:
        raise NotASpreadsheet("这是压缩包或其他文件，不是表格；请上传 .xlsx 或 .csv")
    if sum(entry.file_size for entry in entries) > UNPACKED_BYTES_MAX:
        raise TooLarge("文件解压后过大，不像是订单表；请按月份拆分后分别上传")


def _check_entry(entry: zipfile.ZipInfo) -> None:
    if entry.flag_bits & 1:
        raise NotASpreadsheet("文件加了密码，请取消密码后重新上传")
    if entry.file_size > RATIO_FROM_BYTES and entry.file_size > RATIO_MAX * max(1, entry.compress_size):
        raise TooLarge("文件的压缩比异常，可能是压缩炸弹，没有打开")
    if entry.filename == ARC_CONTENT_TYPES and entry.file_size > RATIO_FROM_BYTES:
        raise TooLarge("文件内部的条目过多，不像是订单表")


def _held_max(name: str, shared: str) -> int:
    """Worksheets are streamed; everything else is held in memory as a whole."""
    if name == shared:
        return STRINGS_BYTES_MAX
    return UNPACKED_BYTES_MAX if name.startswith("xl/worksheets/") else OTHER_BYTES_MAX
