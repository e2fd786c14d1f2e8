"""The cells of one worksheet, streamed: no more than one block of XML and one row are held at a time."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import datetime
from typing import Any, BinaryIO, NoReturn
from xml.parsers import expat

from openpyxl.utils.datetime import from_excel, from_ISO8601

from jobs.refusals import BrokenFile, TooLarge
from models.rules.importing import Cell

COLUMNS_MAX = 256
ROWS_MAX = 1_048_576
TEXT_LENGTH_MAX = 32_767
DAYS_KEPT = 20_000

_BLOCK = 64 * 2**10
_COLLECTED = frozenset({"v", "f", "t"})

Row = tuple[int, tuple[Cell, ...]]


class Cells:
    """Reads one worksheet; blank rows and the cells behind the last value of a row are left out."""

    def __init__(self, book: Any, strings: Any) -> None:
        self._strings = strings
        self._epoch: datetime = book.epoch
        self._dates: set[int] = book._date_formats
        self._spans: set[int] = book._timedelta_formats
        self._rows: list[Row] = []
        self._number = 0
        self._row: list[Cell] = []
        self._column = -1
        self._place: dict[str, int] = {}
        self._known_days: dict[str, Cell] = {}
        self._start_cell({})
        self._text: list[str] | None = None
        self._aside = False
        self._read: dict[str, Callable[[str], Cell]] = {
            "n": self._as_number,
            "s": lambda text: self._strings[int(text)],
            "b": lambda text: bool(int(text)),
            "d": from_ISO8601,
        }

    def rows(self, source: BinaryIO) -> Iterator[Row]:
        """The rows with their numbers, each as it is complete."""
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.StartDoctypeDeclHandler = _no_declarations
        while block := source.read(_BLOCK):
            parser.Parse(block)
            yield from self._rows
            self._rows.clear()
        parser.Parse(b"", True)
        yield from self._rows

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if ":" in name:
            name = name.rpartition(":")[2]
        if name == "c":
            self._start_cell(attributes)
        elif name in _COLLECTED:
            self._text = []
        elif name == "row":
            self._start_row(attributes)
        elif name == "rPh":
            # The reading aid of an East Asian text is no part of it.
            self._aside = True

    def _start_row(self, attributes: dict[str, str]) -> None:
        number = int(attributes.get("r") or self._number + 1)
        if not self._number < number <= ROWS_MAX:
            raise BrokenFile("文件中的行号颠倒或超出了表格的范围；请重新导出")
        self._number = number
        self._row = []
        self._column = -1

    def _start_cell(self, attributes: dict[str, str]) -> None:
        self._column = self._column_of(attributes["r"]) if "r" in attributes else self._column + 1
        self._type = attributes.get("t", "n")
        self._style = int(attributes.get("s") or 0)
        self._value: str | None = None
        self._formula: str | None = None
        self._inline: list[str] = []

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)
            if len(self._text) > 1 and sum(map(len, self._text)) > TEXT_LENGTH_MAX:
                raise TooLarge(f"第 {self._number} 行有一格超过 {TEXT_LENGTH_MAX} 个字，不像是订单表")

    def _end(self, name: str) -> None:
        if ":" in name:
            name = name.rpartition(":")[2]
        if name in _COLLECTED and self._text is not None:
            self._collected(name, "".join(self._text))
            self._text = None
        elif name == "c":
            self._end_cell()
        elif name == "row":
            if self._row:
                self._rows.append((self._number, tuple(self._row)))
        elif name == "rPh":
            self._aside = False

    def _collected(self, name: str, text: str) -> None:
        if name == "v":
            self._value = text
        elif name == "f":
            self._formula = text
        elif not self._aside:
            self._inline.append(text)

    def _end_cell(self) -> None:
        value = self._cell()
        if value is None:
            return
        if self._column >= COLUMNS_MAX:
            raise TooLarge(f"第 {self._number} 行有 {self._column + 1} 列，最多 {COLUMNS_MAX} 列")
        row, missing = self._row, self._column - len(self._row)
        if missing > 0:
            row.extend([None] * missing)
        if missing < 0:
            row[self._column] = value
        else:
            row.append(value)

    def _cell(self) -> Cell:
        if self._formula is not None:
            return f"={self._formula}"
        if self._type == "inlineStr":
            return "".join(self._inline) or None
        if not self._value:
            return None
        read = self._read.get(self._type)
        return read(self._value) if read else self._value

    def _as_number(self, text: str) -> Cell:
        if self._style in self._dates:
            return self._as_date(text)
        return int(text) if text.isdigit() else _number(text)

    def _as_date(self, text: str) -> Cell:
        if self._style in self._spans:
            return self._on_calendar(text, timedelta=True)
        known = self._known_days.get(text)
        if known is None:
            known = self._on_calendar(text, timedelta=False)
            if len(self._known_days) < DAYS_KEPT:
                self._known_days[text] = known
        return known

    def _on_calendar(self, text: str, *, timedelta: bool) -> Cell:
        found: Cell = "#VALUE!"
        with suppress(OverflowError, ValueError):
            found = from_excel(_number(text), self._epoch, timedelta=timedelta)
        return found

    def _column_of(self, reference: str) -> int:
        letters = reference.rstrip("0123456789")
        place = self._place.get(letters)
        if place is None:
            place = 0
            for letter in letters:
                place = place * 26 + ord(letter) - 64
            if not 0 < place <= 16_384:
                raise BrokenFile("文件中的列号超出了表格的范围；请重新导出")
            self._place[letters] = place
        return place - 1


def _number(text: str) -> int | float:
    return float(text) if "." in text or "e" in text.lower() else int(text)


def _no_declarations(*_: object) -> NoReturn:
    raise BrokenFile("文件中有不应出现的声明，没有打开；请重新导出")
