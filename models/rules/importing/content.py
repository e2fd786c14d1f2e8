"""What a column without a known name holds, judged by its first rows."""

from collections.abc import Callable, Sequence
from datetime import date

from models.rules import region
from models.rules.importing import text, values
from models.rules.importing.layout import Cell, Field
from models.rules.importing.moments import Moments

_SHARE = 0.9
_ROWS_MIN = 3


def complete(found: dict[Field, str], columns: tuple[str, ...], rows: Sequence[tuple[Cell, ...]]) -> dict[Field, str]:
    """The mapping with the indispensable columns that no name gave: when it was ordered, and where it went."""
    wanted: list[tuple[Field, Callable[[Cell], bool]]] = []
    if Field.ORDERED_AT not in found:
        wanted.append((Field.ORDERED_AT, _is_day))
    if not {Field.PROVINCE, Field.CITY, Field.ADDRESS} & found.keys():
        wanted.append((Field.PROVINCE, _is_province))
    completed = dict(found)
    for field, fits in wanted:
        for place, name in enumerate(columns):
            if name not in completed.values() and _mostly(fits, [row[place] for row in rows if place < len(row)]):
                completed[field] = name
                break
    return completed


def _mostly(fits: Callable[[Cell], bool], cells: list[Cell]) -> bool:
    said = [cell for cell in cells if cell is not None and not text.is_blank(values.shown(cell).strip())]
    return len(said) >= _ROWS_MIN and sum(map(fits, said)) >= _SHARE * len(said)


def _is_day(cell: Cell) -> bool:
    return not isinstance(cell, int | float) and Moments(today=date.max)(cell).value is not None


def _is_province(cell: Cell) -> bool:
    return region.resolve(text.close_up(values.shown(cell))).code is not None
