"""A ring as it is drawn: its people, what they share, the tree between them, and the money that moved."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.rules.ring import CAPS
from models.tables.risk import RiskActor, RiskRing, RiskRingMember, RiskTie

PEOPLE_MAX = 60
_PEOPLE = sa.text(
    """
    SELECT a.id, m.code, m.standing, m.showcase, m.strikes, m.id AS member_id, m.sponsor_id, p.parent_id,
           up.member_id AS parent_member_id,
           (SELECT count(*) FROM risk_event e WHERE e.actor_id = a.id AND e.kind = 'place') AS bought,
           (SELECT count(*) FROM risk_event e JOIN risk_decision d ON d.event_id = e.id
            WHERE e.actor_id = a.id AND d.action <> 'allow') AS suspicious,
           (SELECT coalesce(sum(e.amount_fen), 0)::bigint FROM risk_event e
            WHERE e.actor_id = a.id AND e.kind = 'place') AS bought_fen
    FROM risk_ring_member r JOIN risk_actor a ON a.id = r.actor_id
    LEFT JOIN member m ON m.id = a.member_id
    LEFT JOIN seat p ON p.member_id = m.id LEFT JOIN seat up ON up.id = p.parent_id
    WHERE r.ring_id = :ring ORDER BY a.id LIMIT :most
    """
)
_SHARED = sa.text(
    """
    SELECT t.kind, encode(t.digest, 'hex') AS digest, array_agg(t.actor_id ORDER BY t.actor_id) AS people,
           (SELECT count(*) FROM risk_tie o WHERE o.kind = t.kind AND o.digest = t.digest) AS degree,
           min(t.at) AS since,
           (SELECT max(e.ip_shown) FROM risk_event e WHERE t.kind = 'ip' AND e.ip = t.digest) AS shown
    FROM risk_tie t JOIN risk_ring_member r ON r.actor_id = t.actor_id
    WHERE r.ring_id = :ring GROUP BY t.kind, t.digest HAVING count(*) > 1
    ORDER BY count(*) DESC, t.kind, t.digest LIMIT 40
    """
)
# Orders whose buyer and seller are both of the ring: what moved between them.
_FLOWS = sa.text(
    """
    SELECT e.actor_id AS buyer, e.other_id AS seller, count(*) AS orders, sum(e.amount_fen)::bigint AS fen,
           count(*) FILTER (WHERE o.is_held) AS held, sum(o.commission_fen)::bigint AS commission_fen
    FROM risk_event e JOIN shop_order o ON o.id = e.order_id
    JOIN risk_ring_member b ON b.actor_id = e.actor_id JOIN risk_ring_member s ON s.actor_id = e.other_id
    WHERE e.kind = 'place' AND b.ring_id = :ring AND s.ring_id = :ring AND e.actor_id <> e.other_id
    GROUP BY e.actor_id, e.other_id ORDER BY fen DESC LIMIT 60
    """
)
_EVENTS = sa.text(
    """
    SELECT e.id, e.kind, e.ref, e.at, e.amount_fen, e.actor_id, d.id AS decision_id, d.score, d.action
    FROM risk_event e JOIN risk_ring_member r ON r.actor_id = e.actor_id
    LEFT JOIN risk_decision d ON d.event_id = e.id
    WHERE r.ring_id = :ring ORDER BY e.at DESC, e.id DESC LIMIT 40
    """
)


@dataclass(frozen=True)
class Drawn:
    """All of a ring that its page shows."""

    people: Sequence[Any]
    shared: Sequence[Any]
    flows: Sequence[Any]
    events: Sequence[Any]

    @property
    def tree(self) -> list[tuple[int, int, str]]:
        """(from, to, kind) of sponsor and placement edges inside the ring."""
        by_member = {one.member_id: one.id for one in self.people if one.member_id}
        found = []
        for one in self.people:
            if one.sponsor_id in by_member:
                found.append((by_member[one.sponsor_id], one.id, "sponsor"))
            if one.parent_member_id in by_member and one.parent_member_id != one.sponsor_id:
                found.append((by_member[one.parent_member_id], one.id, "placement"))
        return found

    @property
    def stake_fen(self) -> int:
        return sum(row.commission_fen for row in self.flows)


def drawn(ring_id: int) -> Drawn:
    """The people of a ring, the first sixty, and everything between them."""
    asked = {"ring": ring_id, "most": PEOPLE_MAX}
    return Drawn(*(db.session.execute(one, asked).all() for one in (_PEOPLE, _SHARED, _FLOWS, _EVENTS)))


def is_common(kind: str, degree: int) -> bool:
    """Whether too many people have a value for it to join anybody."""
    return degree > CAPS[kind]


def members_of(ring_id: int) -> list[int]:
    """The members among a ring's people."""
    chosen = (
        sa.select(RiskActor.member_id)
        .join(RiskRingMember, RiskRingMember.actor_id == RiskActor.id)
        .where(RiskRingMember.ring_id == ring_id, RiskActor.member_id.is_not(None))
    )
    return [one for one in db.session.scalars(chosen.order_by(RiskActor.member_id)) if one]


def ties_shared() -> sa.Select[Any]:
    """How many of a ring's people share its most shared value: a column of the list."""
    inner = (
        sa.select(sa.func.count().label("people"))
        .select_from(RiskTie)
        .join(RiskRingMember, RiskRingMember.actor_id == RiskTie.actor_id)
        .where(RiskRingMember.ring_id == RiskRing.id)
        .correlate(RiskRing)
        .group_by(RiskTie.kind, RiskTie.digest)
        .subquery()
    )
    return sa.select(sa.func.max(inner.c.people))
