"""Rings: people held together by what they share, however long the chain; never by what half a city shares."""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TypeVar

WEIGHTS = {"payer": 100, "phone": 100, "device": 100, "payee": 100, "ip": 30, "address": 30}
"""Hard links join two people by themselves; soft links only four together: a family shares a home and its network."""
HARD = frozenset(kind for kind, weight in WEIGHTS.items() if weight >= 100)
JOINED = 100
CAPS = {"payer": 20, "phone": 20, "device": 30, "payee": 20, "ip": 30, "address": 30}
"""What more people share than this (a carrier's NAT, a dormitory, a pickup point, a till) says nothing of any two."""

Value = tuple[str, bytes]
T = TypeVar("T", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Tie:
    """Somebody and one thing they were seen with."""

    actor: int
    kind: str
    digest: bytes

    @property
    def value(self) -> Value:
        return self.kind, self.digest


class Union:
    """Sets that grow together: union by size, paths halved."""

    def __init__(self) -> None:
        self.parent: dict[int, int] = {}
        self.size: dict[int, int] = {}

    def root(self, one: int) -> int:
        self.parent.setdefault(one, one)
        self.size.setdefault(one, 1)
        while self.parent[one] != one:
            self.parent[one] = self.parent[self.parent[one]]
            one = self.parent[one]
        return one

    def join(self, one: int, other: int) -> None:
        a, b = self.root(one), self.root(other)
        if a == b:
            return
        if self.size[a] < self.size[b]:
            a, b = b, a
        self.parent[b] = a
        self.size[a] += self.size[b]


def shared(ties: Iterable[Tie], degrees: Mapping[Value, int]) -> dict[Value, list[int]]:
    """Who shares each value that two or more share and that is under its cap.

    ``degrees`` is how many people have the value in all, whoever of them is among ``ties``.
    """
    people: dict[Value, set[int]] = defaultdict(set)
    for tie in ties:
        if tie.kind in WEIGHTS and degrees[tie.value] <= CAPS[tie.kind]:
            people[tie.value].add(tie.actor)
    return {value: sorted(found) for value, found in people.items() if len(found) > 1}


def components(ties: Iterable[Tie], degrees: Mapping[Value, int]) -> list[frozenset[int]]:
    """The rings of these people: two or more each, in the order of their first member."""
    union = Union()
    soft: dict[tuple[int, int], int] = defaultdict(int)
    for (kind, _), people in shared(ties, degrees).items():
        if kind in HARD:
            for other in people[1:]:
                union.join(people[0], other)
        else:
            for pair in combinations(people, 2):
                soft[pair] += WEIGHTS[kind]
    for (one, other), weight in soft.items():
        if weight >= JOINED:
            union.join(one, other)
    found: dict[int, set[int]] = defaultdict(set)
    for actor in union.parent:
        found[union.root(actor)].add(actor)
    return sorted((frozenset(one) for one in found.values() if len(one) > 1), key=min)


def degrees_of(ties: Iterable[Tie]) -> dict[Value, int]:
    """How many people have each value, when all of them are there."""
    people: dict[Value, set[int]] = defaultdict(set)
    for tie in ties:
        people[tie.value].add(tie.actor)
    return {value: len(found) for value, found in people.items()}


def touched(new: Sequence[Tie], degrees: Mapping[Value, int]) -> set[Value]:
    """The values whose new ties may change a ring: not those that were over their cap before."""
    fresh: dict[Value, int] = defaultdict(int)
    for tie in new:
        fresh[tie.value] += 1
    return {
        value for value, n in fresh.items()
        if value[0] in WEIGHTS and degrees[value] > 1 and degrees[value] - n <= CAPS[value[0]]
    }  # fmt: skip


def named(rings: Sequence[frozenset[int]], before: Mapping[int, int]) -> dict[int, int | None]:
    """The number each ring keeps, by its place in ``rings``; None for a new one. ``before`` maps people to old numbers.

    A ring keeps the oldest number among its people; where a ring came apart, the part with its first member keeps it.
    """
    first: dict[int, int] = {}
    for actor, number in before.items():
        first[number] = min(actor, first.get(number, actor))
    kept: dict[int, int | None] = {}
    for n, ring in enumerate(rings):
        owned = [number for number, actor in first.items() if actor in ring]
        kept[n] = min(owned, default=None)
    return kept


def score(*, size: int, suspicious: int) -> int:
    """How urgent a ring is, 0..100: five points an account, ten a suspicious event, each up to fifty."""
    return min(50, 5 * size) + min(50, 10 * suspicious)
