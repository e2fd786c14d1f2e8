"""What falls due at an instant, one thing at a time, in the order the rules give; safe to run twice or late."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

import sqlalchemy as sa

from models.base import db
from models.operations import admission, order, outbox, share, standing
from models.rules import backoff
from models.tables.due import SetAside

LOCK = 7310004
PATIENCE = 12
"""A minute after the first failure, three hours at most: what failed for good wants a person, not haste."""


class Kind(IntEnum):
    """Kinds of what falls due, in the order in which they happen at one instant."""

    LAPSE = 0
    CONFIRM = 1
    MATURE = 2
    CYCLE = 3


@dataclass(frozen=True)
class Due:
    """One thing that is due: ``at`` is its instant, however late it runs; ``subject`` a member's or an order's id.

    ``failures`` counts the times that it could not happen.
    """

    at: datetime
    kind: Kind
    subject: int
    failures: int = 0


def _branch(table: str, column: str, kind: Kind, rest: str, switch: str = "") -> str:
    """The first of one kind: what shares the earliest instant of its partial index and is not set aside.

    While the ``switch`` of a money job is off, everything of the kind waits where it is.
    """
    is_on = f" AND NOT EXISTS (SELECT FROM money_switch WHERE job = '{switch}' AND is_off)" if switch else ""
    waiting = (
        f"NOT EXISTS (SELECT FROM set_aside a WHERE a.kind = {kind:d} AND a.subject = {{}}.id AND a.try_at > :until)"
    )
    return f"""
        (SELECT x.{column} AS at, {kind:d} AS kind, x.id AS subject, {rest}
         WHERE x.{column} = (SELECT y.{column} FROM {table} y WHERE y.{column} <= :until AND {waiting.format("y")}
                             ORDER BY y.{column} LIMIT 1) AND {waiting.format("x")}{is_on})"""


_MEMBER = "s.id AS sequence, '' AS number FROM member x LEFT JOIN seat s ON s.member_id = x.id"
_ORDER = "0, x.number FROM shop_order x"
# At one instant candidates lapse, receipts confirm themselves, shares mature, cycles end: by order number, or by
# sequence of placement.
_NEXT = sa.text(
    "SELECT due.at, due.kind, due.subject, coalesce(f.failures, 0) AS failures FROM ("
    + " UNION ALL ".join(
        (
            _branch("member", "lapse_at", Kind.LAPSE, _MEMBER),
            _branch("shop_order", "confirm_at", Kind.CONFIRM, _ORDER, "settle"),
            _branch("shop_order", "mature_at", Kind.MATURE, _ORDER, "mature"),
            _branch("member", "cycle_end", Kind.CYCLE, _MEMBER),
        )
    )
    + ") AS due LEFT JOIN set_aside f ON (f.kind, f.subject) = (due.kind, due.subject)"
    ' ORDER BY due.at, due.kind, due.number COLLATE "C", due.sequence LIMIT 1'
)


def is_ours() -> bool:
    """Whether this transaction is the only one that runs what is due; until it ends, no other is."""
    return bool(db.session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(LOCK))))


def first(until: datetime) -> Due | None:
    """The first thing that is due at or before an instant, but for what is set aside until later."""
    row = db.session.execute(_NEXT, {"until": until}).one_or_none()
    return Due(row.at, Kind(row.kind), row.subject, row.failures) if row else None


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
    if due.failures:
        mine = (SetAside.kind == due.kind, SetAside.subject == due.subject)
        db.session.execute(sa.delete(SetAside).where(*mine))


def set_aside(due: Due, *, error: str, at: datetime) -> SetAside:
    """Let what could not happen wait, longer each time, and tell: nothing behind it waits for it."""
    mine = {"kind": int(due.kind), "subject": due.subject}
    row = db.session.scalars(sa.select(SetAside).filter_by(**mine)).one_or_none()
    if row is None:
        row = SetAside(**mine, due_at=due.at, failures=0, error=error, first_at=at, try_at=at)
        db.session.add(row)
    row.failures, row.error = row.failures + 1, error
    row.try_at = at + timedelta(seconds=PATIENCE * backoff.after_failure(attempt=row.failures, jitter=1.0))
    subject = f"{'order' if due.kind in (Kind.CONFIRM, Kind.MATURE) else 'member'}:{due.subject}"
    outbox.emit("due.set_aside", subject=subject, kind=due.kind.name.lower(), failures=row.failures, error=error)
    db.session.flush()
    return row
