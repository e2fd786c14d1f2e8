"""Keeping the rings: grown with each new tie, and rebuilt whole each night to the same sets."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from models.base import db
from models.rules import ring as rules
from models.rules.ring import Tie, Value
from models.tables.risk import RiskRing, RiskRingMember, RiskTie

# One at a time may change rings: two that grow towards each other must see one another.
_LOCK = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('risk_ring', 0))")
_DEGREES = sa.text(
    "SELECT kind, digest, count(*) AS people FROM risk_tie"
    " WHERE (kind, digest) IN (SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:digests AS bytea[])))"
    " GROUP BY kind, digest"
)
_SHARING = sa.text(
    "SELECT DISTINCT actor_id FROM risk_tie"
    " WHERE (kind, digest) IN (SELECT * FROM unnest(CAST(:kinds AS text[]), CAST(:digests AS bytea[])))"
)
_AROUND = sa.text(
    "SELECT actor_id, ring_id FROM risk_ring_member WHERE ring_id IN"
    " (SELECT ring_id FROM risk_ring_member WHERE actor_id = ANY (:actors))"
)

_INTO = insert(RiskRingMember)
_MOVE = _INTO.on_conflict_do_update(index_elements=["actor_id"], set_={"ring_id": _INTO.excluded.ring_id})


def join(*, new: Sequence[Tie], at: datetime) -> None:
    """Let the rings around these new ties grow, merge or, where a value passed its cap, come apart.

    Only pairs that share a new tie's value can change, so the rings of its people are worked out anew, and no others.
    """
    degrees = _degrees({tie.value for tie in new})
    values = rules.touched(new, degrees)
    if not values:
        return
    db.session.execute(_LOCK)
    people = set(db.session.scalars(_SHARING, _asked(values)))
    before = {row.actor_id: row.ring_id for row in db.session.execute(_AROUND, {"actors": list(people)})}
    ties = _ties(people | set(before))
    _keep(rules.components(ties, _degrees({tie.value for tie in ties})), before, at)


def rebuild(*, at: datetime) -> int:
    """Work out every ring from all ties; how many people changed their ring, which is nobody if all is well."""
    db.session.execute(_LOCK)
    ties = _ties(None)
    members = db.session.execute(sa.select(RiskRingMember.actor_id, RiskRingMember.ring_id))
    before = {row.actor_id: row.ring_id for row in members}
    return _keep(rules.components(ties, rules.degrees_of(ties)), before, at)


def _asked(values: Iterable[Value]) -> dict[str, Any]:
    found = sorted(values)
    return {"kinds": [kind for kind, _ in found], "digests": [digest for _, digest in found]}


def _degrees(values: Iterable[Value]) -> dict[Value, int]:
    rows = db.session.execute(_DEGREES, _asked(values))
    return {(row.kind, bytes(row.digest)): row.people for row in rows}


def _ties(people: set[int] | None) -> list[Tie]:
    chosen = sa.select(RiskTie.actor_id, RiskTie.kind, RiskTie.digest)
    if people is not None:
        chosen = chosen.where(RiskTie.actor_id == sa.any_(sa.literal(sorted(people), sa.ARRAY(sa.BigInteger))))
    return [Tie(row.actor_id, row.kind, bytes(row.digest)) for row in db.session.execute(chosen)]


def _keep(rings: Sequence[frozenset[int]], before: dict[int, int], at: datetime) -> int:
    """Write down who is where now; how many people changed."""
    numbers = rules.named(rings, before)
    after: dict[int, int] = {}
    for n, ring in enumerate(rings):
        number = numbers[n] or _new(at)
        after |= dict.fromkeys(ring, number)
    moved = {actor: number for actor, number in after.items() if before.get(actor) != number}
    gone = sorted(set(before) - set(after))
    if gone:
        db.session.execute(sa.delete(RiskRingMember).where(RiskRingMember.actor_id.in_(gone)))
    if moved:
        db.session.connection().execute(
            _MOVE, [{"actor_id": actor, "ring_id": number} for actor, number in sorted(moved.items())]
        )
    touched = set(moved.values()) | {before[actor] for actor in (*moved, *gone) if actor in before}
    _count(touched, at)
    return len(moved) + len(gone)


def _new(at: datetime) -> int:
    made = RiskRing(made_at=at, changed_at=at, size=0)
    db.session.add(made)
    db.session.flush()
    return made.id


def _count(rings: set[int], at: datetime) -> None:
    if not rings:
        return
    size = sa.select(sa.func.count()).where(RiskRingMember.ring_id == RiskRing.id).scalar_subquery()
    db.session.execute(
        sa.update(RiskRing).where(RiskRing.id.in_(rings)).values(size=size, changed_at=at),
        execution_options={"synchronize_session": False},
    )
