"""The clock of the business: a day, a week and a month begin in Shanghai, everything else is UTC."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")

AHEAD = timedelta(hours=8)
"""How far Shanghai is ahead of UTC: it has kept one clock without summer time since 1992."""


def day_of(at: datetime) -> date:
    """On which Shanghai day an instant falls."""
    return at.astimezone(SHANGHAI).date()


def begins(day: date) -> datetime:
    """The instant at which a Shanghai day begins."""
    return datetime.combine(day, time(), tzinfo=SHANGHAI)


def month_bounds(month: date) -> tuple[datetime, datetime]:
    """Where a month, told by any of its days, begins and ends: [first instant, first instant of the next month)."""
    first = month.replace(day=1)
    return begins(first), begins((first + timedelta(days=31)).replace(day=1))
