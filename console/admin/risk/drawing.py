"""A ring as a picture: its people on a circle, what they share inside it, the tree and the money between them."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.queries.ring import Drawn

WIDTH, HEIGHT = 860, 620
RIM, INNER = 248, 118
VALUES_MAX = 14
CLOSE = 26


@dataclass(frozen=True)
class Point:
    """Something drawn: a person on the rim, or a shared value inside."""

    x: int
    y: int
    key: str
    row: Any


@dataclass(frozen=True)
class Line:
    """A line between two points; ``kind`` says what it means and how it looks."""

    kind: str
    x1: int
    y1: int
    x2: int
    y2: int
    title: str = ""
    weight: int = 1

    @property
    def path(self) -> str:
        """A curve that bends towards the middle, so that lines between the same two stay apart."""
        bend = {"sponsor": 0.16, "placement": -0.16, "money": 0.3}.get(self.kind, 0.0)
        mx, my = (self.x1 + self.x2) / 2, (self.y1 + self.y2) / 2
        qx, qy = mx - (self.y2 - self.y1) * bend, my + (self.x2 - self.x1) * bend
        return f"M{self.x1} {self.y1}Q{qx:.0f} {qy:.0f} {self.x2} {self.y2}"


@dataclass(frozen=True)
class Picture:
    """The whole drawing."""

    people: Sequence[Point]
    values: Sequence[Point]
    lines: Sequence[Line]
    width: int = WIDTH
    height: int = HEIGHT


def picture(drawn: Drawn) -> Picture:
    """Lay a ring out: people in the order of their first appearance, each value near those who share it."""
    people = _circle(drawn.people)
    places = {point.row.id: point for point in people}
    shared = [row for row in drawn.shared if len([one for one in row.people if one in places]) > 1][:VALUES_MAX]
    values = [_value(row, places, n, len(shared)) for n, row in enumerate(shared)]
    lines = [_to_value(value, places[one]) for value in values for one in value.row.people if one in places]
    lines += [_between(kind, places[a], places[b]) for a, b, kind in drawn.tree if a in places and b in places]
    flows = [row for row in drawn.flows if row.buyer in places and row.seller in places]
    most = max((row.fen for row in flows), default=1) or 1
    lines += [_flow(row, places, most) for row in flows]
    return Picture(people, values, lines)


def _circle(rows: Sequence[Any]) -> list[Point]:
    count = max(len(rows), 1)
    found = []
    for n, row in enumerate(rows):
        turn = 2 * math.pi * n / count - math.pi / 2
        x, y = WIDTH / 2 + RIM * 1.25 * math.cos(turn), HEIGHT / 2 + RIM * math.sin(turn)
        found.append(Point(round(x), round(y), str(row.id), row))
    return found


def _value(row: Any, places: Mapping[int, Point], n: int, count: int) -> Point:
    """Between the middle of its people and a place of its own, so that no two lie on one another."""
    mine = [places[one] for one in row.people if one in places]
    turn = 2 * math.pi * n / max(count, 1)
    own = (WIDTH / 2 + INNER * 1.25 * math.cos(turn), HEIGHT / 2 + INNER * math.sin(turn))
    x = (sum(point.x for point in mine) / len(mine)) * 0.45 + own[0] * 0.55
    y = (sum(point.y for point in mine) / len(mine)) * 0.45 + own[1] * 0.55
    return Point(round(x), round(y), f"{row.kind}:{row.digest[:8]}", row)


def _to_value(value: Point, person: Point) -> Line:
    return Line(f"tie {value.row.kind}", value.x, value.y, person.x, person.y)


def _between(kind: str, one: Point, other: Point) -> Line:
    return Line(kind, one.x, one.y, other.x, other.y)


def _flow(row: Any, places: Mapping[int, Point], most: int) -> Line:
    one, other = places[row.buyer], places[row.seller]
    return Line("money", one.x, one.y, *_before(one, other), title=str(row.fen), weight=1 + round(4 * row.fen / most))


def _before(one: Point, other: Point) -> tuple[int, int]:
    """Where an arrow ends: short of the other's circle."""
    length = math.hypot(other.x - one.x, other.y - one.y) or 1
    part = max(length - CLOSE, 0) / length
    return round(one.x + (other.x - one.x) * part), round(one.y + (other.y - one.y) * part)
