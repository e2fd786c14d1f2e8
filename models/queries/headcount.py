"""Team sizes and sales of everybody, counted afresh from members, seats and orders, level by level in memory."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from models.base import read_columns
from models.rules.compliance import LEVELS_SHOWN

Column = np.ndarray[Any, np.dtype[np.int64]]
NOBODY = -1
MISSING = -1
"""What the kept counts are where nobody keeps any."""

# `size` comes last of what may be missing; a member without a seat counts nothing and for nobody.
_COLUMNS = ("member_id", "seat_id", "parent_id", "is_preset", "is_qualified", "is_closed", "own", "size", "sales",
            "kept_own")  # fmt: skip
_MEMBERS = """
    SELECT m.id, coalesce(s.id, -1), coalesce(s.parent_id, -1), (m.position IS NOT NULL)::int::bigint,
           (m.qualified_at IS NOT NULL)::int::bigint, (m.showcase = 'closed')::int::bigint, coalesce(o.fen, 0),
           coalesce(t.size, -1), coalesce(t.sales_fen, -1), coalesce(t.own_fen, -1)
    FROM member m LEFT JOIN seat s ON s.member_id = m.id LEFT JOIN team t ON t.member_id = m.id
    LEFT JOIN (
        SELECT seller_id, sum(paid_fen - refunded_fen)::bigint AS fen FROM shop_order WHERE completed_at IS NOT NULL
        GROUP BY seller_id) o ON o.seller_id = m.id
"""


@dataclass(frozen=True)
class Counts:
    """Of each member that has a team: what is kept and what counting again comes to."""

    member_ids: Column
    kept: tuple[Column, Column, Column]
    fresh: tuple[Column, Column, Column]

    def wrong(self) -> Column:
        """The places at which the two differ."""
        differ = [kept != fresh for kept, fresh in zip(self.kept, self.fresh, strict=True)]
        return np.flatnonzero(differ[0] | differ[1] | differ[2])


def counted() -> Counts:
    """Who counts for whom (rules §4.6): each for itself, and for those at most ten levels above while not closed."""
    found = read_columns(_MEMBERS, _COLUMNS)
    parents = _places(found["seat_id"], found["parent_id"])
    heads = np.where(found["seat_id"] < 0, 0, found["is_qualified"])
    sales = heads * found["own"]
    seen = 1 - found["is_closed"]
    size, fen = heads + _below(heads * seen, parents), sales + _below(sales * seen, parents)
    theirs = found["is_preset"] == 0
    return Counts(
        found["member_id"][theirs],
        (found["size"][theirs], found["sales"][theirs], found["kept_own"][theirs]),
        (size[theirs], fen[theirs], found["own"][theirs]),
    )


def _places(seats: Column, parents: Column) -> Column:
    """Where in the columns each one's parent stands; nobody where there is none."""
    order = np.argsort(seats, kind="stable")
    if not len(order):
        return order
    at = np.searchsorted(seats, parents, sorter=order)
    return np.where(parents < 0, NOBODY, order[np.minimum(at, len(order) - 1)])


def _below(values: Column, parents: Column) -> Column:
    """Of each one the sum of what stands one to ten levels below. Sums stay exact up to 2^53."""
    hung = np.flatnonzero(parents != NOBODY)
    above, total, level = parents[hung], np.zeros_like(values), values
    for _ in range(LEVELS_SHOWN):
        level = np.bincount(above, weights=level[hung], minlength=len(values)).astype(np.int64)
        total += level
    return total
