"""结构: whether the structure that money stands on is whole (rules 8.3), when it was looked at, what stands still."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from console import formatting
from console.admin import subject
from console.admin.base import SecureView, staff_id
from console.admin.finding import STATES
from console.admin.job import STATES as JOB_STATES
from console.admin.money.switch import JOBS
from console.auth import permits
from models import Finding, Job, db
from models.operations import outbox
from models.queries import lamp as lamps
from models.queries import structure
from models.queries import switch as switches
from models.rules.switch import MoneyJob
from models.tables.job import Queue

LOOKS = {"watch_structure": _l("What is new"), "check_structure": _l("Everything")}
MARKS = {"posting": _l("Postings"), "seat": _l("Seats"), "move": _l("Moves"), "order": _l("Orders settled")}
PROMISES = {
    "S01": _l("No seat has more than three below it."),
    "S02": _l("Every seat leads up to its root, without a circle."),
    "S03": _l("Nothing is paid beyond the third level."),
    "S04": _l("The ledger sums to zero and nothing booked was changed."),
}
SHOWN = 8
MOST = 50


class StructureView(SecureView):
    """结构: the four promises, what breaks one with its repair, the looks, and the money jobs that stand still."""

    section = "risk"
    title = _l("Structure watch")
    slug = "structure"
    permission = "structure.view"

    @expose("/")
    @permits("structure.view")
    def index_view(self) -> Any:
        """The structure as the looks have found it."""
        standing = _standing()
        return self.render(
            "risk/structure.html",
            promises=[
                (rule, PROMISES[rule], [one for one in standing if one.rule == rule])
                for rule in sorted(structure.RULES)
            ],
            looked=lamps.looked(),
            looks=LOOKS,
            runs=_runs(),
            marks=MARKS,
            mark=_mark(),
            states=STATES,
            job_states=JOB_STATES,
            stopped=[JOBS[MoneyJob(one.job)][0] for one in switches.every() if one.is_off],
            link=subject.link,
        )

    @expose("/", methods=["POST"])
    @permits("structure.check")
    def check(self) -> Response:
        """Look at everything now, in the background."""
        return self.perform(_look, at=formatting.now(), done=_("The look is under way; it takes a few seconds."))


def _standing() -> list[Finding]:
    chosen = sa.select(Finding).where(Finding.rule.in_(structure.RULES), Finding.resolved_at.is_(None))
    return list(db.session.scalars(chosen.order_by(Finding.rule, Finding.id).limit(MOST)))


def _runs() -> list[Job]:
    newest = sa.select(Job).where(Job.kind == "check_structure").order_by(Job.id.desc()).limit(SHOWN)
    return list(db.session.scalars(newest))


def _mark() -> dict[str, int]:
    """Up to where everything was looked at the last time."""
    done = sa.select(Job.result).where(Job.kind == "watch_structure", Job.state == "done")
    result = db.session.scalar(done.order_by(Job.id.desc()).limit(1))
    return result.get("mark", {}) if result else {}


def _look(*, at: datetime) -> None:
    outbox.request(
        "check_structure",
        queue=Queue.MONEY,
        payload={"at": at.isoformat()},
        title="结构全量检查",
        max_attempts=3,
        by=f"staff:{staff_id()}",
        lane="check_structure",
    )
