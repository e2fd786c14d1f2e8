"""Telling the rest: facts and work, written in the transaction that makes them true."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from models.base import copy_text, db
from models.tables.job import Event, Job, Queue, State

# Where a session remembers which jobs to ring for once it has committed: (queue, job id).
REQUESTED = "requested jobs"
# Where it remembers that somebody is to be told of something.
EMITTED = "emitted events"
RELAYED_AT_ONCE = 200
# Events that one job is told of, where its kind takes them together.
TOGETHER = 400


@dataclass(frozen=True)
class Order:
    """How a kind of job is asked for when an event or the timetable asks for it.

    ``is_batched`` kinds are told of all events of one relay together, by their numbers.
    """

    kind: str
    queue: str
    title: str
    max_attempts: int
    is_batched: bool = False


def emit(name: str, *, subject: str = "", **payload: Any) -> Event:
    """State a fact (`order.completed`); the relay tells the jobs that subscribe to it."""
    event = Event(name=name, subject=subject, payload=payload)
    db.session.add(event)
    db.session.flush()
    db.session.info[EMITTED] = True
    return event


@dataclass(frozen=True, slots=True)
class Fact:
    """What `emit` states, put by for `emit_many`."""

    name: str
    subject: str
    payload: dict[str, Any]


def emit_many(facts: Iterable[Fact]) -> None:
    """State many facts in this order."""
    rows = [(one.name, one.subject, json.dumps(one.payload)) for one in facts]
    if rows:
        db.session.flush()
        copy_text("event", ("name", "subject", "payload"), rows)
        db.session.info[EMITTED] = True


def request(
    kind: str,
    *,
    queue: str = Queue.DEFAULT,
    payload: dict[str, Any],
    subject: str = "",
    title: str = "",
    by: str = "",
    key: str | None = None,
    lane: str = "",
    event_id: int | None = None,
    run_at: datetime | None = None,
    max_attempts: int = 8,
) -> Job:
    """Ask for a job. The same ``key``, or the same kind for the same event, is one job: the first one is returned."""
    values: dict[str, Any] = {
        "kind": kind,
        "queue": queue,
        "payload": payload,
        "subject": subject,
        "title": title,
        "created_by": by,
        "key": key,
        "lane": lane,
        "event_id": event_id,
        "max_attempts": max_attempts,
    }
    if run_at is not None:
        values["run_at"] = run_at
    made = db.session.scalar(insert(Job).values(values).on_conflict_do_nothing().returning(Job.id))
    if made is None:
        same = Job.key == key if key is not None else sa.false()
        return db.session.scalars(
            sa.select(Job).where(same | ((Job.event_id == event_id) & (Job.kind == kind))).order_by(Job.id).limit(1)
        ).one()
    job = db.session.get_one(Job, made)
    announce(job)
    return job


def announce(job: Job) -> None:
    """Remember to ring for a waiting job once its transaction has committed."""
    if job.state == State.WAITING:
        remember([(job.queue, job.id)])


def remember(rings: Iterable[tuple[str, int]]) -> None:
    """Ring on each queue for each job once this transaction has committed."""
    db.session.info.setdefault(REQUESTED, []).extend(rings)


def relay(*, told: Callable[[str], Iterable[Order]]) -> int:
    """Turn the oldest unrelayed events into jobs of those who are told of them; how many events there were."""
    events = db.session.scalars(
        sa.select(Event)
        .where(Event.relayed_at.is_(None))
        .order_by(Event.id)
        .limit(RELAYED_AT_ONCE)
        .with_for_update(skip_locked=True)
    ).all()
    together: dict[Order, list[int]] = {}
    for event in events:
        for order in told(event.name):
            if order.is_batched:
                together.setdefault(order, []).append(event.id)
            else:
                _tell(order, event)
        event.relayed_at = db.session.scalars(sa.select(sa.func.clock_timestamp())).one()
    for order, ids in together.items():
        _tell_together(order, ids)
    db.session.flush()
    return len(events)


def _tell_together(order: Order, ids: list[int]) -> None:
    """One job for all of them: the one that still waits for a worker, so that under load they are done in sets."""
    waiting = db.session.scalars(
        sa.select(Job)
        .where(Job.queue == order.queue, sa.text("state = 'waiting'"), Job.kind == order.kind, Job.attempts == 0)
        .order_by(Job.run_at.desc(), Job.id.desc()).limit(1)
        .with_for_update(skip_locked=True).execution_options(populate_existing=True)
    ).one_or_none()  # fmt: skip
    if waiting is not None and len(told := [*waiting.payload["event_ids"], *ids]) <= TOGETHER:
        waiting.payload = {"event_ids": told}
        return
    request(
        order.kind,
        queue=order.queue,
        title=order.title,
        max_attempts=order.max_attempts,
        payload={"event_ids": ids},
        by=f"event:{ids[0]}",
    )


def _tell(order: Order, event: Event) -> None:
    request(
        order.kind,
        queue=order.queue,
        title=order.title,
        max_attempts=order.max_attempts,
        payload=event.payload,
        subject=event.subject,
        by=f"event:{event.id}",
        event_id=event.id,
    )
