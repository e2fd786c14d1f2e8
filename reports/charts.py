"""What a board is made of: charts that carry their own table, and where each of its rows leads."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from reports.definitions import METRICS
from reports.numbers import Lang, Unit
from reports.slices import ABSENT, Grain, Slice

Cell = str | float | None


@dataclass(frozen=True)
class Column:
    """A column of a chart's table; ``meaning`` is the definition of its figures."""

    key: str
    title: str
    unit: Unit
    meaning: str = ""


@dataclass(frozen=True)
class Line:
    """A row of a chart's table. ``narrow`` are the filters that lead from the board to the rows behind it."""

    cells: tuple[Cell, ...]
    narrow: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Chart:
    """A picture with its title, a sentence on how to read it, and the same figures as a table.

    A point of the picture carries the index of its line as ``customdata``. ``figure`` is None where there is nothing
    to draw; ``note`` then says why. ``is_wide`` asks for the whole width of the page.
    """

    key: str
    title: str
    note: str
    columns: tuple[Column, ...]
    lines: tuple[Line, ...]
    figure: dict[str, Any] | None
    height: int = 320
    is_wide: bool = False


@dataclass(frozen=True)
class View:
    """What a reader asked for: which rows, how fine a curve, in which language."""

    part: Slice
    grain: Grain
    lang: Lang

    def say(self, zh: str, en: str) -> str:
        return zh if self.lang is Lang.ZH else en


def metric_columns(keys: Sequence[str], lang: Lang) -> tuple[Column, ...]:
    """The columns of the named metrics."""
    found = (METRICS[key] for key in keys)
    return tuple(Column(metric.key, metric.title(lang), metric.unit, metric.meaning(lang)) for metric in found)


def cell(value: Any) -> Cell:
    """A value of a frame as a table holds it: missing is None."""
    if value is None or isinstance(value, str):
        return value
    return None if pd.isna(value) else float(value)


def number(value: Any) -> float | None:
    """A figure of a frame; missing is None."""
    return None if value is None or pd.isna(value) else float(value)


def cells(row: Mapping[str, Any], columns: Sequence[Column]) -> tuple[Cell, ...]:
    return tuple(cell(row[column.key]) for column in columns)


def code_of(value: Any) -> str:
    """A key's value as a filter of the address: a row without it is asked for by a dash."""
    return ABSENT if value is None or pd.isna(value) else str(value)
