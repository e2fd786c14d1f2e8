"""死信: jobs that were given up, grouped by what they are and why, to be run again one by one or together."""

from typing import Any, ClassVar

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row, Select

from console.admin import subject
from console.admin.base import Batch, ReadView, Viewer
from console.admin.columns import Column, Kind
from console.admin.filters import Contains, Days, Equals, OneOf
from console.admin.job import QUEUES, kinds
from console.admin.money.words import link
from models import Job
from models.queries import job as queries
from models.tables.job import State


def _open(row: Row[Any]) -> Markup:
    return link("jobs.detail", f"{row.what} #{row.row_id}", row_id=row.row_id)


def _about(row: Row[Any]) -> Markup:
    """What it is about, leading there."""
    return subject.link(row.subject) if row.subject else Markup('<span class="muted">–</span>')


class DeadLetterView(ReadView):
    """死信: nothing here happens any more until somebody repairs the cause and runs it again."""

    title = _l("Dead letters")
    section = "system"
    slug = "dead-letters"
    permission = "job.view"
    model = Job
    has_detail = False
    hint = _l("Jobs that failed at every attempt. Repair the cause, then run them again: nothing is done twice.")
    empty = _l("No dead letters: every job reached its end.")
    search_hint = _l("What it is about, from its beginning, or any part of the reason")
    list_template = "job/dead_letters.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=Job.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="what", title=_l("Job"), at=sa.func.coalesce(sa.func.nullif(Job.title, ""), Job.kind), cell=_open),
        Column(key="error", title=_l("Reason"), at=Job.error),
        Column(key="queue", title=_l("Queue"), at=Job.queue, kind=Kind.BADGE, badges=QUEUES),
        Column(key="subject", title=_l("About"), at=Job.subject, cell=_about),
        Column(key="attempts", title=_l("Attempts"), at=Job.attempts, kind=Kind.COUNT),
        Column(key="finished_at", title=_l("Given up"), at=Job.finished_at, kind=Kind.MOMENT),
        Column(key="created_at", title=_l("Asked for"), at=Job.created_at, kind=Kind.MOMENT, shown=False),
        Column(key="kind", title=_l("Kind"), at=Job.kind, kind=Kind.CODE, shown=False),
    )
    questions = (
        OneOf(key="queue", title=_l("Queue"), at=Job.queue, choices={key: b.label for key, b in QUEUES.items()}),
        OneOf(key="kind", title=_l("Kind"), at=Job.kind, choices=kinds),
        Equals(key="error", title=_l("Reason"), at=Job.error),
        Equals(key="subject", title=_l("About"), at=Job.subject),
        Days(key="finished", title=_l("Given up"), at=Job.finished_at),
    )
    searches = (Contains(Job.error), Contains(Job.subject))
    batches = (Batch("rerun", _l("Run again"), "job.rerun", "job.rerun", "job.rerun"),)

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        return query.where(Job.state == State.DEAD)

    def extras(self) -> dict[str, Any]:
        return {"causes": queries.causes(), "kinds": kinds()}
