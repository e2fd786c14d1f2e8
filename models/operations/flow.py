"""The weekly flow: planned, asked for, applied by a second person, undone. No placement moves."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Missing
from models.operations import approval
from models.operations.approval import Effect
from models.queries import flow as queries
from models.queries import policy as policies
from models.rules import flow as rules
from models.rules.approval import Line
from models.tables.approval import Approval
from models.tables.flow import FlowLine, FlowPlan
from models.tables.member import Matrix


class NoPlan(Missing):
    """No plan has this number."""


class NothingToRepair(Conflict):
    """No gap, or nobody who may stand in."""


class NotItsTurn(Conflict):
    """The plan is in another state, or was made anew since."""


def plan(*, matrix_id: int, at: datetime, by: str) -> FlowPlan:
    """Propose a stand-in for each gap of a network (rules §7.3); an open plan of the network is dropped."""
    _, policy = policies.in_force(at)
    candidates = queries.candidates(matrix_id, at)
    found = rules.pairs(queries.gaps(matrix_id), candidates)
    if not found:
        raise NothingToRepair("规则 7.3：该网络目前没有断层，或没有合格的替补人选。")
    db.session.execute(
        sa.update(FlowPlan).where(FlowPlan.matrix_id == matrix_id, FlowPlan.state == "planned").values(state="dropped")
    )
    earned = {one.member: one.earned_fen for one in candidates}
    effects = {
        pair.gap.member: queries.effect_fen(pair.gap.member, pair.stand_in.member, at=at, policy=policy)
        for pair in found
    }
    after = earned | {p.stand_in.member: p.stand_in.earned_fen + effects[p.gap.member] for p in found}
    made = FlowPlan(
        matrix_id=matrix_id, state="planned", made_at=at, made_by=by, top_before_bps=rules.top_share_bps(earned),
        top_after_bps=rules.top_share_bps(after),
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    for pair in found:
        line = FlowLine(
            plan_id=made.id, gap_id=pair.gap.member, stand_in_id=pair.stand_in.member, why=pair.gap.why,
            distance=pair.distance, sales=pair.stand_in.sales, effect_fen=effects[pair.gap.member], is_active=False,
        )  # fmt: skip
        db.session.add(line)
    db.session.flush()
    return made


def ask(*, plan_id: int, why: str, at: datetime, by: str) -> Approval:
    """Ask a second person to apply a plan as it stands."""
    _in(plan_id, "planned")
    return approval.ask(kind="flow.apply", payload={"plan_id": plan_id}, reason=why, at=at, by=by)


def apply(*, plan_id: int, at: datetime) -> FlowPlan:
    """Let the stand-ins stand in; lines of the network whose gap has healed end."""
    found = _in(plan_id, "planned")
    _end_healed(found.matrix_id)
    db.session.execute(sa.update(FlowLine).where(FlowLine.plan_id == plan_id).values(is_active=True))
    found.state, found.applied_at = "applied", at
    db.session.flush()
    return found


def undo(*, plan_id: int, at: datetime) -> FlowPlan:
    """Nobody of this plan stands in any more; what was paid meanwhile stays."""
    found = _in(plan_id, "applied")
    db.session.execute(sa.update(FlowLine).where(FlowLine.plan_id == plan_id).values(is_active=False))
    found.state, found.undone_at = "undone", at
    db.session.flush()
    return found


_HEALED = sa.text(
    """
    UPDATE flow_line l SET is_active = false FROM member m
    WHERE m.id = l.gap_id AND m.matrix_id = :matrix AND l.is_active
      AND m.standing <> 'exited' AND m.showcase <> 'closed'
    """
)


def _end_healed(matrix_id: int) -> None:
    db.session.execute(_HEALED, {"matrix": matrix_id})


def _in(plan_id: int, state: str) -> FlowPlan:
    found = db.session.get(FlowPlan, plan_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NoPlan("规则 7.3：没有这个清流计划，请刷新列表。")
    if found.state != state:
        raise NotItsTurn("规则 7.3：该计划的状态已经变化，请刷新后查看。")
    return found


def _canonical(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The plan with every pair of it, so that what the second person saw is what is applied."""
    plan_id = payload.get("plan_id")
    if not isinstance(plan_id, int):
        raise NoPlan("规则 7.3：请选择要应用的清流计划。")
    chosen = sa.select(FlowLine.gap_id, FlowLine.stand_in_id).where(FlowLine.plan_id == plan_id).order_by(FlowLine.id)
    return {"plan_id": plan_id, "pairs": [list(row) for row in db.session.execute(chosen)]}


def _approved(request: Approval, at: datetime, by: str) -> None:
    if _canonical(request.payload) != request.payload:
        raise NotItsTurn("规则 7.3：计划内容已经变化，请撤回后重新申请。")
    apply(plan_id=request.payload["plan_id"], at=at)


def _told(payload: Mapping[str, Any]) -> list[Line]:
    found = db.session.get(FlowPlan, payload["plan_id"])
    if found is None or found.state != "planned":
        raise NotItsTurn("规则 7.3：该计划的状态已经变化，请刷新后查看。")
    network = db.session.get_one(Matrix, found.matrix_id)
    pairs = [Line("Stands in", f"{row.stand_in} → {row.gap}", "code") for row in queries.lines(found.id)]
    return [
        Line("Network", network.code, "code"),
        Line("Top fifth before (bps)", found.top_before_bps, "count"),
        Line("Top fifth after (bps)", found.top_after_bps, "count"),
        *pairs,
    ]


approval.register(
    "flow.apply",
    Effect("Apply a flow plan", "7.3", "flow.approve", check=_canonical, run=_approved, tells=_told),
)
