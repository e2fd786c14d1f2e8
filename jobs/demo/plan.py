"""What a demonstration's world is made from: how many, which seed, which days; and chance that follows from them."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from models import db
from models.errors import DomainError
from models.rules import shanghai

BUILDER = "system:demo"
CHECKER = "system:demo-checker"
DAYS = 64
"""Sixty days of trade after four in which the founders join."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A world of so many members over so many days; ``ends_at`` is the moment it was asked for."""

    members: int
    seed: int
    ends_at: datetime
    days: int = DAYS

    @property
    def begins_on(self) -> date:
        return shanghai.day_of(self.ends_at) - timedelta(days=self.days)

    def lot(self, purpose: str, subject: str) -> float:
        """What falls to somebody or something once and for all, in [0, 1)."""
        return random.Random(f"{self.seed}:{purpose}:{subject}").random()


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the world: day 0 is the founding."""

    plan: Plan
    n: int

    @property
    def on(self) -> date:
        return self.plan.begins_on + timedelta(days=self.n)

    def at(self, clock: time) -> datetime:
        """An instant of this day in Shanghai."""
        return datetime.combine(self.on, clock, tzinfo=shanghai.SHANGHAI)

    def chance(self, purpose: str) -> random.Random:
        return random.Random(f"{self.plan.seed}:{purpose}:{self.n}")

    def back(self, days: float) -> datetime:
        """So many days before this day begins."""
        return self.at(time(0)) - timedelta(days=days)


def tried(step: Callable[..., Any], **values: Any) -> bool:
    """Do what the rules may refuse to this person today; whether they allowed it."""
    try:
        with db.session.begin_nested():
            step(**values)
    except DomainError:
        return False
    return True
