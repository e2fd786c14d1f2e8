"""Scoring what happened: features, rules, a kept decision, and what follows from it in the same transaction (§8.2)."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from models.base import db
from models.errors import Conflict, Missing
from models.operations import case, hold, outbox, risk_rule
from models.queries import feature as features
from models.queries import policy as policies
from models.queries import risk as queries
from models.queries.risk import Ruleset
from models.rules import risk as rules
from models.rules.case import Hit, Queue, State
from models.rules.risk import Action, Verdict
from models.rules.risk_feature import Kind
from models.tables.case import Case
from models.tables.order import Order, Share
from models.tables.payout import Withdrawal
from models.tables.risk import RiskActor, RiskBlock, RiskDecision, RiskEvent, RiskRingMember, RiskWait

BY = "system:risk"
_KEEP = (
    insert(RiskDecision)
    .on_conflict_do_nothing(index_elements=["event_id"])
    .returning(RiskDecision.id, RiskDecision.event_id, RiskDecision.action)
)
NOT_HELD = ("cancelled",)


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
    for event_id, decision_id in suspicious:
        _follow(db.session.get_one(RiskEvent, event_id), decision_id, decided[event_id], at)
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


def _follow(event: RiskEvent, decision_id: int, verdict: Verdict, at: datetime) -> None:
    """Hold the disputed shares, or block the payout; a case for a person; the rest is told."""
    subject, stake, orders = _subject(event), event.amount_fen, []
    if event.order_id is not None:
        order = db.session.get_one(Order, event.order_id, populate_existing=True)
        stake = stake_of(order)
        if verdict.action is Action.HOLD and order.state not in NOT_HELD and not order.is_fraud:
            hold.hold(number=order.number, at=at)
            orders = [order.id]
    if verdict.action is Action.BLOCK:
        _block(event, decision_id, at)
    if subject:
        _open_case(event, subject, verdict, stake_fen=stake, orders=orders, at=at)
    outbox.emit(
        "risk.suspected", subject=subject or f"{event.kind}:{event.ref}", decision_id=decision_id,
        order_id=event.order_id, score=verdict.score, stake_fen=stake,
    )  # fmt: skip


def _subject(event: RiskEvent) -> str:
    """Whom a case is about: the ring of whoever acted, else the order, the withdrawal, the member (reliability 7.7)."""
    if event.kind == Kind.PAYOUT:
        found = db.session.scalar(sa.select(Withdrawal.id).where(Withdrawal.number == event.ref))
        return f"withdrawal:{found}" if found else ""
    within = db.session.scalar(sa.select(RiskRingMember.ring_id).where(RiskRingMember.actor_id == event.actor_id))
    if within is not None:
        return f"ring:{within}"
    if event.order_id is not None:
        return f"order:{queries.number_of(event.order_id)}"
    member_id = db.session.scalar(sa.select(RiskActor.member_id).where(RiskActor.id == event.actor_id))
    return f"member:{member_id}" if member_id else ""


def _open_case(
    event: RiskEvent, subject: str, verdict: Verdict, *, stake_fen: int, orders: list[int], at: datetime
) -> None:
    """One case a subject and group: the group that said most, with everything that hit as its reasons."""
    people = [event.actor_id, event.other_id] if event.kind in (Kind.PLACE, Kind.REFUND) else [event.actor_id]
    members = db.session.scalars(
        sa.select(RiskActor.member_id).where(RiskActor.id.in_(people), RiskActor.member_id.is_not(None))
    )
    case.open_case(
        queue=Queue.PAYOUT if event.kind == Kind.PAYOUT else Queue.FIRST_REVIEW,
        subject=subject,
        group=max(verdict.by_group, key=lambda group: (verdict.by_group[group], group)),
        stake_fen=stake_fen,
        score=verdict.score,
        reasons=[_reason(event, hit) for hit in verdict.hits],
        at=at,
        by=BY,
        members=[one for one in members if one],
        orders=orders,
    )


def _reason(event: RiskEvent, hit: rules.Hit) -> Hit:
    values = {one.feature: one.value for one in hit.because} | {"event": f"{event.kind}:{event.ref}"}
    return Hit(hit.code, hit.reason, hit.version, hit.weight, values)


def stake_of(order: Order) -> int:
    """What a wrong decision about an order could cost: its members' shares, before settlement the whole commission."""
    shares = sa.select(sa.func.sum(Share.amount_fen - Share.reversed_fen))
    found = db.session.scalar(shares.where(Share.order_id == order.id, Share.member_id.is_not(None)))
    return int(found) if found is not None else order.commission_fen


def _block(event: RiskEvent, decision_id: int, at: datetime) -> None:
    found = db.session.scalar(sa.select(Withdrawal.id).where(Withdrawal.number == event.ref))
    if found is not None:
        made = insert(RiskBlock).values(withdrawal_id=found, decision_id=decision_id, at=at)
        db.session.execute(made.on_conflict_do_nothing())


def lift_cleared(*, case_id: int, at: datetime) -> bool:
    """Let a withdrawal go on whose case a person cleared; whether there was one to let go."""
    found = db.session.get_one(Case, case_id)
    kind, _, ref = found.subject.partition(":")
    if kind != "withdrawal" or found.state != State.CLEARED or not queries.is_blocked(int(ref)):
        return False
    lift(withdrawal_id=int(ref), why=found.reason, at=at, by=found.closed_by or BY)
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
