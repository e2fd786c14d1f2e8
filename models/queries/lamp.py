"""What each lamp stands on: the findings that stand, rule by rule, and when anybody last looked."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.rules import finding as rules
from models.rules.finding import Light
from models.rules.lint import Severity
from models.tables.finding import Finding
from models.tables.job import Job, State

LOOKS = ("lint_live", "watch_structure", "check_structure", "scan_copy")


@dataclass(frozen=True, slots=True)
class RuleLamp:
    """One rule: its light, since when, how many subjects and the worst of their evidence; quiet ones are counted."""

    rule: str
    text: str
    article: str
    light: Light
    since: datetime | None
    standing: int
    muted: int
    evidence: str
    by_design: str = ""


@dataclass(frozen=True, slots=True)
class Lamp:
    """One group of rules; as bad as the worst of them."""

    key: str
    rules: Sequence[RuleLamp]
    light: Light = field(default=Light.GREEN)
    since: datetime | None = None


_ORDER = sa.case({severity.value: place for place, severity in enumerate(Severity)}, value=Finding.severity)


def lamps() -> list[Lamp]:
    """Every lamp in its order. A muted finding keeps its lamp at amber: it is quiet, not gone."""
    chosen = sa.select(Finding).where(Finding.resolved_at.is_(None)).order_by(_ORDER, Finding.first_at)
    standing: dict[str, list[Finding]] = {}
    for one in db.session.scalars(chosen):
        standing.setdefault(one.rule, []).append(one)
    return [_lamp(key, [_rule(rule, standing.get(rule, [])) for rule in of]) for key, of in rules.GROUPS.items()]


def _lamp(key: str, of: list[RuleLamp]) -> Lamp:
    worst = max((one.light for one in of), key=list(Light).index)
    since = [one.since for one in of if one.since is not None and one.light is worst]
    return Lamp(key, of, worst, min(since, default=None))


def _rule(rule: str, found: list[Finding]) -> RuleLamp:
    article, text = rules.told(rule)
    loud = [one for one in found if one.muted_until is None]
    light = rules.light(Severity(one.severity) for one in loud)
    if light is Light.GREEN and found:
        light = Light.AMBER
    return RuleLamp(
        rule=rule, text=text, article=article, light=light, since=min((one.first_at for one in found), default=None),
        standing=len(found), muted=len(found) - len(loud), evidence=found[0].evidence if found else "",
        by_design=rules.BY_DESIGN.get(rule, ""),
    )  # fmt: skip


def looked() -> dict[str, datetime]:
    """When each look was last finished."""
    chosen = sa.select(Job.kind, sa.func.max(Job.finished_at)).where(Job.kind.in_(LOOKS), Job.state == State.DONE)
    rows = db.session.execute(chosen.group_by(Job.kind))
    return {row[0]: row[1] for row in rows if row[1] is not None}
