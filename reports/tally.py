"""Counting over columns: the rows of a slice, their groups, and what is distinct within each group. Pure numpy.

Sums go through floating point, which holds whole numbers exactly up to 2^53: ninety thousand billion yuan in fen.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from reports import slices
from reports.columns import UNKNOWN, Array, Columns
from reports.slices import ABSENT, Grain, Slice

CELLS_MIN = 1 << 16
CELLS_MAX = 1 << 24
CELLS_PER_ROW = 16

# A filter of a slice, and the column it narrows.
FILTERS = {
    "sales_region": "sales_region",
    "province": "province_code",
    "city": "city_code",
    "category_group": "category_group",
    "category": "category",
    "shop": "shop_id",
    "level": "level",
    "rank": "rank",
    "scene": "scene",
    "network": "matrix_id",
}
Within = tuple[str, Sequence[Any]]


@dataclass(frozen=True)
class Pairs:
    """Pairs of a group and a code: each row's cell, how many cells there are, and what a cell stands for."""

    cell: Array
    cells: int
    values: Array | None
    size: int

    def split(self, cells: Array) -> tuple[Array, Array]:
        """The groups and the codes of these cells."""
        values = cells if self.values is None else self.values[cells]
        return values // self.size, values % self.size


def pairs(groups: Array, codes: Array, *, count: int, size: int) -> Pairs:
    """Cells in a grid where that is small for these rows, else numbers of the pairs that occur."""
    values = groups.astype(np.int64) * size + codes
    if _is_small(count * size, len(values)):
        return Pairs(values, count * size, None, size)
    occurring, cell = np.unique(values, return_inverse=True)
    return Pairs(cell, len(occurring), occurring, size)


def _is_small(cells: int, rows: int) -> bool:
    return cells <= min(max(CELLS_MIN, CELLS_PER_ROW * rows), CELLS_MAX)


def taken(found: Pairs) -> Array:
    """The cells with a row, in order."""
    is_taken = np.zeros(found.cells, bool)
    is_taken[found.cell] = True
    return np.flatnonzero(is_taken)


def distinct(groups: Array, codes: Array, *, count: int, size: int) -> Array:
    """How many different codes each group has."""
    if _is_small(count * size, len(codes)):
        found = pairs(groups, codes, count=count, size=size)
        return np.bincount(found.split(taken(found))[0], minlength=count)
    values = np.sort(groups.astype(np.int64) * size + codes)
    is_new = np.append(True, values[1:] != values[:-1])[: len(values)]
    return np.bincount(values[is_new] // size, minlength=count)


def visitors(groups: Array, buyers: Array, days: Array, *, count: int, size: int) -> tuple[Array, Array]:
    """The buyers of each group, and those of two or more distinct days. Rows without a buyer do not count."""
    is_known = buyers != UNKNOWN
    if not is_known.all():
        groups, buyers, days = groups[is_known], buyers[is_known], days[is_known]
    found = pairs(groups, buyers, count=count, size=size)
    first = np.full(found.cells, UNKNOWN, np.int32)
    first[found.cell] = days
    is_repeat = np.zeros(found.cells, bool)
    is_repeat[found.cell[first[found.cell] != days]] = True
    return _per_group(found, first != UNKNOWN, count), _per_group(found, is_repeat, count)


def _per_group(found: Pairs, is_counted: Array, count: int) -> Array:
    return np.bincount(found.split(np.flatnonzero(is_counted))[0], minlength=count)


@dataclass(frozen=True)
class Groups:
    """Each row's group, and the value of every key for each group, in the order of the keys with absent ones last."""

    of: Array
    count: int
    labels: dict[str, Array]


class Rows:
    """The rows of a slice, or without one every row, paid or not.

    ``within`` names the key that says whose rows they are, and its values in the scope; None for all.
    """

    def __init__(self, columns: Columns, part: Slice | None, within: Within | None) -> None:
        self.columns = columns
        everything = slice(0, len(columns.day))
        self.window = columns.window(part.period.start, part.period.end) if part else everything
        self.chosen = self._chosen(part, within)
        self.day = self.take(columns.day)
        self.buyer = self.take(columns.buyer)

    def take(self, column: Array) -> Array:
        part = column[self.window]
        return part if self.chosen is None else part[self.chosen]

    def _chosen(self, part: Slice | None, within: Within | None) -> Array | None:
        asked: list[Within] = [] if within is None else [within]
        for name, key in FILTERS.items():
            wanted = getattr(part, name, None)
            if wanted is not None:
                asked.append((key, [None] if wanted == ABSENT else [wanted]))
        masks = [among(self.columns, key, words)[self._codes(key)] for key, words in asked]
        return np.flatnonzero(np.logical_and.reduce(masks)) if masks else None

    def _codes(self, key: str) -> Array:
        return self.columns.key(key)[1][self.window]

    def groups(self, keys: Sequence[str]) -> Groups:
        """The groups that occur; without any key all rows are one, even when there are none."""
        parts = [self._part(key) for key in keys]
        of, values = np.zeros(len(self.day), np.int64), np.zeros(1, np.int64)
        labels: dict[str, Array] = {}
        for name, codes, words in parts:
            found = pairs(of, codes, count=len(values), size=len(words))
            cells = taken(found)
            places = np.zeros(found.cells, np.int64)
            places[cells] = np.arange(len(cells))
            of, values = places[found.cell], cells
            before, code = found.split(cells)
            labels = {old: each[before] for old, each in labels.items()} | {name: words[code]}
        return Groups(of, len(values), labels)

    def _part(self, key: str) -> tuple[str, Array, Array]:
        if isinstance(key, Grain):
            return "bucket", *self.buckets(key)
        words, codes = self.columns.key(key)
        return key, self.take(codes), words

    def buckets(self, grain: Grain) -> tuple[Array, Array]:
        """Each row's bucket as a place in the list of the buckets' first days."""
        if not len(self.day):
            return self.day, np.empty(1, object)
        low, high = int(self.day[0]), int(self.day[-1])
        firsts = [slices.opening(date.fromordinal(int(day)), grain) for day in self.columns.days[low : high + 1]]
        found: dict[date, int] = {}
        codes = np.array([found.setdefault(first, len(found)) for first in firsts])
        words = np.empty(len(found), object)
        words[:] = list(found)
        return codes[self.day - low], words

    def sums(self, groups: Groups) -> dict[str, Array]:
        """The measures that add up, in each group."""
        return {name: self._sum(self.take(column), groups) for name, column in self.columns.sums.items()}

    def _sum(self, values: Array, groups: Groups) -> Array:
        return np.bincount(groups.of, values, minlength=groups.count).astype(np.int64)

    def counts(self, groups: Groups) -> dict[str, Array]:
        """Distinct orders and buyers of each group; an order counts as the greatest buyer's that its rows here name."""
        order, buyer = self.take(self.columns.order), self._buyers(groups)
        low = int(order.min()) if len(order) else 0
        size = int(order.max()) - low + 1 if len(order) else 1
        orders = distinct(groups.of, order - low, count=groups.count, size=size)
        known, is_unknown = orders, buyer == UNKNOWN
        if is_unknown.any():
            nobody = distinct(groups.of[is_unknown], order[is_unknown] - low, count=groups.count, size=size)
            known = orders - nobody
        size = max(1, self.columns.buyers)
        buyers, repeat = visitors(groups.of, buyer, self.day, count=groups.count, size=size)
        return {"orders": orders, "known_orders": known, "buyers": buyers, "repeat_buyers": repeat}

    def _buyers(self, groups: Groups) -> Array:
        """Each row's buyer as its order has it in this group."""
        if self.columns.is_mixed is None:
            return self.buyer
        rows = np.flatnonzero(self.take(self.columns.is_mixed))
        order, found = self.take(self.columns.order)[rows], self.buyer.copy()
        size = int(order.max()) + 1 if len(order) else 1
        of = pairs(groups.of[rows], order, count=groups.count, size=size)
        greatest = np.full(of.cells, UNKNOWN, np.int32)
        np.maximum.at(greatest, of.cell, found[rows])
        found[rows] = greatest[of.cell]
        return found


def among(columns: Columns, key: str, wanted: Sequence[Any]) -> Array:
    """Which of a key's words are wanted, by their code."""
    names = set(wanted)
    return np.array([word in names for word in columns.key(key)[0]], bool)
