"""Where the next newcomers would land, and why there: the rule of placement asked ahead, nothing taken."""

from dataclasses import dataclass
from heapq import heapify, heappop, heappush

import sqlalchemy as sa

from models.base import db
from models.queries import ego, tree
from models.queries import member as members
from models.rules import placement as rules
from models.rules.compliance import WIDTH
from models.tables.member import Matrix, Member


@dataclass(frozen=True)
class Next:
    """Where the n-th newcomer from now would land: under whom (`#k` for the k-th of them), in which slot, how deep."""

    n: int
    under: str
    under_seat: int | None
    slot: int
    depth: int
    is_spill: bool


@dataclass(frozen=True)
class Preview:
    """Whom a newcomer would have as sponsor, below which seat the search begins, and the places in order."""

    network: Matrix
    inviter: Member | None
    sponsor: str | None
    whole_network: bool
    places: list[Next]


def preview(*, inviter: Member | None, network: Matrix, count: int = 10) -> Preview:
    """The next places for newcomers who all come by this inviter, or by nobody (rules §2.3)."""
    sponsor = rules.sponsor_of(inviter.code, members.sponsor) if inviter else None
    seat = members.seat_of(members.by_code(sponsor).id) if sponsor else None
    found = following(seat.id, count, sponsor) if seat is not None else []
    start = ego.root(network.id)
    if found or start is None:
        return Preview(network, inviter, sponsor, whole_network=False, places=found)
    return Preview(network, inviter, sponsor, whole_network=True, places=following(start, count, sponsor))


def following(seat_id: int, count: int, sponsor: str | None) -> list[Next]:
    """The next places below a seat, each newcomer opening three more of its own."""
    start = ego.place(seat_id)
    vacancies = tree.first_vacancies(seat_id, count)
    codes = tree.codes({one.parent_id for one in vacancies})
    waiting: list[tuple[int, tuple[int, ...], str, int | None]] = [
        (one.depth, one.path, codes[one.parent_id], one.parent_id) for one in vacancies
    ]
    heapify(waiting)
    found: list[Next] = []
    while waiting and len(found) < count:
        depth, path, under, under_seat = heappop(waiting)
        n = len(found) + 1
        found.append(Next(n, under, under_seat, path[-1], depth + (start.depth if start else 0), under != sponsor))
        for slot in range(1, WIDTH + 1):
            heappush(waiting, (depth + 1, (*path, slot), f"#{n}", None))
    return found


def default_network() -> Matrix | None:
    """The network of those whom nobody invited: the first one made."""
    return db.session.scalars(sa.select(Matrix).order_by(Matrix.id).limit(1)).one_or_none()
