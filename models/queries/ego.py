"""The tree from one seat: who stands above, one generation after another below, every slot accounted for."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from models.base import db
from models.queries import tree
from models.rules.compliance import WIDTH

UP, DOWN = 5, 3


@dataclass(frozen=True)
class Place:
    """A seat with its owner: how the owner stands, whose direct it is, which slots below are taken and open."""

    seat_id: int
    member_id: int
    matrix_id: int
    parent_id: int | None
    slot: int | None
    depth: int
    code: str
    standing: str
    showcase: str
    position: int | None
    rank: str | None
    is_open: bool
    taken: int
    is_spill: bool

    @property
    def shape(self) -> str:
        """What is drawn: a preset, or the owner's standing."""
        return "preset" if self.position else self.standing

    @property
    def is_closed(self) -> bool:
        """Kept or closed: nobody may be placed below any more."""
        return not self.is_open and not (self.position and self.showcase != "closed")

    @property
    def people(self) -> int:
        return self.taken.bit_count()

    def slot_state(self, n: int) -> str:
        """Whether a slot below has somebody in it, is a vacancy, or is shut."""
        if self.taken & 1 << (n - 1):
            return "taken"
        return "vacant" if self.is_open else "shut"


@dataclass(frozen=True)
class Ego:
    """One seat, who stands above (the farthest first) and the generations below, children by parent and slot."""

    seat: Place
    above: Sequence[Place]
    children: Mapping[int, Mapping[int, Place]] = field(default_factory=dict)

    @property
    def hidden_above(self) -> int:
        """How many stand between the root and the farthest ancestor shown."""
        return self.above[0].depth if self.above else self.seat.depth


_PLACES = sa.text(
    """
    SELECT s.id AS seat_id, s.member_id, s.matrix_id, s.parent_id, s.slot, s.depth, m.code, m.standing, m.showcase,
           m.position, m.rank, f.is_open, f.taken,
           m.position IS NULL AND s.parent_id IS NOT NULL AND m.sponsor_id IS DISTINCT FROM p.member_id AS is_spill
    FROM seat s JOIN member m ON m.id = s.member_id JOIN frontier f ON f.seat_id = s.id
    LEFT JOIN seat p ON p.id = s.parent_id
    WHERE s.id = ANY (:seats) OR s.parent_id = ANY (:parents) ORDER BY s.depth, s.parent_id, s.slot
    """
).bindparams(sa.bindparam("seats", type_=ARRAY(sa.BigInteger)), sa.bindparam("parents", type_=ARRAY(sa.BigInteger)))


def places(*, seats: Collection[int] = (), parents: Collection[int] = ()) -> list[Place]:
    """The seats named, or those right below the seats named, top down and left to right."""
    found = db.session.execute(_PLACES, {"seats": list(seats), "parents": list(parents)})
    return [Place(*row) for row in found]


def place(seat_id: int) -> Place | None:
    """One seat, None if there is none."""
    return next(iter(places(seats=[seat_id])), None)


def seen_from(seat: Place) -> Ego:
    """Five up and three down, each generation one query."""
    above = places(seats=[node.seat_id for node in tree.above(seat.seat_id, UP)])
    children: dict[int, dict[int, Place]] = {}
    parents = [seat]
    for _ in range(DOWN):
        parents = generation(parents, children)
    return Ego(seat, above, children)


def generation(parents: Sequence[Place], children: dict[int, dict[int, Place]]) -> list[Place]:
    """The next generation below these seats, added to the children known."""
    found = places(parents=[one.seat_id for one in parents if one.taken])
    for one in found:
        children.setdefault(one.parent_id or 0, {})[one.slot or 0] = one
    return found


def root(matrix_id: int) -> int | None:
    """The seat of position 1, the root of a network."""
    found: int | None = db.session.scalar(
        sa.text("SELECT id FROM seat WHERE matrix_id = :matrix AND parent_id IS NULL"), {"matrix": matrix_id}
    )
    return found


def slots() -> range:
    return range(1, WIDTH + 1)
