"""留存与删除: what is kept how long and why, and what the nights have erased."""

from typing import Any

import sqlalchemy as sa
from flask_admin import expose
from flask_babel import lazy_gettext as _l

from console.admin.base import SecureView
from console.admin.columns import Badge, Tone
from console.auth import permits
from models import Job, db
from models.queries import handout as queries
from models.rules import retention as rules
from models.rules.retention import End
from models.tables.job import State

ENDS = {
    End.ERASED: Badge(_l("erased"), Tone.BUSY),
    End.FILE_GONE: Badge(_l("file removed"), Tone.BUSY),
    End.KEPT: Badge(_l("kept by law"), Tone.GOOD),
}


class RetentionView(SecureView):
    """留存与删除: one line a kind of data."""

    section = "compliance"
    title = _l("Retention")
    slug = "retention"
    permission = "retention.view"

    @expose("/")
    @permits("retention.view")
    def index_view(self) -> Any:
        """The inventory, with what was last erased and when the night last ran."""
        ran = sa.select(sa.func.max(Job.finished_at)).where(Job.kind == rules.NIGHTLY, Job.state == State.DONE)
        return self.render(
            "handout/retention.html",
            keeps=rules.KEEPS,
            ends=ENDS,
            last=queries.erased(),
            totals=queries.erased_in_all(),
            ran=db.session.scalar(ran),
        )
