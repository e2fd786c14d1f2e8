"""清流: weekly proposals of stand-ins for broken nodes, with their effect; applied by a second person, undoable."""

from typing import Any

import sqlalchemy as sa
from flask import url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView, form_id, staff_id
from console.admin.columns import Badge, Column, Kind, Tone
from console.admin.filters import Days, OneOf
from console.admin.showcase import matrix_choices
from console.auth import permits
from models import Approval, FlowLine, FlowPlan, Matrix, db
from models.operations import flow as operations
from models.queries import flow as queries
from models.queries import policy

STATES = {
    "planned": Badge(_l("planned"), Tone.BUSY),
    "applied": Badge(_l("applied"), Tone.GOOD),
    "undone": Badge(_l("undone"), Tone.WARN),
    "dropped": Badge(_l("replaced by a newer plan")),
}
WHYS = {"exited": Badge(_l("exited"), Tone.BAD), "closed": Badge(_l("closed"), Tone.WARN)}


def _summed(value: Any) -> Any:
    return sa.select(value).where(FlowLine.plan_id == FlowPlan.id).correlate(FlowPlan).scalar_subquery()


class FlowView(ReadView):
    """清流: no placement moves; a stand-in receives what a broken node may not."""

    title = _l("Weekly flow")
    section = "tree"
    slug = "flow"
    permission = "flow.view"
    model = FlowPlan
    hint = _l("Broken nodes and who stands in for them. No placement moves.")
    empty = _l("No plan yet. One is made every Monday morning.")
    list_template = "flow/list.html"
    details_template = "flow/detail.html"
    columns = (
        Column(key="id", title=_l("Number"), at=FlowPlan.id, kind=Kind.COUNT, sort=True, link=True),
        Column(key="matrix", title=_l("Matrix"), at=Matrix.code, kind=Kind.CODE),
        Column(key="state", title=_l("State"), at=FlowPlan.state, kind=Kind.BADGE, badges=STATES),
        Column(key="pairs", title=_l("Stand-ins"), at=_summed(sa.func.count()), kind=Kind.COUNT),
        Column(
            key="effect_fen",
            title=_l("Effect, 30 days"),
            at=_summed(sa.cast(sa.func.sum(FlowLine.effect_fen), sa.BigInteger)),
            kind=Kind.MONEY,
            help=_l("What the stand-ins would have received of the last thirty days' orders; an estimate."),
        ),
        Column(
            key="top_before_bps",
            title=_l("Top fifth earns, before"),
            at=FlowPlan.top_before_bps,
            cell=lambda row: formatting.bps(row.top_before_bps),
        ),
        Column(
            key="top_after_bps",
            title=_l("Top fifth earns, after"),
            at=FlowPlan.top_after_bps,
            cell=lambda row: formatting.bps(row.top_after_bps),
        ),
        Column(key="made_at", title=_l("Made"), at=FlowPlan.made_at, kind=Kind.MOMENT),
        Column(key="applied_at", title=_l("Applied"), at=FlowPlan.applied_at, kind=Kind.MOMENT),
        Column(key="undone_at", title=_l("Undone"), at=FlowPlan.undone_at, kind=Kind.MOMENT, shown=False),
    )
    questions = (
        OneOf(
            key="state",
            title=_l("State"),
            at=FlowPlan.state,
            choices={key: badge.label for key, badge in STATES.items()},
        ),
        OneOf(key="matrix", title=_l("Matrix"), at=FlowPlan.matrix_id, choices=matrix_choices),
        Days(key="made", title=_l("Made"), at=FlowPlan.made_at),
    )

    def base(self) -> Select[Any]:
        return sa.select().select_from(FlowPlan).join(Matrix, Matrix.id == FlowPlan.matrix_id)

    def heading(self, row: Row[Any]) -> str:
        return _("Flow plan %(n)s, network %(code)s", n=row.row_id, code=row.matrix)

    def extras(self) -> dict[str, Any]:
        return {"networks": matrix_choices()}

    def around(self, row_id: int) -> dict[str, Any]:
        waiting = sa.select(Approval.id).where(
            Approval.kind == "flow.apply", Approval.state == "open", Approval.payload["plan_id"].as_integer() == row_id
        )
        return {
            "plan": self.found(row_id),
            "lines": queries.lines(row_id),
            "waiting": db.session.scalar(waiting),
            "whys": WHYS,
            "pays": policy.in_force(formatting.now())[1].flow_pays,
        }

    @expose("/", methods=["POST"])
    @permits("flow.plan")
    def plan(self) -> Response:
        """Plan a network now."""
        return self.perform(
            operations.plan,
            matrix_id=form_id("matrix"),
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            reason=self.reason("flow.plan"),
            done=_("The plan is made. Look it over, then ask for approval."),
            to=lambda made: self.address("detail", row_id=made.id),
        )

    @expose("/<int:row_id>/ask", methods=["POST"])
    @permits("flow.plan")
    def ask(self, row_id: int) -> Response:
        """Ask a second person to apply it."""
        self.found(row_id)
        reason = self.reason("flow.plan")
        return self.perform(
            operations.ask,
            plan_id=row_id,
            why=reason,
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            reason=reason,
            done=_("Asked for: a second person decides."),
            to=lambda asked: url_for("approvals.detail", row_id=asked.id),
        )

    @expose("/<int:row_id>/undo", methods=["POST"])
    @permits("flow.plan")
    def undo(self, row_id: int) -> Response:
        """Take an applied plan back."""
        self.found(row_id)
        return self.perform(
            operations.undo,
            plan_id=row_id,
            at=formatting.now(),
            reason=self.reason("flow.undo"),
            done=_("The plan is undone: nobody of it stands in any more."),
        )
