"""关联环: accounts held together by what they share, drawn with the tree and the money between them."""

from typing import Any, ClassVar

import sqlalchemy as sa
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView, Viewer, staff_id
from console.admin.columns import Column, Kind
from console.admin.filters import Days
from console.admin.risk import drawing
from console.admin.risk.words import WORDS
from console.auth import permits
from models import RiskDecision, RiskEvent, RiskRing, RiskRingMember
from models.operations import ring_case as operations
from models.queries import ring as queries

_SUSPICIOUS = (
    sa.select(sa.func.count())
    .select_from(RiskRingMember)
    .join(RiskEvent, RiskEvent.actor_id == RiskRingMember.actor_id)
    .join(RiskDecision, RiskDecision.event_id == RiskEvent.id)
    .where(RiskRingMember.ring_id == RiskRing.id, RiskDecision.action != "allow")
    .correlate(RiskRing)
    .scalar_subquery()
)
_SHARED = queries.ties_shared().scalar_subquery()


class RingView(ReadView):
    """Rings that stand; one that another took in has no size left and is not listed."""

    title = _l("Rings")
    section = "risk"
    slug = "risk-rings"
    permission = "risk_ring.view"
    model = RiskRing
    hint = _l("Accounts that share a payer, a phone, a device or a payee, along whatever chain. A family may be one.")
    empty = _l("Nobody shares anything yet.")
    details_template = "risk/ring.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=RiskRing.id, kind=Kind.COUNT, sort=True, link=True),
        Column(key="size", title=_l("Accounts"), at=RiskRing.size, kind=Kind.COUNT, sort=True),
        Column(key="suspicious", title=_l("Suspicious events"), at=_SUSPICIOUS, kind=Kind.COUNT),
        Column(key="shared", title=_l("Most people on one thing"), at=_SHARED, kind=Kind.COUNT),
        Column(key="changed_at", title=_l("Last change"), at=RiskRing.changed_at, kind=Kind.MOMENT),
        Column(key="made_at", title=_l("First seen"), at=RiskRing.made_at, kind=Kind.MOMENT),
    )
    questions = (Days(key="changed", title=_l("Last change"), at=RiskRing.changed_at),)
    order = "-size"

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        return query.where(RiskRing.size > 1)

    def heading(self, row: Row[Any]) -> str:
        return _("Ring %(n)s", n=row.row_id)

    def around(self, row_id: int) -> dict[str, Any]:
        drawn = queries.drawn(row_id)
        return {
            **WORDS,
            "ring": self.found(row_id),
            "drawn": drawn,
            "picture": drawing.picture(drawn),
            "is_common": queries.is_common,
            "names": {one.id: one.code or f"#{one.id}" for one in drawn.people},
        }

    @expose("/<int:row_id>/case", methods=["POST"])
    @permits("risk_ring.case")
    def case(self, row_id: int) -> Response:
        """Put the ring before the reviewers; its open case gets the reason where there is one."""
        self.found(row_id)
        reason = self.reason("risk_ring.case")
        return self.perform(
            operations.open_case,
            ring_id=row_id,
            why=reason,
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            reason=reason,
            done=_("The case is with the reviewers."),
        )
