"""完整性检查: whether the tree is whole, and its vacancies computed afresh in two steps."""

from typing import Any

import sqlalchemy as sa
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import SecureView, staff_id
from console.admin.job import STATES
from console.auth import permits
from models import Job, db
from models.operations import tree_check as operations

SHOWN = 10


class TreeCheckView(SecureView):
    """完整性检查: a check runs as a job; its findings stay on this page."""

    title = _l("Integrity check")
    section = "tree"
    slug = "tree-checks"
    permission = "tree.check"

    def _render(self, *, is_repair: bool) -> Any:
        newest = sa.select(Job).where(Job.kind == operations.KIND).order_by(Job.id.desc()).limit(SHOWN)
        runs = db.session.scalars(newest).all()
        done = next((run for run in runs if run.result is not None), None)
        return self.render("tree/check.html", runs=runs, done=done, states=STATES, is_repair=is_repair)

    @expose("/")
    @permits("tree.check")
    def index_view(self) -> Any:
        """The newest checks and what the last finished one found."""
        return self._render(is_repair=False)

    @expose("/", methods=["POST"])
    @permits("tree.check")
    def start(self) -> Response:
        """Begin a check."""
        return self.perform(operations.ask, by=f"staff:{staff_id()}", done=_("The check is under way."))

    @expose("/repair")
    @permits("tree.check")
    def confirm(self) -> Any:
        """The second step before a repair: what it does and why it is done."""
        return self._render(is_repair=True)

    @expose("/repair", methods=["POST"])
    @permits("tree.check")
    def repair(self) -> Response:
        """Compute the vacancies afresh."""
        return self.perform(
            operations.repair,
            at=formatting.now(),
            reason=self.reason("tree.repair"),
            done=_("The vacancies are computed afresh. Check again."),
            to=self.address(),
        )
