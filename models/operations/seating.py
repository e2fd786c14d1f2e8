"""Many newcomers seated at once, with the tree of one after the other: read whole, grown in memory, written by COPY."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
import sqlalchemy as sa

from models.base import copy_text, db, read_columns
from models.operations import placement
from models.rules.placement import NOBODY, Place, Tree

WIDTH = 3
_COLUMNS = ("id", "parent_id", "slot", "is_open", "best_id", "best_distance", "depth")
_SEATS = (
    "SELECT s.id, coalesce(s.parent_id, -1), coalesce(s.slot, 0)::bigint, f.is_open::int::bigint,"
    " coalesce(f.best_id, -1), coalesce(f.best_distance, 0), s.depth"
    " FROM seat s JOIN frontier f ON f.seat_id = s.id WHERE s.matrix_id = {} ORDER BY s.id"
)
_IDS = sa.text("SELECT nextval(pg_get_serial_sequence('seat', 'id')) FROM generate_series(1, :count)")
_POINT = sa.text(
    """
    UPDATE frontier f SET taken = n.taken, best_id = n.best_id, best_distance = n.best_distance
    FROM unnest(CAST(:seats AS bigint[]), CAST(:taken AS smallint[]), CAST(:bests AS bigint[]),
                CAST(:distances AS bigint[])) AS n (seat_id, taken, best_id, best_distance)
    WHERE f.seat_id = n.seat_id
    """
)


class Newcomer(NamedTuple):
    """Who wants a seat: the sponsor's seat, if there is one, and when."""

    member_id: int
    under: int | None
    at: datetime


@dataclass(frozen=True)
class Grove:
    """A network in memory: its tree, each node's seat (in order of id) and depth, the root's node."""

    tree: Tree
    seats: "np.ndarray[Any, np.dtype[np.int64]]"
    depths: "array[int]"
    root: int


def take_many(*, matrix_id: int, newcomers: Sequence[Newcomer], by: str) -> None:
    """Seat members of a network, in this order, as `placement.take` would one by one (rules §2.3, §2.4)."""
    if not newcomers:
        return
    placement.lock(matrix_id)
    grove = read(matrix_id)
    size, best, distance, taken = len(grove.tree), *_pointers(grove.tree)
    places = _grown(grove, newcomers)
    ids = list(db.session.scalars(_IDS, {"count": len(places)}))
    seats = np.concatenate([grove.seats, np.array(ids, dtype=np.int64)])
    parents = seats[[place.parent for place in places]].tolist()
    copy_text(
        "seat",
        ("id", "matrix_id", "member_id", "parent_id", "slot", "depth", "placed_at"),
        zip(ids, repeat(matrix_id), (one.member_id for one in newcomers), parents, (place.slot for place in places),
            grove.depths[size:], (one.at.isoformat() for one in newcomers), strict=False),
    )  # fmt: skip
    after_best, after_distance, after_taken = _pointers(grove.tree)
    moved = (best != after_best[:size]) | (distance != after_distance[:size]) | (taken != after_taken[:size])
    at_best = np.where(after_best == NOBODY, NOBODY, seats[after_best])
    _point(np.flatnonzero(moved), seats, after_taken, at_best, after_distance)
    copy_text(
        "frontier",
        ("seat_id", "is_open", "taken", "best_id", "best_distance"),
        ((seat, "t", *_maybe(seen, best_id, far)) for seat, seen, best_id, far in zip(
            ids, after_taken[size:].tolist(), at_best[size:].tolist(), after_distance[size:].tolist(), strict=True)),
    )  # fmt: skip
    copy_text(
        "move",
        ("at", "kind", "member_id", "seat_id", "to_parent_id", "to_slot", "is_spill", "by", "reason"),
        (
            (one.at.isoformat(), "place", one.member_id, seat, parent, place.slot, "ft"[parent != one.under], by,
             "registered")
            for one, place, seat, parent in zip(newcomers, places, ids, parents, strict=True)
        ),
    )  # fmt: skip


def read(matrix_id: int) -> Grove:
    """A network as it stands; whoever grows it holds its lock."""
    rows = read_columns(_SEATS.format(int(matrix_id)), _COLUMNS)
    seats = rows["id"].astype(np.int64)
    parent = np.where(rows["parent_id"] < 0, NOBODY, np.searchsorted(seats, rows["parent_id"])).astype(np.int32)
    best = np.where(rows["best_id"] < 0, NOBODY, np.searchsorted(seats, rows["best_id"])).astype(np.int32)
    children = np.full(WIDTH * len(seats), NOBODY, dtype=np.int32)
    hung = np.flatnonzero(parent != NOBODY)
    children[WIDTH * parent[hung] + rows["slot"][hung] - 1] = hung
    tree = Tree()
    tree.parent = _array("i", parent)
    tree.slot = _array("b", rows["slot"].astype(np.int8))
    tree.children = _array("i", children)
    tree.best = _array("i", best)
    tree.distance = _array("i", rows["best_distance"].astype(np.int32))
    tree.open = bytearray(rows["is_open"].astype(np.uint8).tobytes())
    return Grove(
        tree,
        seats,
        _array("q", rows["depth"].astype(np.int64)),
        int(np.flatnonzero(parent == NOBODY)[0]) if len(seats) else NOBODY,
    )


def _array(kind: str, values: "np.ndarray[Any, Any]") -> Any:
    made = array(kind)
    made.frombytes(values.tobytes())
    return made


def _pointers(tree: Tree) -> "tuple[np.ndarray[Any, Any], np.ndarray[Any, Any], np.ndarray[Any, Any]]":
    """Copies of where nodes point, how far that is, and which of their slots are taken."""
    children = np.frombuffer(tree.children, dtype=np.int32).reshape(-1, WIDTH) != NOBODY
    taken = children @ np.array([1, 2, 4])
    best, distance = np.frombuffer(tree.best, dtype=np.int32).copy(), np.frombuffer(tree.distance, np.int32).copy()
    return best, distance, taken


def _grown(grove: Grove, newcomers: Sequence[Newcomer]) -> list[Place]:
    if grove.root == NOBODY or grove.tree.first_vacancy(grove.root) is None:
        raise placement.NoVacancy(placement.FULL)
    under = [NOBODY if one.under is None else one.under for one in newcomers]
    nodes = np.searchsorted(grove.seats, under).tolist()
    places = []
    for seat, node in zip(under, nodes, strict=True):
        made = grove.tree.place(grove.root, None if seat == NOBODY else node)
        grove.depths.append(grove.depths[made.parent] + 1)
        places.append(made)
    return places


def _point(
    moved: "np.ndarray[Any, Any]",
    seats: "np.ndarray[Any, Any]",
    taken: "np.ndarray[Any, Any]",
    best: "np.ndarray[Any, Any]",
    distance: "np.ndarray[Any, Any]",
) -> None:
    bests = best[moved].tolist()
    told = {
        "seats": seats[moved].tolist(), "taken": taken[moved].tolist(),
        "bests": [None if one == NOBODY else one for one in bests],
        "distances": [None if at == NOBODY else far for at, far in zip(bests, distance[moved].tolist(), strict=True)],
    }  # fmt: skip
    db.session.execute(_POINT, told)


def _maybe(taken: int, best: int, distance: int) -> tuple[int, int | None, int | None]:
    return (taken, None, None) if best == NOBODY else (taken, best, distance)
