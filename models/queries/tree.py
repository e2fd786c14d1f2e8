"""Reading the placement tree: who is above, who is below, where the next ones would go, whether it is whole."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.tables.member import Member
from models.tables.placement import Frontier, Seat

LEVELS_SHOWN = 10


@dataclass(frozen=True)
class Node:
    """A seat as the tree shows it: ``distance`` is counted from the seat that was asked about."""

    seat_id: int
    member_id: int
    parent_id: int | None
    slot: int | None
    depth: int
    distance: int


@dataclass(frozen=True, order=True)
class Vacancy:
    """A place the next ones would take, in the order they would take it."""

    depth: int
    path: tuple[int, ...]
    parent_id: int
    slot: int


def codes(seat_ids: Collection[int]) -> dict[int, str]:
    """The codes of the members who sit on these seats, by seat."""
    found = sa.select(Seat.id, Member.code).join(Member, Member.id == Seat.member_id).where(Seat.id.in_(seat_ids))
    return {row.id: row.code for row in db.session.execute(found)}


def has_children(seat_id: int) -> bool:
    """Whether anybody sits directly below."""
    return bool(db.session.scalar(sa.select(sa.exists().where(Seat.parent_id == seat_id))))


def vacant_slots(seat_id: int) -> list[int]:
    """The empty slots of a seat that count as vacancies."""
    row = db.session.execute(sa.select(Frontier.is_open, Frontier.taken).where(Frontier.seat_id == seat_id)).one()
    return _empty(row.is_open, row.taken)


def _empty(is_open: bool, taken: int) -> list[int]:
    return [slot for slot in (1, 2, 3) if is_open and not taken & 1 << (slot - 1)]


_ABOVE = sa.text(
    """
    WITH RECURSIVE above AS (
        SELECT id, member_id, parent_id, slot, depth, 0 AS distance FROM seat WHERE id = :seat
        UNION ALL
        SELECT s.id, s.member_id, s.parent_id, s.slot, s.depth, a.distance + 1
        FROM above a JOIN seat s ON s.id = a.parent_id WHERE a.distance < :levels)
    SELECT * FROM above WHERE distance > 0 ORDER BY distance
    """
)

_BELOW = sa.text(
    """
    WITH RECURSIVE below AS (
        SELECT id, member_id, parent_id, slot, depth, 0 AS distance FROM seat WHERE id = :seat
        UNION ALL
        SELECT s.id, s.member_id, s.parent_id, s.slot, s.depth, b.distance + 1
        FROM below b JOIN seat s ON s.parent_id = b.id WHERE b.distance < :levels)
    SELECT * FROM below WHERE distance > 0 ORDER BY distance, id
    """
)

# A level is one array of seats, the next one index scan for all of them: no row is carried through the recursion.
_COUNTS = sa.text(
    """
    WITH RECURSIVE below AS (
        SELECT ARRAY[CAST(:seat AS bigint)] AS ids, 0 AS distance
        UNION ALL
        SELECT (SELECT array_agg(s.id) FROM seat s WHERE s.parent_id = ANY (b.ids)), b.distance + 1
        FROM below b WHERE b.distance < :levels AND b.ids IS NOT NULL)
    SELECT distance, cardinality(ids) FROM below WHERE distance > 0 AND ids IS NOT NULL
    """
)


def above(seat_id: int, levels: int = LEVELS_SHOWN) -> list[Node]:
    """The placement ancestors of a seat, nearest first."""
    return [Node(*row) for row in db.session.execute(_ABOVE, {"seat": seat_id, "levels": levels})]


def below(seat_id: int, levels: int = 1) -> list[Node]:
    """Who sits below a seat, generation by generation."""
    return [Node(*row) for row in db.session.execute(_BELOW, {"seat": seat_id, "levels": levels})]


def level_counts(seat_id: int, levels: int = LEVELS_SHOWN) -> list[int]:
    """How many sit 1, 2, … levels below a seat."""
    found = {row[0]: row[1] for row in db.session.execute(_COUNTS, {"seat": seat_id, "levels": levels})}
    return [found.get(distance, 0) for distance in range(1, levels + 1)]


@dataclass(frozen=True, order=True)
class Subtree:
    """A subtree that holds a vacancy: how deep its first one hangs, the way there, the empty slots of its top."""

    reach: int
    path: tuple[int, ...]
    seat_id: int
    slots: tuple[int, ...]

    def own(self) -> list[Vacancy]:
        """The vacancies of its top seat."""
        return [Vacancy(len(self.path) + 1, (*self.path, slot), self.seat_id, slot) for slot in self.slots]


def first_vacancies(seat_id: int, count: int) -> list[Vacancy]:
    """The places that the next newcomers under a seat would take, first one first.

    Each seat knows the first vacancy at or below it, so a heap of subtrees yields them in order. Those that reach
    equally deep are opened together, as many as places are asked for: a query a level, whatever the network's size.
    """
    top = db.session.execute(_HINTS.where(Seat.id == seat_id)).first()
    waiting = [_subtree(top, ())] if top is not None else []
    found: list[Vacancy] = []
    while waiting and not _is_settled(found, waiting[0], count):
        reach = waiting[0].reach
        opened: dict[int | None, tuple[int, ...]] = {}
        while waiting and waiting[0].reach == reach and len(opened) < count:
            subtree = heappop(waiting)
            opened[subtree.seat_id] = subtree.path
            found += subtree.own()
        for row in db.session.execute(_HINTS.where(Seat.parent_id.in_(opened))):
            heappush(waiting, _subtree(row, (*opened[row.parent_id], row.slot or 0)))
    return sorted(found)[:count]


_HINTS: sa.Select[*tuple[Any, ...]] = (
    sa.select(Seat.id, Seat.parent_id, Seat.slot, Frontier.best_distance, Frontier.is_open, Frontier.taken)
    .join(Frontier, Frontier.seat_id == Seat.id)
    .where(Frontier.best_distance.is_not(None))
)


def _subtree(row: sa.Row[Any], path: tuple[int, ...]) -> Subtree:
    return Subtree(row.best_distance + len(path), path, row.id, tuple(_empty(row.is_open, row.taken)))


def _is_settled(found: list[Vacancy], best: Subtree, count: int) -> bool:
    """Whether nothing that still waits can come before the last place asked for."""
    if len(found) < count:
        return False
    last = sorted(found)[count - 1]
    return (last.depth, last.path) < (best.reach + 1, best.path)


_BROKEN: Sequence[tuple[str, str]] = (
    (
        "SELECT c.id FROM seat c JOIN seat p ON p.id = c.parent_id WHERE c.depth <> p.depth + 1",
        "位置 {} 的层级不等于上级加一",
    ),
    (
        "SELECT c.id FROM seat c JOIN seat p ON p.id = c.parent_id WHERE c.matrix_id <> p.matrix_id",
        "位置 {} 与上级不在同一个网络",
    ),
    (
        "SELECT parent_id FROM seat WHERE parent_id IS NOT NULL GROUP BY parent_id HAVING count(*) > 3",
        "位置 {} 下面超过三人",
    ),
    (
        "WITH RECURSIVE reached AS (SELECT id FROM seat WHERE parent_id IS NULL"
        " UNION ALL SELECT s.id FROM reached r JOIN seat s ON s.parent_id = r.id)"
        " SELECT id FROM seat EXCEPT SELECT id FROM reached",
        "位置 {} 从根走不到（断开或成环）",
    ),
    (
        "SELECT s.id FROM seat s LEFT JOIN frontier f ON f.seat_id = s.id WHERE f.seat_id IS NULL",
        "位置 {} 没有空位索引",
    ),
    (
        "SELECT f.seat_id FROM frontier f LEFT JOIN (SELECT parent_id, bit_or(1 << (slot - 1)) AS taken FROM seat"
        " GROUP BY parent_id) k ON k.parent_id = f.seat_id WHERE f.taken <> coalesce(k.taken, 0)",
        "位置 {} 的已占空位与实际不符",
    ),
    (
        "SELECT f.seat_id FROM frontier f LEFT JOIN LATERAL (SELECT c.best_id, c.best_distance + 1 AS distance"
        " FROM seat s JOIN frontier c ON c.seat_id = s.id WHERE s.parent_id = f.seat_id AND c.best_id IS NOT NULL"
        " ORDER BY c.best_distance, s.slot LIMIT 1) b ON true"
        " WHERE (f.best_id, f.best_distance) IS DISTINCT FROM (CASE WHEN f.is_open AND f.taken < 7 THEN f.seat_id"
        " ELSE b.best_id END, CASE WHEN f.is_open AND f.taken < 7 THEN 0 ELSE b.distance END)",
        "位置 {} 的下一个空位指错了",
    ),
)


def differences() -> Iterator[str]:
    """Everything wrong with the tree, a Chinese sentence each; vacancies that are wrong `rebuild` mends."""
    for query, sentence in _BROKEN:
        for (seat_id,) in db.session.execute(sa.text(query)):
            yield sentence.format(seat_id)
