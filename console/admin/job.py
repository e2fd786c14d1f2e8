"""任务中心, 时间表 and 事件: what happens later, how far it is, why it failed, and what is told to whom."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin import subject
from console.admin.base import Batch, ReadView, SecureView
from console.admin.columns import Badge, Column, Kind, Tone
from console.admin.filters import Days, Equals, OneOf
from console.auth import permits
from jobs import queue, relay, timetable
from models import Audit, Event, Job, Staff, db
from models.operations import job as operations
from models.queries import job as queries
from models.rules import cadence
from models.rules.cadence import Cadence, Daily, Every, Monthly, Weekly
from models.tables.job import FINAL, Queue, State

STATES = {
    State.WAITING.value: Badge(_l("waiting"), Tone.PLAIN),
    State.RUNNING.value: Badge(_l("running"), Tone.BUSY),
    State.DONE.value: Badge(_l("done"), Tone.GOOD),
    State.DEAD.value: Badge(_l("dead letter"), Tone.BAD),
    State.CANCELLED.value: Badge(_l("cancelled"), Tone.WARN),
}
QUEUES = {
    Queue.MONEY.value: Badge(_l("money")),
    Queue.RISK.value: Badge(_l("risk")),
    Queue.DEFAULT.value: Badge(_l("default")),
    Queue.BULK.value: Badge(_l("bulk")),
    Queue.PICTURE.value: Badge(_l("pictures")),
    Queue.EXPORT.value: Badge(_l("exports")),
}
WEEKDAYS = (
    _l("Monday"),
    _l("Tuesday"),
    _l("Wednesday"),
    _l("Thursday"),
    _l("Friday"),
    _l("Saturday"),
    _l("Sunday"),
)
HISTORY_LENGTH = 100
PERMISSION = "job.view"


def _share(row: Row[Any]) -> Markup:
    """A bar of how far a running job is; an ended one says so by its state."""
    if row.state != State.RUNNING or not row.total:
        return Markup('<span class="muted">–</span>')
    return Markup('<progress max="{0}" value="{1}" title="{1} / {0}">{2:.0f}%</progress>').format(
        row.total, row.done, 100 * row.done / row.total
    )


def kinds() -> dict[str, str]:
    """Every kind of job with its title."""
    queue.load()
    return {name: kind.order.title for name, kind in sorted(queue.KINDS.items())}


def rhythm(line: Cadence) -> str:
    """A rhythm as staff read it, in Shanghai time."""
    match line:
        case Every(seconds=seconds):
            return _("every %(time)s", time=formatting.duration(seconds))
        case Daily(at=at):
            return _("daily at %(time)s", time=f"{at:%H:%M}")
        case Weekly(weekday=weekday, at=at):
            return _("%(day)s at %(time)s", day=WEEKDAYS[weekday - 1], time=f"{at:%H:%M}")
        case Monthly(day=day, at=at):
            return _("day %(day)s of the month at %(time)s", day=day, time=f"{at:%H:%M}")
    return ""


def _about(row: Row[Any]) -> Markup:
    """What it is about, leading there."""
    return subject.link(row.subject) if row.subject else Markup('<span class="muted">–</span>')


class JobView(ReadView):
    """任务中心: every job, its state and progress; a dead one may be run again, a living one cancelled."""

    title = _l("Jobs")
    section = "system"
    slug = "jobs"
    permission = PERMISSION
    model = Job
    hint = _l("Work in the background. It survives the restart of any part and is done exactly once.")
    columns = (
        Column(key="id", title=_l("Number"), at=Job.id, kind=Kind.COUNT, sort=True),
        Column(key="what", title=_l("Job"), at=sa.func.coalesce(sa.func.nullif(Job.title, ""), Job.kind), link=True),
        Column(key="state", title=_l("State"), at=Job.state, kind=Kind.BADGE, badges=STATES),
        Column(key="done", title=_l("Progress"), at=Job.done, cell=_share),
        Column(key="total", title=_l("Steps"), at=Job.total, kind=Kind.COUNT, shown=False),
        Column(key="note", title=_l("Note"), at=Job.note, shown=False),
        Column(key="queue", title=_l("Queue"), at=Job.queue, kind=Kind.BADGE, badges=QUEUES),
        Column(key="subject", title=_l("About"), at=Job.subject, cell=_about),
        Column(key="who", title=_l("Asked for by"), at=sa.func.coalesce(Staff.name, Job.created_by), kind=Kind.ACTOR),
        Column(key="attempts", title=_l("Attempts"), at=Job.attempts, kind=Kind.COUNT),
        Column(key="error", title=_l("Reason"), at=Job.error),
        Column(key="created_at", title=_l("Asked for"), at=Job.created_at, kind=Kind.MOMENT, sort=True),
        Column(key="run_at", title=_l("Due"), at=Job.run_at, kind=Kind.MOMENT, shown=False),
        Column(key="started_at", title=_l("Started"), at=Job.started_at, kind=Kind.MOMENT, shown=False),
        Column(key="finished_at", title=_l("Ended"), at=Job.finished_at, kind=Kind.MOMENT),
        Column(key="kind", title=_l("Kind"), at=Job.kind, kind=Kind.CODE, shown=False),
        Column(key="max_attempts", title=_l("Attempts at most"), at=Job.max_attempts, kind=Kind.COUNT, shown=False),
        Column(key="worker", title=_l("Worker"), at=Job.worker, kind=Kind.CODE, shown=False),
        Column(key="lease_until", title=_l("Lease until"), at=Job.lease_until, kind=Kind.MOMENT, shown=False),
        Column(key="lane", title=_l("Lane"), at=Job.lane, kind=Kind.CODE, shown=False),
        Column(key="payload", title=_l("Arguments"), at=Job.payload, kind=Kind.JSON, listed=False),
        Column(key="result", title=_l("Result"), at=Job.result, kind=Kind.JSON, listed=False),
    )
    questions = (
        OneOf(key="state", title=_l("State"), at=Job.state, choices={key: b.label for key, b in STATES.items()}),
        OneOf(key="queue", title=_l("Queue"), at=Job.queue, choices={key: b.label for key, b in QUEUES.items()}),
        OneOf(key="kind", title=_l("Kind"), at=Job.kind, choices=kinds),
        Equals(key="subject", title=_l("About"), at=Job.subject),
        Days(key="created", title=_l("Asked for"), at=Job.created_at),
        Days(key="finished", title=_l("Ended"), at=Job.finished_at),
    )
    batches = (Batch("rerun", _l("Run again"), "job.rerun", "job.rerun", "job.rerun"),)
    list_template = "job/list.html"
    details_template = "job/detail.html"

    def base(self) -> Select[Any]:
        return sa.select().select_from(Job).outerjoin(Staff, Job.created_by == sa.func.concat("staff:", Staff.id))

    def heading(self, row: Row[Any]) -> str:
        return f"{row.what} #{row.row_id}"

    def extras(self) -> dict[str, Any]:
        return self._standing()

    def _standing(self) -> dict[str, Any]:
        """How many jobs of each state stand in the queues, and how long the first one due has waited."""
        counts, ages = queries.counts(), queries.ages()
        return {
            "queues": [
                {
                    "name": name,
                    "badge": badge,
                    "age": ages[name],
                    "counts": {state: counts[name, state] for state in ("waiting", "running", "dead")},
                }
                for name, badge in QUEUES.items()
            ],
            "unrelayed": queries.unrelayed(),
            "states": STATES,
        }

    @expose("/standing")
    @permits(PERMISSION)
    def standing(self) -> Any:
        """The queues of this moment, for the page that stays open."""
        return self.render("job/standing.html", **self._standing())

    def around(self, row_id: int) -> dict[str, Any]:
        return {**self._progress(row_id), "history": self._history(row_id), "states": STATES}

    def _progress(self, row_id: int) -> dict[str, Any]:
        job = self.found(row_id)
        return {"job": job, "is_over": job.state in FINAL}

    def _history(self, row_id: int) -> list[dict[str, Any]]:
        """Every change of state, newest first, as the audit trail keeps it."""
        trail = sa.select(Audit.at, Audit.actor, Audit.after).where(
            Audit.table_name == "job", Audit.row_id == str(row_id), Audit.after["state"].astext.is_not(None)
        )
        rows = db.session.execute(trail.order_by(Audit.id.desc()).limit(HISTORY_LENGTH))
        return [
            {
                "at": row.at,
                "actor": row.actor,
                "state": row.after["state"],
                "attempts": row.after.get("attempts"),
                "worker": row.after.get("worker", ""),
                "error": row.after.get("error", ""),
            }
            for row in rows
        ]

    @expose("/<int:row_id>/progress")
    @permits(PERMISSION)
    def progress(self, row_id: int) -> Any:
        """How far one job is, for the page that stays open."""
        return self.render("job/progress.html", **self._progress(row_id))

    @expose("/<int:row_id>/cancel", methods=["POST"])
    @permits("job.cancel")
    def cancel(self, row_id: int) -> Response:
        """Cancel a waiting job, or ask a running one to stop."""
        self.found(row_id)
        return self.perform(
            operations.cancel, job_id=row_id, done=_("The job is cancelled, or stops at its next step.")
        )

    @expose("/<int:row_id>/rerun", methods=["POST"])
    @permits("job.rerun")
    def rerun(self, row_id: int) -> Response:
        """Give a dead or cancelled job a new set of attempts."""
        self.found(row_id)
        return self.perform(operations.rerun, job_id=row_id, done=_("The job runs again."))


@dataclass(frozen=True)
class Planned:
    """One line of the timetable as staff read it."""

    name: str
    kind: str
    rhythm: str
    queue: Badge
    last: datetime | None
    next: datetime
    job_id: int | None
    state: Badge | None


def planned(*, at: datetime) -> list[Planned]:
    """The timetable with each line's last period, the job it made and the next period."""
    queue.load()
    taken = queries.last_periods()
    subjects = [f"timetable:{line.name}" for line in timetable.LINES]
    newest = sa.select(sa.func.max(Job.id)).where(Job.subject.in_(subjects)).group_by(Job.subject)
    made = db.session.scalars(sa.select(Job).where(Job.id.in_(newest)))
    jobs = {job.subject: job for job in made}
    return [_planned(line, taken.get(line.name), jobs.get(f"timetable:{line.name}"), at) for line in timetable.LINES]


def _planned(line: timetable.Line, last: datetime | None, job: Job | None, at: datetime) -> Planned:
    return Planned(
        name=line.name,
        kind=line.kind,
        rhythm=rhythm(line.cadence),
        queue=QUEUES[queue.order(line.kind).queue],
        last=last,
        next=cadence.following(line.cadence, at=at.astimezone(formatting.SHANGHAI)),
        job_id=job.id if job else None,
        state=STATES[job.state] if job else None,
    )


class TimetableView(SecureView):
    """时间表: what runs when, and how the last time went."""

    title = _l("Timetable")
    section = "system"
    slug = "timetable"
    permission = PERMISSION

    @expose("/")
    @permits(PERMISSION)
    def index_view(self) -> Any:
        """Every line of the timetable."""
        return self.render("job/timetable.html", lines=planned(at=datetime.now(UTC)))


@dataclass(frozen=True, kw_only=True)
class Delivered(OneOf):
    """Whether the relay has told the listeners, asked the way its index is written."""

    def where(self, value: list[str]) -> sa.ColumnElement[bool]:
        meaning = {"yes": Event.relayed_at.is_not(None), "no": Event.relayed_at.is_(None)}
        return sa.or_(*(meaning[word] for word in value))


class EventView(ReadView):
    """事件: the outbox; each fact, and the jobs that were told of it."""

    title = _l("Events")
    section = "system"
    slug = "events"
    permission = "event.view"
    model = Event
    hint = _l("Facts written in the same transaction as what made them true, then told to the jobs that listen.")
    columns = (
        Column(key="id", title=_l("Number"), at=Event.id, kind=Kind.COUNT, sort=True),
        Column(key="name", title=_l("Event"), at=Event.name, kind=Kind.CODE, link=True),
        Column(key="subject", title=_l("About"), at=Event.subject, cell=_about),
        Column(key="created_at", title=_l("When"), at=Event.created_at, kind=Kind.MOMENT, sort=True),
        Column(key="relayed_at", title=_l("Told"), at=Event.relayed_at, kind=Kind.MOMENT),
        Column(key="payload", title=_l("Facts"), at=Event.payload, kind=Kind.JSON, listed=False),
    )
    questions = (
        Delivered(key="told", title=_l("Told"), at=Event.relayed_at, choices={"yes": _l("yes"), "no": _l("not yet")}),
        Equals(key="name", title=_l("Event"), at=Event.name),
        Equals(key="subject", title=_l("About"), at=Event.subject),
        Days(key="at", title=_l("When"), at=Event.created_at),
    )
    details_template = "job/event.html"

    def heading(self, row: Row[Any]) -> str:
        return f"{row.name} #{row.row_id}"

    def around(self, row_id: int) -> dict[str, Any]:
        told = sa.select(Job.id, Job.title, Job.kind, Job.state).where(Job.event_id == row_id).order_by(Job.id)
        event = self.found(row_id)
        return {
            "told": db.session.execute(told).all(),
            "listeners": relay.SUBSCRIBERS.get(event.name, ()),
            "states": STATES,
        }
