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


def absent(cells: Cells, found: list[Finding]) -> None:
    """The reader of a column that the file does not have."""


class Readers:
    """Makes the readers of one sheet's columns."""

    def __init__(self, layout: Layout, columns: tuple[str, ...]) -> None:
        self._layout = layout
        self._columns = columns
        self._required = layout.required.union(ALWAYS_REQUIRED)

    def code(self, field: Field) -> Reader:
        """The reader of a column of codes."""
        return self.plain(field, Codes(self._layout.shapes.get(field)), keep=field is Field.PRODUCT_CODE)

    def plain(self, field: Field, parse: Parser, *, keep: bool = True) -> Reader:
        """The reader of a column; ``keep`` remembers texts, which pays where they repeat."""
        name = self._layout.columns.get(field)
        if name is None:
            return absent
        place = position(name, self._columns)
        judge = _judge(name, parse, TITLES[field] if field in self._required else "")
        return _remembering(place, judge) if keep else _fresh(place, judge)


def position(name: str, columns: tuple[str, ...]) -> int:
    """Where the column stands in this file."""
    if name not in columns:
        raise BadLayout(f"文件中没有“{name}”这一列，请重新指定各列的含义")
    return columns.index(name)


def _judge(name: str, parse: Parser, required_title: str) -> Callable[[Cell], tuple[Any, Finding | None]]:
    missing = Finding(name, "", None, Kind.REFUSED, "missing", f"缺少{required_title}，请补全后重新上传")

    def judge(raw: Cell) -> tuple[Any, Finding | None]:
        value, kind, code, repaired, reason = parse(raw)
        if kind is not None:
            return value, Finding(name, shown(raw), repaired, kind, code, reason)
        return value, missing if value is None and required_title else None

    return judge


def _fresh(place: int, judge: Callable[[Cell], tuple[Any, Finding | None]]) -> Reader:
    def read(cells: Cells, found: list[Finding]) -> Any:
        value, said = judge(cells[place])
        if said is not None:
            found.append(said)
        return value

    return read


def _remembering(place: int, judge: Callable[[Cell], tuple[Any, Finding | None]]) -> Reader:
    known: dict[str, tuple[Any, Finding | None]] = {}

    def read(cells: Cells, found: list[Finding]) -> Any:
        raw = cells[place]
        if type(raw) is not str or len(raw) > _REMEMBERED_LENGTH_MAX:
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
