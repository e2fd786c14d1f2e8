"""Questions about jobs: what is due, how old the queues are, how many wait, run or died."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from models.base import db
from models.tables.job import Event, Job, Mark, Queue, State

# The start of the statement rather than the very moment: an index can be searched for it.
NOW = sa.func.statement_timestamp()


def takeable(*, queue: str) -> sa.Select[int]:
    """The waiting jobs of a queue whose time and turn have come, the first to be taken first."""
    earlier = aliased(Job)
    blocked = sa.exists().where(
        earlier.lane == Job.lane, earlier.lane != "", earlier.id < Job.id, earlier.finished_at.is_(None)
    )
    return (
        sa.select(Job.id)
        .where(Job.state == State.WAITING, Job.queue == queue, Job.run_at <= NOW)
        .where((Job.lane == "") | ~blocked)
        .order_by(Job.run_at, Job.id)
    )


def due(*, queue: str, limit: int) -> Sequence[int]:
    """Numbers of the jobs of a queue that a worker could take now."""
    return db.session.scalars(takeable(queue=queue).limit(limit)).all()


def ages() -> dict[str, float]:
    """Seconds the longest-waiting due job of each queue has waited; 0 when none is due."""
    age = sa.func.extract("epoch", sa.func.clock_timestamp() - sa.func.min(Job.run_at))
    rows = db.session.execute(
        sa.select(Job.queue, age).where(Job.state == State.WAITING, Job.run_at <= NOW).group_by(Job.queue)
    )
    waited = {queue: float(seconds) for queue, seconds in rows}
    return {queue.value: waited.get(queue, 0.0) for queue in Queue}


def counts() -> dict[tuple[str, str], int]:
    """How many jobs of each queue wait, run or are dead: {(queue, state): count}, zeros included."""
    states = (State.WAITING, State.RUNNING, State.DEAD)
    rows = db.session.execute(
        sa.select(Job.queue, Job.state, sa.func.count()).where(Job.state.in_(states)).group_by(Job.queue, Job.state)
    )
    found = {(queue, state): count for queue, state, count in rows}
    return {(queue.value, state.value): found.get((queue, state), 0) for queue in Queue for state in states}


def causes(most: int = 20) -> Sequence[sa.Row[str, str, int, datetime | None, datetime | None]]:
    """Why jobs were given up: (kind, error, number, first_at, last_at), the most frequent first."""
    number = sa.func.count().label("number")
    first, last = sa.func.min(Job.finished_at).label("first_at"), sa.func.max(Job.finished_at).label("last_at")
    dead = sa.select(Job.kind, Job.error, number, first, last).where(Job.state == State.DEAD)
    return db.session.execute(dead.group_by(Job.kind, Job.error).order_by(number.desc(), last.desc()).limit(most)).all()


def is_under_way(kind: str) -> bool:
    """Whether a job of a kind waits or runs."""
    return bool(db.session.scalar(sa.select(sa.exists().where(Job.kind == kind, Job.finished_at.is_(None)))))


def unrelayed() -> int:
    """How many events wait for the relay."""
    return db.session.scalars(sa.select(sa.func.count()).where(Event.relayed_at.is_(None))).one()


def backlog_age() -> float:
    """Seconds the oldest event has waited for the relay; 0 when none waits."""
    age = sa.func.extract("epoch", sa.func.clock_timestamp() - sa.func.min(Event.created_at))
    return float(db.session.scalar(sa.select(age).where(Event.relayed_at.is_(None))) or 0)


def last_periods() -> dict[str, datetime]:
    """The newest period taken of each line of the timetable."""
    rows = db.session.execute(sa.select(Mark.name, sa.func.max(Mark.period).label("newest")).group_by(Mark.name))
    return {row.name: row.newest for row in rows}
