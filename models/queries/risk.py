"""Which rules count now, and what is known of an event, an order, a rule."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.rules import risk as rules
from models.tables.risk import RiskBlock, RiskDecision, RiskEvent, RiskRule, RiskRuleset, RiskWait


@dataclass(frozen=True)
class Ruleset:
    """A set of rules, ready to be asked. ``ids`` gives each rule's row by its place."""

    id: int
    live: tuple[rules.Rule, ...]
    shadow: tuple[rules.Rule, ...]
    shadow_ids: tuple[int, ...]


def newest() -> RiskRuleset | None:
    """The set that counts now."""
    return db.session.scalars(sa.select(RiskRuleset).order_by(RiskRuleset.id.desc()).limit(1)).one_or_none()


def ruleset(one: RiskRuleset) -> Ruleset:
    """The rules of a set, compiled; versions never change what they say, so each is compiled once a process."""
    terms = terms_of((*one.live, *one.shadow))
    live, shadow = ([_ready(*terms[number]) for number in numbers] for numbers in (one.live, one.shadow))
    return Ruleset(one.id, tuple(live), tuple(shadow), tuple(one.shadow))


def ruleset_of(ruleset_id: int) -> Ruleset:
    """The rules that a kept decision was made by."""
    return ruleset(db.session.get_one(RiskRuleset, ruleset_id))


def terms_of(numbers: Sequence[int]) -> dict[int, tuple[bytes, int, str]]:
    """(digest, version, terms as text) of rules by number."""
    chosen = sa.select(RiskRule.id, RiskRule.digest, RiskRule.version, sa.cast(RiskRule.terms, sa.Text).label("terms"))
    found = db.session.execute(chosen.where(RiskRule.id.in_(numbers)))
    return {row.id: (bytes(row.digest), row.version, row.terms) for row in found}


@lru_cache(maxsize=512)
def _ready(digest: bytes, version: int, terms: str) -> rules.Rule:
    return rules.ready(rules.Terms.model_validate_json(terms), version)


def recomputed(decision: RiskDecision, kind: str) -> rules.Verdict:
    """What the rules of then say today of the values of then: the decision again (reliability R8)."""
    return rules.evaluate(ruleset_of(decision.ruleset_id).live, kind, decision.features)


def waiting(*, limit: int) -> list[int]:
    """The oldest events that wait for the engine."""
    return list(db.session.scalars(sa.select(RiskWait.event_id).order_by(RiskWait.event_id).limit(limit)))


def events_of_orders(order_ids: Sequence[int]) -> list[int]:
    """The placing of these orders, as events without a decision."""
    chosen = (
        sa.select(RiskEvent.id)
        .outerjoin(RiskDecision, RiskDecision.event_id == RiskEvent.id)
        .where(RiskEvent.order_id.in_(order_ids), RiskEvent.kind == "place", RiskDecision.id.is_(None))
    )
    return list(db.session.scalars(chosen.order_by(RiskEvent.id)))


def of_order(order_id: int) -> Sequence[Any]:
    """(decision, event) of an order, the newest first."""
    chosen = sa.select(RiskDecision, RiskEvent).join(RiskEvent, RiskEvent.id == RiskDecision.event_id)
    chosen = chosen.where(RiskEvent.order_id == order_id, RiskEvent.kind.in_(("place", "refund")))
    return db.session.execute(chosen.order_by(RiskDecision.id.desc())).all()


def is_blocked(withdrawal_id: int) -> bool:
    """Whether the rules stopped a withdrawal and nobody has lifted that."""
    there = sa.select(sa.exists().where(RiskBlock.withdrawal_id == withdrawal_id, RiskBlock.lifted_at.is_(None)))
    return bool(db.session.scalar(there))
