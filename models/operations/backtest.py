"""Trying a rule on history: what it would have hit, by what became of it, beside the rules that count today."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Invalid
from models.operations import outbox, risk_rule
from models.queries import backtest as history
from models.queries.risk import Ruleset
from models.rules import risk as rules
from models.rules.risk import Rule
from models.tables.job import Queue
from models.tables.risk import RiskBacktest, RiskRule

SAMPLES = 10
PPM = 1_000_000
DAYS_MAX = 400


class TooShort(Invalid):
    """A back-test over too few days says nothing of the rare."""


class Worked(Conflict):
    """The back-test has its result already."""


def ask(*, rule_id: int, days: int, at: datetime, by: str) -> RiskBacktest:
    """Have a rule tried on the days before now; the work is a job's."""
    if not rules.BACKTEST_DAYS <= days <= DAYS_MAX:
        raise TooShort(f"规则 8.1：回测须覆盖 {rules.BACKTEST_DAYS} 到 {DAYS_MAX} 天，请调整天数。")
    if db.session.get(RiskRule, rule_id) is None:
        raise risk_rule.NoRule("规则 8.1：没有这条规则，请刷新列表。")
    made = RiskBacktest(rule_id=rule_id, since=at - timedelta(days=days), until=at, made_at=at, made_by=by)
    db.session.add(made)
    db.session.flush()
    outbox.request(
        "backtest_rule", queue=Queue.EXPORT, payload={"backtest_id": made.id}, subject=f"risk_rule:{rule_id}",
        title="规则回测", by=by,
    )  # fmt: skip
    return made


def measure(*, backtest_id: int, told: Callable[[int, int], None] = lambda done, total: None) -> dict[str, Any]:
    """What the rule would have done; the same history and rules give the same result, byte for byte."""
    asked = db.session.get_one(RiskBacktest, backtest_id)
    rule = db.session.get_one(RiskRule, asked.rule_id)
    draft = rules.ready(rules.parse(rule.terms), rule.version)
    kinds = sorted(draft.kinds)
    total = history.count(kinds=kinds, since=asked.since, until=asked.until)
    tally = Tally(draft, risk_rule.counting(at=asked.made_at))
    found = history.events(kinds=kinds, since=asked.since, until=asked.until)
    for n, event in enumerate(found, 1):
        tally.add(event)
        if n % history.AT_ONCE == 0:
            told(n, total)
    return {"code": rule.code, "version": rule.version, "rule": bytes(rule.digest).hex()} | tally.result()


class Tally:
    """Counts of one pass over history."""

    def __init__(self, draft: Rule, live: Ruleset) -> None:
        self.draft, self.ruleset_id = draft, live.id
        self.live = live.live
        self.others = tuple(rule for rule in live.live if rule.terms.code != draft.terms.code)
        self.events = self.hits = self.events_fen = self.held = self.held_fen = self.hit_stake_fen = 0
        self.labels: Counter[str] = Counter()
        self.label_fen: Counter[str] = Counter()
        self.overlap: Counter[str] = Counter()
        self.sellers: set[int] = set()
        self.buyers: set[int] = set()
        self.samples: list[tuple[int, int, dict[str, Any]]] = []

    def add(self, event: Any) -> None:
        """One event of history."""
        self.events += 1
        self.events_fen += event.amount_fen
        if not self.draft.test(event.features):
            return
        self.hits += 1
        self.labels[event.label] += 1
        self.label_fen[event.label] += event.amount_fen
        self.hit_stake_fen += event.stake_fen
        self.sellers.update(filter(None, [event.other_id]))
        self.buyers.update(filter(None, [event.actor_id]))
        others = rules.hits_of(self.others, event.kind, event.features)
        self.overlap.update(rule.terms.code for rule in others)
        if self._is_new(others, event):
            self.held += 1
            self.held_fen += event.amount_fen
        self._sample(event)

    def _is_new(self, others: Iterable[Rule], event: Any) -> bool:
        """Whether the draft lifts the event over the threshold that today's rules leave it below."""
        with_draft, _ = rules.total(_weights((*others, self.draft)))
        today, _ = rules.total(_weights(rules.hits_of(self.live, event.kind, event.features)))
        return with_draft >= rules.SUSPICIOUS > today

    def _sample(self, event: Any) -> None:
        sample = {
            "event_id": event.event_id, "ref": event.ref, "at": event.at.isoformat(), "label": event.label,
            "amount_fen": event.amount_fen, "reason": rules.worded(self.draft.terms.reason, event.features),
        }  # fmt: skip
        self.samples.append((-event.amount_fen, event.event_id, sample))
        if len(self.samples) > 4 * SAMPLES:
            self.samples = sorted(self.samples, key=_order)[:SAMPLES]

    def result(self) -> dict[str, Any]:
        """The figures as they are kept and digested."""
        return {
            "ruleset_id": self.ruleset_id, "events": self.events, "events_fen": self.events_fen, "hits": self.hits,
            "hit_ppm": self.hits * PPM // self.events if self.events else 0,
            "labels": {label: [self.labels[label], self.label_fen[label]] for label in sorted(self.labels)},
            "stake_fen": self.hit_stake_fen, "sellers": len(self.sellers), "buyers": len(self.buyers),
            "overlap": dict(sorted(self.overlap.items())), "held_orders": self.held, "held_fen": self.held_fen,
            "held_orders_bps": _bps(self.held, self.events), "held_fen_bps": _bps(self.held_fen, self.events_fen),
            "samples": [sample for _, _, sample in sorted(self.samples, key=_order)[:SAMPLES]],
        }  # fmt: skip


def _order(sample: tuple[int, int, dict[str, Any]]) -> tuple[int, int]:
    return sample[:2]


def _weights(found: Iterable[Rule]) -> list[tuple[str, int]]:
    return [(rule.terms.group, rule.terms.weight) for rule in found]


def _bps(part: int, whole: int) -> int:
    return part * 10_000 // whole if whole else 0


def digest(result: Mapping[str, Any]) -> bytes:
    """SHA-256 over a result: two runs over the same history agree."""
    return hashlib.sha256(json.dumps(result, sort_keys=True, ensure_ascii=False).encode()).digest()


def keep(*, backtest_id: int, result: Mapping[str, Any], at: datetime) -> RiskBacktest:
    """Write the result down, once."""
    found = db.session.get_one(RiskBacktest, backtest_id, with_for_update=True, populate_existing=True)
    if found.ended_at is not None:
        raise Worked("规则 8.1：该回测已有结果，请重新发起一次回测。")
    found.result, found.digest, found.ended_at = dict(result), digest(result), at
    db.session.flush()
    return found


def compare_ripe(*, at: datetime) -> int:
    """Write beside each rule that has been live for seven days how often it hit; how many were ripe."""
    ripe = at - timedelta(days=rules.COMPARE_DAYS)
    chosen = sa.select(RiskRule).where(
        RiskRule.state == "live", RiskRule.live_at <= ripe, RiskRule.comparison.is_(None),
        RiskRule.shadow_at.is_not(None),
    )  # fmt: skip
    found = db.session.scalars(chosen.order_by(RiskRule.id)).all()
    for rule in found:
        rule.comparison = _comparison(rule)
        outbox.emit("risk.compared", subject=f"risk_rule:{rule.id}", rule_id=rule.id, **rule.comparison)
    db.session.flush()
    return len(found)


def _comparison(rule: RiskRule) -> dict[str, Any]:
    since = rule.live_at or rule.made_at
    events, hits = history.lived(
        code=rule.code, version=rule.version, kinds=rule.terms["on"], since=since,
        until=since + timedelta(days=rules.COMPARE_DAYS),
    )  # fmt: skip
    chosen = sa.select(RiskBacktest).where(RiskBacktest.rule_id == rule.id, RiskBacktest.ended_at.is_not(None))
    tried = db.session.scalars(chosen.order_by(RiskBacktest.id.desc()).limit(1)).one_or_none()
    expected = (tried.result or {}).get("hit_ppm") if tried else None
    rate = hits * PPM // events if events else 0
    return {
        "events": events,
        "hits": hits,
        "hit_ppm": rate,
        "expected_ppm": expected,
        "is_outside": outside(rate, expected),
    }


def outside(rate: int, expected: int | None) -> bool:
    """Whether a rule hits ``BAND`` times more or less often than its back-test said; without one, never."""
    return expected is not None and (rate > rules.BAND * expected or rules.BAND * rate < expected)
