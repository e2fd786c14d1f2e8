"""What falls due at an instant, one thing at a time, in the order the rules give; safe to run twice or late."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from itertools import groupby

import sqlalchemy as sa

from models.base import db
from models.operations import admission, evening, order, outbox, share, standing
from models.rules import backoff
from models.tables.due import SetAside

LOCK = 7310004
AT_ONCE = 10_000
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


def _branch(table: str, column: str, kind: Kind, rest: str, switch: str = "", *, every: bool = False) -> str:
    """The first of one kind: what shares the earliest instant of its partial index and is not set aside; or ``every``.

    While the ``switch`` of a money job is off, everything of the kind waits where it is.
    """
    is_on = f" AND NOT EXISTS (SELECT FROM money_switch WHERE job = '{switch}' AND is_off)" if switch else ""
    waiting = (
        f"NOT EXISTS (SELECT FROM set_aside a WHERE a.kind = {kind:d} AND a.subject = {{}}.id AND a.try_at > :until)"
    )
    earliest = (
        f"= (SELECT y.{column} FROM {table} y WHERE y.{column} <= :until AND {waiting.format('y')}"
        f" ORDER BY y.{column} LIMIT 1)"
    )
    return f"""
        (SELECT x.{column} AS at, {kind:d} AS kind, x.id AS subject, {rest}
         WHERE x.{column} {"<= :until" if every else earliest} AND {waiting.format("x")}{is_on})"""


_MEMBER = "s.id AS sequence, '' AS number FROM member x LEFT JOIN seat s ON s.member_id = x.id"
_ORDER = "0, x.number FROM shop_order x"


def _due(*, every: bool) -> sa.TextClause:
    """At one instant candidates lapse, receipts confirm themselves, shares mature, cycles end.

    Each kind goes by order number, or by sequence of placement.
    """
    branches = (
        _branch("member", "lapse_at", Kind.LAPSE, _MEMBER, every=every),
        _branch("shop_order", "confirm_at", Kind.CONFIRM, _ORDER, "settle", every=every),
        _branch("shop_order", "mature_at", Kind.MATURE, _ORDER, "mature", every=every),
        _branch("member", "cycle_end", Kind.CYCLE, _MEMBER, every=every),
    )
    return sa.text(
        "SELECT due.at, due.kind, due.subject, coalesce(f.failures, 0) AS failures"
        f" FROM ({' UNION ALL '.join(branches)}) AS due"
        " LEFT JOIN set_aside f ON (f.kind, f.subject) = (due.kind, due.subject)"
        ' ORDER BY due.at, due.kind, due.number COLLATE "C", due.sequence LIMIT :limit'
    )


_NEXT, _EVERY = _due(every=False), _due(every=True)
_NUMBERS = sa.text("SELECT id, number FROM shop_order WHERE id = ANY (:ids)")


def is_ours() -> bool:
    """Whether this transaction is the only one that runs what is due; until it ends, no other is."""
    return bool(db.session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(LOCK))))


def first(until: datetime) -> Due | None:
    """The first thing that is due at or before an instant, but for what is set aside until later."""
    row = db.session.execute(_NEXT, {"until": until, "limit": 1}).one_or_none()
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


def run_until(until: datetime) -> int:
    """Let everything due at or before an instant happen, in order of due instant, in sets; how many things there were.

    Days lie between what happens and what it makes due, so that a day's things are known before the first of them
    happens. What an order without days of return makes due at once happens after the day's other things.
    """
    done = 0
    while day := _of_a_day(until):
        for (kind, is_again), run_ in groupby(day, key=lambda one: (one.kind, one.failures > 0)):
            _run_together(kind, list(run_), is_again=is_again)
        db.session.flush()
        done += len(day)
    return done


def _of_a_day(until: datetime) -> list[Due]:
    rows = db.session.execute(_EVERY, {"until": until, "limit": AT_ONCE}).all()
    found = [Due(row.at, Kind(row.kind), row.subject, row.failures) for row in rows]
    return [one for one in found if one.at < found[0].at + timedelta(days=1)]


def _run_together(kind: Kind, run_: Sequence[Due], *, is_again: bool) -> None:
    """A run of things of one kind: what orders are due as a set, what members are due one by one."""
    ids, ats = [one.subject for one in run_], [one.at for one in run_]
    if kind is Kind.CONFIRM and not is_again:
        numbers = {row.id: row.number for row in db.session.execute(_NUMBERS, {"ids": ids})}
        evening.complete_many(numbers=[numbers[one] for one in ids], at=ats)
    elif kind is Kind.MATURE and not is_again:
        share.mature_many(ids=ids, at=ats)
    else:
        for one in run_:
            run(one)


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
