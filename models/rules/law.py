"""The articles the rules stand on: what each demands here, where it was read and when (`laws.csv`).

`mark` says how well it is known: V the statute's own text, V2 a second-hand copy, K from knowledge, U unsure; anything
but V is shown as to be verified. Not legal advice: counsel owns the reading.
"""

import csv
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources

STALE_DAYS = 180


@dataclass(frozen=True, slots=True)
class Law:
    """One article; `rules` are the ids of the lint, `topics` the categories of complaints that it bears on."""

    ref: str
    title: str
    article: str
    demand: str
    rules: frozenset[str]
    topics: frozenset[str]
    mark: str
    source: str
    checked_on: date

    @property
    def is_certain(self) -> bool:
        return self.mark == "V"


@cache
def laws() -> tuple[Law, ...]:
    """The list in its order."""
    text = resources.files("models.rules").joinpath("laws.csv").read_text(encoding="utf-8")
    return tuple(
        Law(
            ref=row["ref"],
            title=row["title"],
            article=row["article"],
            demand=row["demand"],
            rules=frozenset(row["rules"].split()),
            topics=frozenset(row["topics"].split()),
            mark=row["mark"],
            source=row["source"],
            checked_on=date.fromisoformat(row["checked_on"]),
        )
        for row in csv.DictReader(text.splitlines())
    )


def of_rule(rule: str) -> list[Law]:
    """The articles behind a rule of the lint."""
    return [law for law in laws() if rule in law.rules]


def of_topic(topic: str) -> list[Law]:
    """The articles that bear on a category of complaints."""
    return [law for law in laws() if topic in law.topics]


def by_ref(ref: str) -> Law | None:
    return next((law for law in laws() if law.ref == ref), None)


def is_stale(checked_on: date, *, today: date) -> bool:
    """Whether the last look lies too far back to rely on."""
    return (today - checked_on).days > STALE_DAYS


def due_on(checked_on: date) -> date:
    """The last day on which the look still counts."""
    return checked_on + timedelta(days=STALE_DAYS)
