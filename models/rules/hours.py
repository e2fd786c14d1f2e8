"""Business time: when somebody works, by weekdays, by the day's hours and by the calendar's exceptions."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from models.errors import Invalid
from models.rules import shanghai

DAY_MINUTES = 24 * 60
LONGEST_DAYS = 400
"""How far ahead a day is looked for in which somebody works."""


class NoBusinessTime(Invalid):
    """Hours in which nobody ever works."""


@dataclass(frozen=True)
class Hours:
    """When a queue is worked on: from ``opens`` to ``closes``, minutes after midnight in Shanghai.

    ``every_day`` works on weekends and holidays too; otherwise Monday to Friday, and the days of ``exceptions`` as the
    calendar says (true: worked on, such as the Saturday that makes up for a holiday; false: a holiday).
    """

    opens: int
    closes: int
    every_day: bool = False
    exceptions: Mapping[date, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 0 <= self.opens < self.closes <= DAY_MINUTES:
            raise NoBusinessTime("工作时间须在 0:00 至 24:00 之间，且开始早于结束，请修改后再保存。")

    def is_worked(self, day: date) -> bool:
        """Whether somebody works on a day."""
        return self.every_day or self.exceptions.get(day, day.weekday() < 5)

    def spans(self, at: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The spans of work that end after an instant, the first one cut at it."""
        first = shanghai.day_of(at)
        for n in range(LONGEST_DAYS):
            day = first + timedelta(days=n)
            if not self.is_worked(day):
                continue
            midnight = shanghai.begins(day)
            begins = max(at, midnight + timedelta(minutes=self.opens))
            ends = midnight + timedelta(minutes=self.closes)
            if begins < ends:
                yield begins, ends

    def after(self, at: datetime, seconds: int) -> datetime:
        """The instant by which so many seconds of work have passed since ``at``."""
        left = timedelta(seconds=seconds)
        for begins, ends in self.spans(at):
            if begins + left <= ends:
                return begins + left
            left -= ends - begins
        raise NoBusinessTime("日历里没有足够的工作时间，请检查节假日与工作时段。")

    def between(self, since: datetime, until: datetime) -> int:
        """The seconds of work between two instants; nothing where the second is not later."""
        total = timedelta()
        for begins, ends in self.spans(since):
            if begins >= until:
                break
            total += min(ends, until) - begins
        return int(total.total_seconds())
