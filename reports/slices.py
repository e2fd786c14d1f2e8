"""Which sales a board looks at: whose rows, which days, which part of the country and of the catalogue."""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

GRAIN_DAYS_MAX = {"day": 62, "week": 210}


class Grain(StrEnum):
    """How wide one bucket of a curve is; weeks begin on Monday."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class Preset(StrEnum):
    """Periods with a name; ``SPAN`` is the whole stretch of days that have paid orders."""

    TODAY = "today"
    WEEK = "7d"
    DAYS_30 = "30d"
    THIS_MONTH = "month"
    LAST_MONTH = "last-month"
    QUARTER = "quarter"
    YEAR = "year"
    SPAN = "span"
    CUSTOM = "custom"


class Source(StrEnum):
    """Whose orders a board counts: those of the platform's own showcases, or rows of imported files."""

    OWN = "own"
    IMPORT = "import"


@dataclass(frozen=True)
class Scope:
    """Whose rows may be read: one merchant's, or everybody's without one."""

    merchant_id: int | None = None


@dataclass(frozen=True)
class Period:
    """Days of Asia/Shanghai, both ends included."""

    start: date
    end: date

    @property
    def days(self) -> int:
        return (self.end - self.start).days + 1

    def before(self) -> "Period":
        """The stretch of the same length that ends the day before this one begins."""
        return Period(self.start - timedelta(days=self.days), self.start - timedelta(days=1))

    def grain(self) -> Grain:
        """The bucket that gives a readable number of points."""
        if self.days <= GRAIN_DAYS_MAX["day"]:
            return Grain.DAY
        return Grain.WEEK if self.days <= GRAIN_DAYS_MAX["week"] else Grain.MONTH


@dataclass(frozen=True)
class Slice:
    """The rows of a board. A filter that is None lets everything through; `-` asks for rows without that value.

    The last four are of own orders alone: the seller's depth below its root, the seller's rank as it stands, the
    order's scene, the seller's matrix.
    """

    period: Period
    scope: Scope = Scope()
    source: Source = Source.IMPORT
    sales_region: str | None = None
    province: str | None = None
    city: str | None = None
    category_group: str | None = None
    category: str | None = None
    shop: int | None = None
    level: int | None = None
    rank: str | None = None
    scene: str | None = None
    network: int | None = None

    def before(self) -> "Slice":
        """The same filters over the period before."""
        return replace(self, period=self.period.before())


ABSENT = "-"


def resolve(preset: Preset, *, today: date, span: Period | None, custom: Period | None = None) -> Period:
    """The days a named period means today; without any data the span is the last thirty days."""
    thirty = Period(today - timedelta(days=29), today)
    month = today.replace(day=1)
    last_month_end = month - timedelta(days=1)
    quarter = date(today.year, (today.month - 1) // 3 * 3 + 1, 1)
    periods = {
        Preset.TODAY: Period(today, today),
        Preset.WEEK: Period(today - timedelta(days=6), today),
        Preset.DAYS_30: thirty,
        Preset.THIS_MONTH: Period(month, today),
        Preset.LAST_MONTH: Period(last_month_end.replace(day=1), last_month_end),
        Preset.QUARTER: Period(quarter, today),
        Preset.YEAR: Period(date(today.year, 1, 1), today),
        Preset.SPAN: span or thirty,
        Preset.CUSTOM: custom or thirty,
    }
    return periods[preset]


def natural(*, today: date, span: Period | None) -> Preset:
    """The period to open with: thirty days, or the stretch of the data where that is older."""
    if span is not None and span.end < today - timedelta(days=29):
        return Preset.SPAN
    return Preset.DAYS_30


def buckets(period: Period, grain: Grain) -> list[date]:
    """The first day of every bucket that touches the period."""
    step = opening(period.start, grain)
    found = []
    while step <= period.end:
        found.append(step)
        step = closing(step, grain) + timedelta(days=1)
    return found


def opening(day: date, grain: Grain) -> date:
    """The first day of the bucket a day falls into."""
    if grain is Grain.MONTH:
        return day.replace(day=1)
    return day - timedelta(days=day.weekday()) if grain is Grain.WEEK else day


def closing(day: date, grain: Grain) -> date:
    """The last day of the bucket a day falls into."""
    first = opening(day, grain)
    if grain is Grain.MONTH:
        return (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return first + timedelta(days=6) if grain is Grain.WEEK else first


def bounds(bucket: date, grain: Grain, period: Period) -> Period:
    """The days of one bucket that lie inside the period."""
    return Period(max(bucket, period.start), min(closing(bucket, grain), period.end))
