"""Findings: recorded by the watch, taken, muted with an end, resolved when they are no longer seen."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.errors import Missing
from models.operations import outbox
from models.queries import alert
from models.rules import finding as rules
from models.rules.finding import Hit, State
from models.rules.lint import Severity
from models.tables.finding import Finding

GONE = "不再出现"


class NoFinding(Missing):
    """No finding has this number."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """What a look has changed."""

    opened: int
    resolved: int
    standing: int


def record(*, hits: Iterable[Hit], covered: Collection[str], at: datetime) -> Recorded:
    """Keep what is seen now; of the rules that the look covered, what is not seen any more is resolved.

    Something seen again keeps its first moment, its owner and its mute; a mute that has run out opens again.
    """
    standing, seen = _standing(covered), _once(hits)
    opened = sum([_seen(standing.get(key), hit, at) for key, hit in seen.items()])
    over = [one for key, one in standing.items() if key not in seen]
    for one in over:
        one.state, one.resolved_at, one.muted_until, one.reason = State.RESOLVED, at, None, one.reason or GONE
        outbox.emit("finding.resolved", subject=f"finding:{one.id}", finding_id=one.id)
    db.session.flush()
    return Recorded(opened=opened, resolved=len(over), standing=len(seen))


def add(*, hits: Iterable[Hit], at: datetime) -> Recorded:
    """Keep what a partial look saw; it resolves nothing."""
    seen = _once(hits)
    standing = _standing({rule for rule, _ in seen})
    opened = sum([_seen(standing.get(key), hit, at) for key, hit in seen.items()])
    db.session.flush()
    return Recorded(opened=opened, resolved=0, standing=len(seen))


def _standing(rules_of: Collection[str]) -> dict[tuple[str, str], Finding]:
    chosen = sa.select(Finding).where(Finding.resolved_at.is_(None), Finding.rule.in_(rules_of))
    return {(one.rule, one.subject): one for one in db.session.scalars(chosen.with_for_update())}


def _once(hits: Iterable[Hit]) -> dict[tuple[str, str], Hit]:
    """The first hit of each rule and subject."""
    seen: dict[tuple[str, str], Hit] = {}
    for hit in hits:
        seen.setdefault((hit.rule, hit.subject), hit)
    return seen


def _seen(found: Finding | None, hit: Hit, at: datetime) -> bool:
    """Whether it is new."""
    if found is None:
        _open(hit, at)
        return True
    found.last_at = max(found.last_at, at)
    if (found.severity, found.evidence) != (hit.severity, hit.evidence):
        found.severity, found.evidence, found.mend = hit.severity, hit.evidence, hit.mend
    if found.muted_until is not None and found.muted_until <= at:
        found.state, found.muted_until = State.OPEN, None
        found.due_at = rules.due(hit.severity, at=at)
    return False


def _open(hit: Hit, at: datetime) -> None:
    article, text = rules.told(hit.rule)
    made = Finding(
        rule=hit.rule, severity=hit.severity, article=article, subject=hit.subject, text=text, evidence=hit.evidence,
        mend=hit.mend, state=State.OPEN, first_at=at, last_at=at, due_at=rules.due(hit.severity, at=at),
        owner_id=alert.owner(hit.rule),
    )  # fmt: skip
    db.session.add(made)
    db.session.flush()
    outbox.emit("finding.opened", subject=f"finding:{made.id}", finding_id=made.id, severity=str(hit.severity))


def acknowledge(*, finding_id: int, words: str, staff_id: int) -> Finding:
    """Take it: from here it has an owner and a due clock that is theirs."""
    found = _locked(finding_id)
    found.state, found.owner_id, found.reason = State.ACKNOWLEDGED, staff_id, rules.check_reason(words)
    found.muted_until = None
    db.session.flush()
    return found


def mute(*, finding_id: int, words: str, until: datetime, at: datetime, staff_id: int) -> Finding:
    """Keep it quiet until a day, with a reason; it opens again by itself when it still stands then."""
    found = _locked(finding_id)
    rules.check_muted(until, at=at)
    found.state, found.muted_until, found.reason = State.MUTED, until, rules.check_reason(words)
    found.owner_id = staff_id
    db.session.flush()
    return found


def reopen(*, finding_id: int, at: datetime) -> Finding:
    """End a mute or give it back: it is open and its clock runs anew."""
    found = _locked(finding_id)
    found.state, found.muted_until = State.OPEN, None
    found.due_at = rules.due(Severity(found.severity), at=at)
    db.session.flush()
    return found


def _locked(finding_id: int) -> Finding:
    found = db.session.get(Finding, finding_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NoFinding("没有这条发现，请刷新列表。")
    rules.check_standing(State(found.state))
    return found
