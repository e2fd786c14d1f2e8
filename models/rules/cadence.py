"""When what is due: periods of the timetable, on the wall clock of the moment that is asked about."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Protocol

CAUGHT_UP_AT_MOST = 31


class Cadence(Protocol):
    """A rhythm: ``latest`` is the newest beginning of a period that is not after a moment."""

    def latest(self, at: datetime) -> datetime: ...


@dataclass(frozen=True)
class Every:
    """Every so many seconds, counted from the first second of 1970."""

    seconds: int

    def latest(self, at: datetime) -> datetime:
        return datetime.fromtimestamp(at.timestamp() // self.seconds * self.seconds, at.tzinfo)


@dataclass(frozen=True)
class Daily:
    """Once a day at a time of the wall clock."""

    at: time

    def latest(self, at: datetime) -> datetime:
        today = datetime.combine(at.date(), self.at, at.tzinfo)
        return today if today <= at else today - timedelta(days=1)


@dataclass(frozen=True)
class Weekly:
    """Once a week; ``weekday`` counts from 1, Monday."""

    weekday: int
    at: time

    def latest(self, at: datetime) -> datetime:
        day = at.date() - timedelta(days=(at.isoweekday() - self.weekday) % 7)
        then = datetime.combine(day, self.at, at.tzinfo)
        return then if then <= at else then - timedelta(days=7)


@dataclass(frozen=True)
class Monthly:
    """Once a month, on a day that every month has (1 to 28)."""

    day: int
    at: time

    def latest(self, at: datetime) -> datetime:
        then = datetime.combine(at.date().replace(day=self.day), self.at, at.tzinfo)
        month_before = then.replace(day=1) - timedelta(days=1)
        return then if then <= at else month_before.replace(day=self.day)


def due(cadence: Cadence, *, after: datetime | None, at: datetime, catches_up: bool) -> list[datetime]:
    """Periods begun since ``after``, oldest first: all of them when each counts, else the newest alone.

    A line that never ran is due for its newest period only; a long standstill is caught up for 31 periods at most.
    """
    newest = cadence.latest(at)
    if after is not None and newest <= after:
        return []
    periods = [newest]
    while catches_up and after is not None and len(periods) < CAUGHT_UP_AT_MOST:
        before = cadence.latest(periods[-1] - timedelta(microseconds=1))
        if before <= after:
            break
        periods.append(before)
    return periods[::-1]


def following(cadence: Cadence, *, at: datetime) -> datetime:
    """The beginning of the first period after a moment."""
    newest, step = cadence.latest(at), timedelta(seconds=1)
    while cadence.latest(at + step) <= newest:
        step *= 2
    found = cadence.latest(at + step)
    while (before := cadence.latest(found - timedelta(microseconds=1))) > newest:
        found = before
    return found
