"""到期受阻: what was due and could not happen, why, and when it is tried again."""

from typing import Any

from flask_babel import lazy_gettext as _l

from console.admin.base import ReadView
from console.admin.columns import Badge, Column, Kind
from models import SetAside

KINDS: dict[Any, Badge] = {
    0: Badge(_l("Candidate lapses")),
    1: Badge(_l("Receipt confirms itself")),
    2: Badge(_l("Shares become available")),
    3: Badge(_l("Cycle ends")),
}


class SetAsideView(ReadView):
    """What is set aside; a row goes when the thing has happened."""

    title = _l("Due but blocked")
    section = "system"
    slug = "due-blocked"
    permission = "job.view"
    model = SetAside
    hint = _l("What was due and failed waits here and is tried again; everything behind it goes on.")
    empty = _l("Nothing is blocked.")
    has_detail = False
    columns = (
        Column(key="id", title=_l("Number"), at=SetAside.id, kind=Kind.COUNT, sort=True),
        Column(key="kind", title=_l("What"), at=SetAside.kind, kind=Kind.BADGE, badges=KINDS),
        Column(key="subject", title=_l("Row"), at=SetAside.subject, kind=Kind.COUNT),
        Column(key="due_at", title=_l("Due"), at=SetAside.due_at, kind=Kind.MOMENT),
        Column(key="error", title=_l("Why not"), at=SetAside.error),
        Column(key="failures", title=_l("Tries"), at=SetAside.failures, kind=Kind.COUNT),
        Column(key="try_at", title=_l("Next try"), at=SetAside.try_at, kind=Kind.MOMENT),
    )
