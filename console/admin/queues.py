"""What waits for whom: the queues of the workbench, one line each, with the clock of the oldest."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select

from console import formatting
from console.admin import approval
from console.admin.base import SecureView, Viewer
from console.admin.columns import Text
from models import Approval, Event, Job, Member, db
from models.tables.job import State

UNDELIVERED = timedelta(minutes=5)


@dataclass(frozen=True)
class Queue:
    """Rows that wait for somebody.

    ``since`` selects, for a person, the moment each row began to wait (one column); ``page`` and ``query`` are the
    list that shows those rows; a queue whose oldest row waits longer than ``late`` is shown as late.
    """

    title: Text
    permission: str
    since: Callable[[Viewer], Select[Any]]
    page: str
    query: Mapping[str, str] = field(default_factory=dict)
    late: timedelta = timedelta(hours=24)


# Each desk adds its lines, the most urgent of a desk first.
QUEUES: tuple[Queue, ...] = (
    Queue(
        _l("Waiting for my approval"),
        "approval.decide",
        lambda person: sa.select(Approval.made_at).where(*approval.waiting(person)),
        "approvals",
        {"state": "open"},
        timedelta(hours=20),
    ),
    Queue(
        _l("Candidates who lapse within 24 hours"),
        "member.qualify",
        lambda person: sa.select(Member.registered_at).where(
            Member.standing == "candidate", Member.lapse_at < formatting.now() + timedelta(hours=24)
        ),
        "admission",
        {"within": "24"},
        timedelta(days=7),
    ),
    Queue(
        _l("Dead letters"),
        "job.rerun",
        lambda person: sa.select(Job.finished_at).where(Job.state == State.DEAD),
        "jobs",
        {"state": "dead"},
        timedelta(hours=4),
    ),
    Queue(
        _l("Events nobody was told of"),
        "event.view",
        lambda person: sa.select(Event.created_at).where(
            Event.relayed_at.is_(None), Event.created_at < formatting.now() - UNDELIVERED
        ),
        "events",
        {"told": "no"},
        timedelta(minutes=30),
    ),
)


@dataclass(frozen=True)
class Waiting:
    """A queue at this moment: how many rows, since when the oldest waits."""

    title: Text
    url: str
    rows: int
    oldest: datetime | None
    age: str
    is_late: bool


def waiting(person: Viewer, pages: Mapping[str, SecureView], *, at: datetime) -> list[Waiting]:
    """The queues of this person that have rows, the latest first; empty ones stand at the end."""
    mine = [queue for queue in QUEUES if queue.permission in person.permissions and queue.page in pages]
    found = [_counted(queue, person, pages[queue.page], at) for queue in mine]
    return sorted(found, key=lambda each: (each.rows == 0, not each.is_late))


def _counted(queue: Queue, person: Viewer, page: SecureView, at: datetime) -> Waiting:
    since = queue.since(person).subquery()
    rows, oldest = db.session.execute(sa.select(sa.func.count(), sa.func.min(since.c[0]))).one()
    age = at - oldest if oldest else timedelta()
    return Waiting(
        title=queue.title,
        url=page.address("index_view", **queue.query),
        rows=rows,
        oldest=oldest,
        age=formatting.duration(age.total_seconds()) if oldest else "",
        is_late=age > queue.late,
    )
