"""Scoring what happened: features, rules, a kept decision, and what follows from it in the same transaction (§8.2)."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from models.base import db
from models.errors import Conflict, Missing
from models.operations import risk_follow, risk_rule
from models.operations.risk_follow import Suspect
from models.queries import feature as features
from models.queries import policy as policies
from models.queries import risk as queries
from models.queries.risk import Ruleset
from models.rules import risk as rules
from models.rules.case import State
from models.rules.risk import Action, Verdict
from models.tables.case import Case
from models.tables.order import Order
from models.tables.risk import RiskBlock, RiskDecision, RiskEvent, RiskWait

_KEEP = (
    insert(RiskDecision)
    .on_conflict_do_nothing(index_elements=["event_id"])
    .returning(RiskDecision.id, RiskDecision.event_id, RiskDecision.action)
)


class NoDecision(Missing):
    """No decision has this number."""


class NotBlocked(Conflict):
    """Nothing stops the withdrawal."""


def score(*, event_ids: Sequence[int], at: datetime) -> list[int]:
    """Decide about events that have no decision yet, in the order they were observed; the suspicious decisions.

    The same event again changes nothing. What an order's policy leaves unscored (`risk.enabled` off) has no decision.
    """
    asked = _enabled(event_ids)
    if not asked:
        return []
    now = risk_rule.counting(at=at)
    decided: dict[int, Verdict] = {}
    rows = []
    for seen in features.of(asked):
        verdict = rules.evaluate(now.live, seen.kind, seen.values)
        decided[seen.event_id] = verdict
        rows.append({
            "event_id": seen.event_id, "ruleset_id": now.id, "at": at, "score": verdict.score,
            "action": verdict.action.value, "hits": told(verdict), "features": seen.values,
            "shadow": _shadow(now, seen.kind, seen.values),
        })  # fmt: skip
    kept = db.session.connection().execute(_KEEP, rows).all()
    db.session.execute(sa.delete(RiskWait).where(RiskWait.event_id.in_(asked)))
    suspicious = sorted((row.event_id, row.id) for row in kept if row.action != Action.ALLOW)
    risk_follow.follow(suspects=[Suspect(one, number, decided[one]) for one, number in suspicious], at=at)
    return [decision_id for _, decision_id in suspicious]


def _enabled(event_ids: Sequence[int]) -> list[int]:
    """The events whose order's policy wants scores; what is no order goes by its own day's policy."""
    found = db.session.execute(
        sa.select(RiskEvent.id, RiskEvent.at, Order.policy_id)
        .outerjoin(Order, Order.id == RiskEvent.order_id)
        .where(RiskEvent.id.in_(event_ids))
        .order_by(RiskEvent.id)
    ).all()
    known: dict[Any, bool] = {}
    for row in found:
        key = row.policy_id or row.at
        if key not in known:
            policy = policies.of(row.policy_id) if row.policy_id else policies.in_force(row.at)[1]
            known[key] = policy.risk_enabled
    return [row.id for row in found if known[row.policy_id or row.at]]


def told(verdict: Verdict) -> list[dict[str, Any]]:
    """The hits as they are kept and shown: rule, version, group, weight, reason, and each comparison that came true."""
    return [asdict(hit) for hit in verdict.hits]


def _shadow(now: Ruleset, kind: str, values: dict[str, int]) -> list[int]:
    """The rules in shadow that would have hit; none of them counts."""
    found = set(map(id, rules.hits_of(now.shadow, kind, values)))
    return [number for number, rule in zip(now.shadow_ids, now.shadow, strict=True) if id(rule) in found]


def lift_cleared(*, case_id: int, at: datetime) -> bool:
    """Let a withdrawal go on whose case a person cleared; whether there was one to let go."""
    found = db.session.get_one(Case, case_id)
    kind, _, ref = found.subject.partition(":")
    if kind != "withdrawal" or found.state != State.CLEARED or not queries.is_blocked(int(ref)):
        return False
    lift(withdrawal_id=int(ref), why=found.reason, at=at, by=found.closed_by or risk_follow.BY)
    return True


def lift(*, withdrawal_id: int, why: str, at: datetime, by: str) -> RiskBlock:
    """A person lets a blocked withdrawal go on, with a reason."""
    block = db.session.get(RiskBlock, withdrawal_id, with_for_update=True, populate_existing=True)
    if block is None or block.lifted_at is not None:
        raise NotBlocked("规则 8.2：该提现没有被风控拦截，或已经解除，请刷新后查看。")
    block.lifted_at, block.lifted_by, block.reason = at, by, why
    db.session.flush()
    return block


def set_aside(*, event_ids: Sequence[int], why: str, at: datetime) -> None:
    """Write down that events could not be scored now: they are scored when the engine is back (reliability R10)."""
    if not event_ids:
        return
    values = [{"event_id": one, "since": at, "why": why, "tries": 1} for one in event_ids]
    made = insert(RiskWait).values(values)
    again = {"tries": RiskWait.tries + 1, "why": made.excluded.why}
    db.session.execute(made.on_conflict_do_update(index_elements=["event_id"], set_=again))
