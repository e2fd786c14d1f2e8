"""What follows from suspicious decisions, in their transaction: shares held, payouts blocked, cases opened (§8.2).

All of a batch is read together and written together: fraud comes in bursts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from models.base import db
from models.operations import docket, outbox
from models.rules import risk as rules
from models.rules.case import Hit, Question, Queue
from models.rules.risk import Action, Verdict
from models.rules.risk_feature import Kind
from models.tables.order import Order, Share
from models.tables.payout import Withdrawal
from models.tables.risk import RiskActor, RiskBlock, RiskEvent, RiskRingMember

BY = "system:risk"
NOT_HELD = ("cancelled",)
_TRADE = (Kind.PLACE, Kind.REFUND)


@dataclass(frozen=True, slots=True)
class Suspect:
    """An event, the decision kept about it, and what the rules said."""

    event_id: int
    decision_id: int
    verdict: Verdict


@dataclass(frozen=True)
class _Known:
    """What a batch's events, orders, people and withdrawals are, each read once."""

    events: Mapping[int, Any]
    orders: Mapping[int, Any]
    stakes: Mapping[int, int]
    rings: Mapping[int, int]
    members: Mapping[int, int]
    withdrawals: Mapping[str, int]

    def subject(self, event: Any) -> str:
        """Whom a case is about: the ring of whoever acted, else order, withdrawal or member (reliability 7.7)."""
        if event.kind == Kind.PAYOUT:
            found = self.withdrawals.get(event.ref)
            return f"withdrawal:{found}" if found else ""
        if event.actor_id in self.rings:
            return f"ring:{self.rings[event.actor_id]}"
        if event.order_id is not None:
            return f"order:{self.orders[event.order_id].number}"
        member_id = self.members.get(event.actor_id)
        return f"member:{member_id}" if member_id else ""

    def people(self, event: Any) -> tuple[int, ...]:
        """The members who took part."""
        actors = (event.actor_id, event.other_id) if event.kind in _TRADE else (event.actor_id,)
        return tuple(self.members[one] for one in actors if one in self.members)

    def stake_fen(self, event: Any) -> int:
        """What a wrong decision could cost: of an order its members' shares, before settlement the whole commission."""
        if event.order_id is None:
            return int(event.amount_fen)
        return self.stakes.get(event.order_id, int(self.orders[event.order_id].commission_fen))

    def held(self, event: Any, action: Action) -> tuple[int, ...]:
        """The order whose money is held, if it is."""
        if action is not Action.HOLD or event.order_id is None:
            return ()
        order = self.orders[event.order_id]
        return () if order.state in NOT_HELD or order.is_fraud else (order.id,)


def follow(*, suspects: Sequence[Suspect], at: datetime) -> None:
    """Hold the disputed shares, or block the payouts; a case for a person; the rest is told."""
    if not suspects:
        return
    known = _known([one.event_id for one in suspects])
    _block(known, suspects, at)
    asked = [_question(known, one) for one in suspects]
    docket.open_many(asked=[one for one in asked if one is not None], at=at, by=BY)
    outbox.emit_many([_told(known, one) for one in suspects])


def _known(event_ids: Sequence[int]) -> _Known:
    seen = sa.select(
        RiskEvent.id, RiskEvent.kind, RiskEvent.ref, RiskEvent.actor_id, RiskEvent.other_id, RiskEvent.order_id,
        RiskEvent.amount_fen,
    )  # fmt: skip
    events = _by(seen.where(RiskEvent.id.in_(event_ids)))
    order_ids = {row.order_id for row in events.values()} - {None}
    actors = {one for row in events.values() for one in (row.actor_id, row.other_id)} - {None}
    refs = [row.ref for row in events.values() if row.kind == Kind.PAYOUT]
    owned = sa.select(Share.order_id.label("id"), sa.func.sum(Share.amount_fen - Share.reversed_fen).label("fen"))
    owned = owned.where(Share.order_id.in_(order_ids), Share.member_id.is_not(None)).group_by(Share.order_id)
    orders = sa.select(Order.id, Order.number, Order.state, Order.is_fraud, Order.commission_fen)
    rings = sa.select(RiskRingMember.actor_id.label("id"), RiskRingMember.ring_id)
    members = sa.select(RiskActor.id, RiskActor.member_id).where(RiskActor.member_id.is_not(None))
    paid = sa.select(Withdrawal.number.label("id"), Withdrawal.id.label("row_id"))
    return _Known(
        events=events,
        orders=_by(orders.where(Order.id.in_(order_ids))) if order_ids else {},
        stakes={key: int(row.fen) for key, row in (_by(owned) if order_ids else {}).items()},
        rings={key: row.ring_id for key, row in _by(rings.where(RiskRingMember.actor_id.in_(actors))).items()},
        members={key: row.member_id for key, row in _by(members.where(RiskActor.id.in_(actors))).items()},
        withdrawals={key: row.row_id for key, row in _by(paid.where(Withdrawal.number.in_(refs))).items()}
        if refs else {},
    )  # fmt: skip


def _by(chosen: Any) -> dict[Any, Any]:
    return {row.id: row for row in db.session.execute(chosen)}


def _question(known: _Known, one: Suspect) -> Question | None:
    """One case a subject and group: the group that said most, with everything that hit as its reasons."""
    event, verdict = known.events[one.event_id], one.verdict
    subject = known.subject(event)
    if not subject:
        return None
    return Question(
        queue=Queue.PAYOUT if event.kind == Kind.PAYOUT else Queue.FIRST_REVIEW,
        subject=subject,
        group=max(verdict.by_group, key=lambda group: (verdict.by_group[group], group)),
        stake_fen=known.stake_fen(event),
        score=verdict.score,
        hits=tuple(_reason(event, hit) for hit in verdict.hits),
        member_ids=known.people(event),
        order_ids=known.held(event, verdict.action),
    )


def _reason(event: Any, hit: rules.Hit) -> Hit:
    values = {one.feature: one.value for one in hit.because} | {"event": f"{event.kind}:{event.ref}"}
    return Hit(hit.code, hit.reason, hit.version, hit.weight, values)


def _told(known: _Known, one: Suspect) -> outbox.Fact:
    event = known.events[one.event_id]
    payload = {"decision_id": one.decision_id, "order_id": event.order_id, "score": one.verdict.score,
               "stake_fen": known.stake_fen(event)}  # fmt: skip
    return outbox.Fact("risk.suspected", known.subject(event) or f"{event.kind}:{event.ref}", payload)


def _block(known: _Known, suspects: Sequence[Suspect], at: datetime) -> None:
    """Withdrawals that the rules stop."""
    rows = [
        {"withdrawal_id": known.withdrawals[event.ref], "decision_id": one.decision_id, "at": at}
        for one in suspects for event in [known.events[one.event_id]]
        if one.verdict.action is Action.BLOCK and event.ref in known.withdrawals
    ]  # fmt: skip
    if rows:
        db.session.execute(insert(RiskBlock).on_conflict_do_nothing(), rows)
