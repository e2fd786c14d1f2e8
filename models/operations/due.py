"""What falls due at an instant, one thing at a time, in the order the rules give; safe to run twice or late."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum

import sqlalchemy as sa

from models.base import db
from models.operations import admission, order, share, standing

LOCK = 7310004


class Kind(IntEnum):
    """Kinds of what falls due, in the order in which they happen at one instant."""

    LAPSE = 0
    CONFIRM = 1
    MATURE = 2
    CYCLE = 3


@dataclass(frozen=True)
class Due:
    """One thing that is due: ``at`` is its instant, however late it runs; ``subject`` a member's or an order's id."""

    at: datetime
    kind: Kind
    subject: int


# Each branch reads one partial index; at one instant candidates lapse, receipts confirm themselves, shares mature,
# cycles end: by order number, or by sequence of placement. What is switched off waits where it is.
_NEXT = sa.text(
    """
    SELECT at, kind, subject FROM (
        (SELECT m.lapse_at AS at, 0 AS kind, m.id AS subject, s.id AS sequence, '' AS number
         FROM member m LEFT JOIN seat s ON s.member_id = m.id
         WHERE m.lapse_at = (SELECT min(lapse_at) FROM member WHERE lapse_at <= :until))
        UNION ALL
        (SELECT confirm_at, 1, id, 0, number FROM shop_order
         WHERE confirm_at = (SELECT min(confirm_at) FROM shop_order WHERE confirm_at <= :until)
         AND NOT EXISTS (SELECT FROM money_switch WHERE job = 'settle' AND is_off))
        UNION ALL
        (SELECT mature_at, 2, id, 0, number FROM shop_order
         WHERE mature_at = (SELECT min(mature_at) FROM shop_order WHERE mature_at <= :until)
         AND NOT EXISTS (SELECT FROM money_switch WHERE job = 'mature' AND is_off))
        UNION ALL
        (SELECT m.cycle_end, 3, m.id, s.id, '' FROM member m LEFT JOIN seat s ON s.member_id = m.id
         WHERE m.cycle_end = (SELECT min(cycle_end) FROM member WHERE cycle_end <= :until))
    ) AS due ORDER BY at, kind, number COLLATE "C", sequence LIMIT 1
    """
)


def is_ours() -> bool:
    """Whether this transaction is the only one that runs what is due; until it ends, no other is."""
    return bool(db.session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(LOCK))))


def first(until: datetime) -> Due | None:
    """The first thing that is due at or before an instant."""
    row = db.session.execute(_NEXT, {"until": until}).one_or_none()
    return Due(row.at, Kind(row.kind), row.subject) if row else None


def run(due: Due) -> None:
    """Let it happen, as of its own instant."""
    if due.kind is Kind.LAPSE:
        admission.lapse(member_id=due.subject, at=due.at)
    elif due.kind is Kind.CONFIRM:
        order.complete(number=order.number_of(due.subject), at=due.at)
    elif due.kind is Kind.MATURE:
        share.mature(order_id=due.subject, at=due.at)
    else:
        standing.end_cycle(member_id=due.subject, at=due.at)
