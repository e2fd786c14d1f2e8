"""Order files of delimited text: the encoding and the delimiter are found from the content."""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from jobs.refusals import BrokenFile, EmptyFile, NoSuchSheet, NotASpreadsheet, TooLarge, UnknownEncoding
from models.rules.importing import Cell, SheetInfo

SHEET = "CSV"
SAMPLE_ROWS = 200
COLUMNS_MAX = 256
RECORD_LINES_MAX = 100

_BLOCK = 2**20
_PAIR = re.compile(rb"[\x81-\xfe][\x30-\x39\x40-\x7e\x80-\xfe]")
# Every character of GB 2312, the part of GB 18030 that order files are written in, has both bytes up here.
_COMMON_PAIR = re.compile(rb"[\xa1-\xa9\xb0-\xf7][\xa1-\xfe]")
_COMMON_SHARE = 0.9
_PAIRS_ENOUGH = 10_000


def sheets(path: Path) -> list[SheetInfo]:
    """The one sheet of a text file."""
    encoding = _encoding(path)
    delimiter = _delimiter(path, encoding)
    sample = list(islice(_records(path, encoding, delimiter), SAMPLE_ROWS + 1))
    if not sample:
        raise EmptyFile("文件是空的，请重新导出后上传")
    if len(sample) == 1:
        raise EmptyFile("文件只有表头，没有数据行")
    estimate = len(sample)
    if len(sample) > SAMPLE_ROWS:
        estimate = _estimate(path, encoding, sample)
    return [SheetInfo(SHEET, estimate, tuple(sample[:SAMPLE_ROWS]))]


def rows(path: Path, sheet: str, header_row: int) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    """The records below the header; a record counts as one row however many lines it spans."""
    if sheet != SHEET:
        raise NoSuchSheet(f"文件中没有“{sheet}”这个工作表")
    encoding = _encoding(path)
    for number, cells in _records(path, encoding, _delimiter(path, encoding)):
        if number > header_row:
            yield number, cells


def _records(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, tuple[Cell, ...]]]:
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        line = 0
        try:
            for number, cells in enumerate(reader, 1):
                if reader.line_num - line > RECORD_LINES_MAX:
                    raise BrokenFile(f"第 {line + 1} 行的引号不成对，把后面许多行都连在了一起；请重新导出")
                line = reader.line_num
                if any(cells):
                    if len(cells) > COLUMNS_MAX:
                        raise TooLarge(f"第 {number} 行有 {len(cells)} 列，最多 {COLUMNS_MAX} 列")
                    yield number, tuple(cells)
        except csv.Error as error:
            raise BrokenFile(f"第 {line + 1} 行的引号不成对或内容过长；请重新导出") from error


def _encoding(path: Path) -> str:
    """UTF-8 where all of the file is, else GB 18030 where all of it plausibly is."""
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise UnknownEncoding("文件是 UTF-16 编码（Unicode 文本），请另存为 .xlsx 或 UTF-8 的 .csv 后重新上传")
    _check_lines(path)
    if _decodes(path, "utf-8"):
        return "utf-8-sig"
    if _decodes(path, "gb18030") and _looks_chinese(path):
        return "gb18030"
    raise UnknownEncoding("认不出文件的编码，请另存为 .xlsx 或 UTF-8 的 .csv 后重新上传")


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            yield block


def _check_lines(path: Path) -> None:
    for block in _blocks(path):
        if b"\0" in block:
            raise NotASpreadsheet("这不是表格文件，请上传 .xlsx 或 .csv")
        if len(block) == _BLOCK and b"\n" not in block and b"\r" not in block:
            raise TooLarge("文件中有超过 1 MB 的一行，不像是订单表；请重新导出")


def _decodes(path: Path, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for block in _blocks(path):
            decoder.decode(block)
    except UnicodeDecodeError:
        return False
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise BrokenFile("文件在最后一个字的中间断开了，可能没有下载完整；请重新导出") from error
    return True


def _looks_chinese(path: Path) -> bool:
    pairs = common = 0
    for block in _blocks(path):
        found = _PAIR.findall(block)
        pairs += len(found)
        common += sum(1 for pair in found if _COMMON_PAIR.match(pair))
        if pairs >= _PAIRS_ENOUGH:
            break
    return pairs > 0 and common >= _COMMON_SHARE * pairs


def _delimiter(path: Path, encoding: str) -> str:
    """The sign that cuts the first lines into most columns, the same number on most of them."""
    with path.open(encoding=encoding, newline="") as file:
        lines = list(islice(file, 60))
    return max((",", "\t", ";"), key=lambda sign: _columns(lines, sign))


def _columns(lines: Iterable[str], delimiter: str) -> int:
    try:
        widths = Counter(len(cells) for cells in csv.reader(lines, delimiter=delimiter) if len(cells) > 1)
    except csv.Error:
        return 0
    return max((width * count for width, count in widths.items()), default=0)


def _estimate(path: Path, encoding: str, sample: list[tuple[int, tuple[Cell, ...]]]) -> int:
    plain = encoding.removesuffix("-sig")
    in_sample = sum(len(str(cell).encode(plain)) + 1 for _, cells in sample for cell in cells)
    return max(len(sample), path.stat().st_size * len(sample) // max(1, in_sample))
