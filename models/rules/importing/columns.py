"""The reading of one column: each distinct text is judged once and remembered."""

from collections.abc import Callable
from typing import Any, NamedTuple

from models.rules.importing.codes import Codes
from models.rules.importing.layout import ALWAYS_REQUIRED, TITLES, BadLayout, Cell, Cells, Field, Layout
from models.rules.importing.values import Kind, Read, shown

_CACHE_MAX = 50_000
_REMEMBERED_LENGTH_MAX = 200


class Finding(NamedTuple):
    """What is said about one value of a row: the column as the file names it, the value before and after, and why."""

    column: str
    value: str
    repaired: str | None
    kind: Kind
    code: str
    reason: str


Reader = Callable[[Cells, list[Finding]], Any]
Parser = Callable[[Cell], Read]
Judge = Callable[[Cell], tuple[Any, Finding | None]]


def absent(cells: Cells, found: list[Finding]) -> None:
    """The reader of a column that the file does not have."""


class Readers:
    """Makes the readers of one sheet's columns."""

    def __init__(self, layout: Layout, columns: tuple[str, ...]) -> None:
        self._layout = layout
        self._columns = columns
        self._required = layout.required.union(ALWAYS_REQUIRED)

    def code(self, field: Field) -> Reader:
        """The reader of a column of codes; those of the column's shape are taken as they are."""
        name = self._layout.columns.get(field)
        if name is None:
            return absent
        codes = Codes(self._layout.shapes.get(field))
        judge = self._judge(field, name, codes)
        return _of_a_shape(position(name, self._columns), judge, codes.fits)

    def plain(self, field: Field, parse: Parser, *, longest: int = _REMEMBERED_LENGTH_MAX) -> Reader:
        """The reader of a column that remembers texts up to a length; longer ones hardly come twice."""
        name = self._layout.columns.get(field)
        if name is None:
            return absent
        return _remembering(position(name, self._columns), self._judge(field, name, parse), longest)

    def _judge(self, field: Field, name: str, parse: Parser) -> Judge:
        title = TITLES[field] if field in self._required else ""
        missing = Finding(name, "", None, Kind.REFUSED, "missing", f"缺少{title}，请补全后重新上传")

        def judge(raw: Cell) -> tuple[Any, Finding | None]:
            value, kind, code, repaired, reason = parse(raw)
            if kind is not None:
                return value, Finding(name, shown(raw), repaired, kind, code, reason)
            return value, missing if value is None and title else None

        return judge


def position(name: str, columns: tuple[str, ...]) -> int:
    """Where the column stands in this file."""
    if name not in columns:
        raise BadLayout(f"文件中没有“{name}”这一列，请重新指定各列的含义")
    return columns.index(name)


def _of_a_shape(place: int, judge: Judge, fits: Callable[[str], object]) -> Reader:
    def read(cells: Cells, found: list[Finding]) -> Any:
        raw = cells[place]
        if type(raw) is str and fits(raw):
            return raw
        value, said = judge(raw)
        if said is not None:
            found.append(said)
        return value

    return read


def _remembering(place: int, judge: Judge, longest: int) -> Reader:
    known: dict[str, tuple[Any, Finding | None]] = {}

    def read(cells: Cells, found: list[Finding]) -> Any:
        raw = cells[place]
        if type(raw) is not str or len(raw) > longest:
            value, said = judge(raw)
        elif raw in known:
            value, said = known[raw]
        else:
            if len(known) >= _CACHE_MAX:
                known.clear()
            value, said = known[raw] = judge(raw)
        if said is not None:
            found.append(said)
        return value

    return read
