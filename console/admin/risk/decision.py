"""风控判定: what the rules said of each event, with the values they saw, recomputed before the reader's eyes."""

from typing import Any, ClassVar

import sqlalchemy as sa
from flask import url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import ReadView, staff_id
from console.admin.columns import Column, Kind, member_link, order_link
from console.admin.filters import Days, Equals, OneOf
from console.admin.risk.words import ACTIONS, EVENTS, SIGNALS, WORDS
from console.auth import allowed, permits
from models import Member, Order, RiskActor, RiskBlock, RiskDecision, RiskEvent, RiskRingMember, db
from models.operations import risk as operations
from models.queries import risk as queries
from models.rules import risk as rules
from models.rules.risk_feature import FEATURES


def _score(row: Row[Any]) -> Markup:
    tone = "bad" if row.score >= rules.SUSPICIOUS else "warn" if row.score >= rules.SUSPICIOUS // 2 else "plain"
    return Markup('<span class="badge {} num">{}</span>').format(tone, row.score)


def _why(row: Row[Any]) -> str:
    return "；".join(hit["reason"] for hit in row.hits) or "–"


class DecisionView(ReadView):
    """Decisions, the newest first; merchants and operators do not see scores."""

    title = _l("Risk decisions")
    section = "risk"
    slug = "risk-decisions"
    permission = "risk_decision.view"
    model = RiskDecision
    hint = _l("Why something was held: each rule that hit, the value it saw, its threshold and weight.")
    empty = _l("Nothing was decided yet.")
    details_template = "risk/decision.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=RiskDecision.id, kind=Kind.COUNT, sort=True, link=True),
        Column(key="kind", title=_l("Event"), at=RiskEvent.kind, kind=Kind.BADGE, badges=EVENTS),
        Column(key="number", title=_l("Order"), at=Order.number, kind=Kind.CODE, cell=order_link),
        Column(key="member", title=_l("Member"), at=Member.code, kind=Kind.CODE, cell=member_link("member")),
        Column(key="score", title=_l("Score"), at=RiskDecision.score, kind=Kind.COUNT, cell=_score),
        Column(key="action", title=_l("What follows"), at=RiskDecision.action, kind=Kind.BADGE, badges=ACTIONS),
        Column(key="hits", title=_l("Why"), at=RiskDecision.hits, cell=_why),
        Column(key="amount", title=_l("Amount"), at=RiskEvent.amount_fen, kind=Kind.MONEY),
        Column(key="happened", title=_l("Happened"), at=RiskEvent.at, kind=Kind.MOMENT),
        Column(key="at", title=_l("Judged at"), at=RiskDecision.at, kind=Kind.MOMENT, shown=False),
        Column(key="ruleset", title=_l("Rule set"), at=RiskDecision.ruleset_id, kind=Kind.COUNT, shown=False),
        Column(key="ref", title=_l("Reference"), at=RiskEvent.ref, kind=Kind.CODE, shown=False),
        Column(key="actor", title=_l("Account"), at=RiskEvent.actor_id, kind=Kind.COUNT, shown=False),
    )
    questions = (
        OneOf(
            key="action",
            title=_l("What follows"),
            at=RiskDecision.action,
            choices={key: badge.label for key, badge in ACTIONS.items()},
        ),
        OneOf(
            key="kind",
            title=_l("Event"),
            at=RiskEvent.kind,
            choices={key: badge.label for key, badge in EVENTS.items()},
        ),
        Equals(key="ref", title=_l("Reference"), at=RiskEvent.ref),
        Equals(key="order", title=_l("Order number"), at=Order.number),
        Equals(key="actor", title=_l("Account"), at=RiskEvent.actor_id),
        Days(key="decided", title=_l("Judged at"), at=RiskDecision.at),
    )

    def base(self) -> Select[Any]:
        return (
            sa.select()
            .select_from(RiskDecision)
            .join(RiskEvent, RiskEvent.id == RiskDecision.event_id)
            .outerjoin(Order, Order.id == RiskEvent.order_id)
            .outerjoin(RiskActor, RiskActor.id == RiskEvent.actor_id)
            .outerjoin(Member, Member.id == RiskActor.member_id)
        )

    def heading(self, row: Row[Any]) -> str:
        return f"{EVENTS[row.kind].label} {row.ref}"

    def around(self, row_id: int) -> dict[str, Any]:
        decision = self.found(row_id)
        event = db.session.get_one(RiskEvent, decision.event_id)
        again = queries.recomputed(decision, event.kind)
        ring = db.session.scalar(
            sa.select(RiskRingMember.ring_id).where(RiskRingMember.actor_id == (event.actor_id or 0))
        )
        return {
            **WORDS,
            "decision": decision,
            "event": event,
            "is_same": (again.score, again.action) == (decision.score, decision.action),
            "by_group": again.by_group,
            "caps": rules.GROUPS,
            "threshold": rules.SUSPICIOUS,
            "features": [one for one in FEATURES.values() if one.name in decision.features],
            "carried": [(kind, bytes(value).hex()) for kind in SIGNALS if (value := getattr(event, kind))],
            "ring": ring,
            "block": _block(decision.id),
        }

    @expose("/<int:row_id>/lift", methods=["POST"])
    @permits("risk_block.lift")
    def lift(self, row_id: int) -> Response:
        """Let the withdrawal that this decision blocked go on."""
        self.found(row_id)
        block = _block(row_id)
        reason = self.reason("risk_block.lift")
        return self.perform(
            operations.lift,
            withdrawal_id=block.withdrawal_id if block else 0,
            why=reason,
            at=formatting.now(),
            by=f"staff:{staff_id()}",
            reason=reason,
            done=_("The withdrawal may go on."),
        )


def _block(decision_id: int) -> RiskBlock | None:
    chosen = sa.select(RiskBlock).where(RiskBlock.decision_id == decision_id)
    return db.session.scalars(chosen).one_or_none()


def decision_url(order_id: int) -> str:
    """The address of an order's newest decision, for pages that name it; nothing for those who may not see it."""
    found = queries.of_order(order_id) if allowed("risk_decision.view") else ()
    return url_for("risk_decisions.detail", row_id=found[0][0].id) if found else ""
