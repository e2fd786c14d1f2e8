"""The outbox, the jobs and the timetable's marks: what must happen later, kept where it cannot be lost."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class State(StrEnum):
    """Where a job stands. The last three are final; a dead one may be run again by hand."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    DEAD = "dead"
    CANCELLED = "cancelled"


class Queue(StrEnum):
    """Who waits in front of whom: money before risk before the rest, and what comes by the thousand after all of them;
    pictures and exports have workers of their own."""

    MONEY = "money"
    RISK = "risk"
    DEFAULT = "default"
    BULK = "bulk"
    PICTURE = "picture"
    EXPORT = "export"


FINAL = (State.DONE, State.DEAD, State.CANCELLED)
NOW = sa.text("clock_timestamp()")


def _one_of(column: str, words: type[StrEnum] | tuple[StrEnum, ...]) -> str:
    return f"{column} IN ({', '.join(repr(word.value) for word in words)})"


class Event(Base):
    """A fact other parts may want to know; written in the transaction that made it true."""

    __tablename__ = "event"
    __table_args__ = (
        sa.Index("ix_event_unrelayed", "id", postgresql_where=sa.text("relayed_at IS NULL")),
        sa.Index(None, "name", "id"),
        sa.Index(None, "subject", "id"),
        sa.Index(None, "created_at", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    name: Mapped[str]
    subject: Mapped[str] = mapped_column(server_default="")
    payload: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    relayed_at: Mapped[datetime | None]


class Job(Base):
    """A piece of work that is done exactly when its state says so.

    ``token`` grows with every claim: who holds an older one may not commit. ``lane`` names what must happen one after
    the other; ``key`` what may be asked for once only. ``run_at`` and ``lease_until`` are moments of the database's
    clock.
    """

    __tablename__ = "job"
    __table_args__ = (
        sa.CheckConstraint(_one_of("state", State), name="state"),
        sa.CheckConstraint(_one_of("queue", Queue), name="queue"),
        sa.CheckConstraint("attempts BETWEEN 0 AND max_attempts", name="attempts"),
        sa.CheckConstraint("(state = 'running') = (lease_until IS NOT NULL)", name="lease"),
        sa.CheckConstraint(f"({_one_of('state', FINAL)}) = (finished_at IS NOT NULL)", name="finished"),
        sa.CheckConstraint("done >= 0 AND total >= 0", name="progress"),
        sa.UniqueConstraint("event_id", "kind"),
        sa.UniqueConstraint("key"),
        sa.Index("ix_job_due", "queue", "run_at", "id", postgresql_where=sa.text("state = 'waiting'")),
        sa.Index("ix_job_leased", "lease_until", postgresql_where=sa.text("state = 'running'")),
        sa.Index("ix_job_lane", "lane", "id", postgresql_where=sa.text("lane <> '' AND finished_at IS NULL")),
        sa.Index(None, "state", "id"),
        sa.Index(None, "kind", "id"),
        sa.Index(None, "queue", "id"),
        sa.Index(None, "subject", "id"),
        sa.Index(None, "created_at", "id"),
        sa.Index(None, "finished_at", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    kind: Mapped[str]
    queue: Mapped[str] = mapped_column(server_default=Queue.DEFAULT.value)
    state: Mapped[str] = mapped_column(server_default=State.WAITING.value)
    payload: Mapped[dict[str, Any]]
    subject: Mapped[str] = mapped_column(server_default="")
    title: Mapped[str] = mapped_column(server_default="")
    created_by: Mapped[str] = mapped_column(server_default="")
    key: Mapped[str | None]
    lane: Mapped[str] = mapped_column(server_default="")
    event_id: Mapped[int | None] = mapped_column(sa.ForeignKey("event.id"))
    run_at: Mapped[datetime] = mapped_column(server_default=NOW)
    attempts: Mapped[int] = mapped_column(server_default="0")
    max_attempts: Mapped[int] = mapped_column(server_default="8")
    lease_until: Mapped[datetime | None]
    token: Mapped[int] = mapped_column(server_default="0")
    worker: Mapped[str] = mapped_column(server_default="")
    done: Mapped[int] = mapped_column(server_default="0")
    total: Mapped[int] = mapped_column(server_default="0")
    note: Mapped[str] = mapped_column(server_default="")
    result: Mapped[dict[str, Any] | None]
    error: Mapped[str] = mapped_column(server_default="")
    cancel_requested: Mapped[bool] = mapped_column(server_default=sa.false())
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class Mark(Base):
    """One period of one line of the timetable, taken: whichever of two timetables wrote it made the job."""

    __tablename__ = "mark"
    __table_args__ = (sa.UniqueConstraint("name", "period"),)

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    name: Mapped[str]
    period: Mapped[datetime]
    created_at: Mapped[datetime] = mapped_column(server_default=NOW)
