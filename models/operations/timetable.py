"""What the timetable writes: periods taken, jobs that stand for them, old rows forgotten."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from models.base import db
from models.operations import outbox
from models.tables.job import Event, Job, Mark, State

FORGOTTEN_AT_ONCE = 1000
KEEP_JOBS = timedelta(days=30)
KEEP_EVENTS = timedelta(days=90)
KEEP_MARKS = timedelta(days=400)


def take(*, name: str, period: datetime, order: outbox.Order, payload: dict[str, Any]) -> Job | None:
    """Make the job of one period of one line; None when the other timetable was first."""
    mark = insert(Mark).values(name=name, period=period).on_conflict_do_nothing().returning(Mark.id)
    if db.session.scalar(mark) is None:
        return None
    return outbox.request(
        order.kind,
        queue=order.queue,
        title=order.title,
        max_attempts=order.max_attempts,
        payload=payload,
        subject=f"timetable:{name}",
        by="system:timetable",
        key=f"timetable:{name}:{period.isoformat()}",
    )


def forget(*, at: datetime) -> dict[str, int]:
    """Remove a batch of what nobody asks for any more; dead jobs stay until somebody decides. Zero left: all gone."""
    finished = sa.select(Job.id).where(Job.state.in_((State.DONE, State.CANCELLED)), Job.finished_at < at - KEEP_JOBS)
    relayed = sa.select(Event.id).where(
        Event.created_at < at - KEEP_EVENTS,
        Event.relayed_at.is_not(None),
        ~sa.exists().where(Job.event_id == Event.id),
    )
    past = sa.select(Mark.id).where(Mark.period < at - KEEP_MARKS)
    return {
        "jobs": _delete(Job, finished),
        "events": _delete(Event, relayed),
        "marks": _delete(Mark, past),
    }


def _delete(table: type[Job] | type[Event] | type[Mark], which: sa.Select[int]) -> int:
    ids = db.session.scalars(which.limit(FORGOTTEN_AT_ONCE).with_for_update(skip_locked=True)).all()
    db.session.execute(sa.delete(table).where(table.id.in_(ids)).execution_options(synchronize_session=False))
    return len(ids)
