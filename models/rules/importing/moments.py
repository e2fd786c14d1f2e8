"""Dates and times of order files. Days are Shanghai's; instants are kept in UTC."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from models.rules import shanghai
from models.rules.importing import text
from models.rules.importing.layout import Cell, DateOrder
from models.rules.importing.values import NOTHING, Read, formula, refused, repaired

EARLIEST = date(2000, 1, 1)
SERIAL_ZERO = date(1899, 12, 30)

_CACHE_MAX = 50_000
_REMEMBERED_LENGTH_MAX = 32
_YEAR_FIRST = re.compile(r"([0-9]{4})([-/.#])([0-9]{1,2})\2([0-9]{1,2})")
_HAN = re.compile(r"([0-9]{4})年([0-9]{1,2})月([0-9]{1,2})[日号]")
_COMPACT = re.compile(r"(20[0-9]{2})([0-9]{2})([0-9]{2})")
_YEAR_LAST = re.compile(r"([0-9]{1,2})([-/.])([0-9]{1,2})\2([0-9]{4})")
_SERIAL = re.compile(r"([0-9]{5})(\.[0-9]+)?")
_CLOCK = re.compile(r"([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.[0-9]{1,9})?)?")
_DAY_TEXT = re.compile(r"([0-9]+(?:年[0-9]+月[0-9]+[日号]|(?:[-/.#][0-9]+){2})?)[T\s]*(.*)", re.DOTALL)
_AROUND_UNITS = re.compile(r"\s*([年月日号])\s*")
_UNREADABLE = "看不出是哪一天，请写成 2019-03-28 这样的日期"
_CLOCK_UNREADABLE = "看不出是几点几分，请写成 2019-03-28 13:05:00 这样的时间"


class Moment(NamedTuple):
    """An instant in UTC and the Shanghai day it falls on."""

    at: datetime
    on: date


class Moments:
    """Reads the cells of one time column; remembers the days and clock times it has seen."""

    def __init__(self, *, today: date, order: DateOrder = DateOrder.UNKNOWN) -> None:
        self._today = today
        self._order = order
        self._days: dict[str, Read] = {}
        self._held_days: dict[date, Read] = {}
        self._clocks: dict[str, timedelta | None] = {"": timedelta()}

    def __call__(self, raw: Cell) -> Read:
        """The moment of a cell; its value is a ``Moment``."""
        if isinstance(raw, str):
            return self._written(raw)
        if raw is None:
            return NOTHING
        if isinstance(raw, datetime):
            seconds = raw.hour * 3600 + raw.minute * 60 + raw.second
            return self._moment(self._held(raw.date()), timedelta(seconds=seconds, microseconds=raw.microsecond))
        if isinstance(raw, date):
            return self._moment(self._held(raw), timedelta())
        if isinstance(raw, bool) or not isinstance(raw, int | float):
            return refused("not_date", _UNREADABLE)
        return self._written(f"{raw:.9f}".rstrip("0").rstrip("."))

    def _written(self, raw: str) -> Read:
        day_text, _, clock_text = raw.strip().partition(" ")
        day = self._day(day_text)
        clock = self._clock(clock_text)
        if day.value is not None and clock is not None:
            return self._moment(day, clock)
        return self._untidy(raw)

    def _untidy(self, raw: str) -> Read:
        folded = _AROUND_UNITS.sub(r"\1", text.fold(raw))
        if text.is_blank(folded):
            return NOTHING
        if serial := _SERIAL.fullmatch(folded):
            return self._serial(int(serial[1]), float(serial[2] or 0))
        match = _DAY_TEXT.fullmatch(folded)
        if match is None:
            return formula(folded) or refused("not_date", _UNREADABLE)
        day, clock = self._day(match[1]), self._clock(match[2])
        if day.value is None:
            return day
        if clock is None:
            return refused("not_time", _CLOCK_UNREADABLE)
        return self._moment(_restyled(day), clock)

    def _moment(self, day: Read, since_midnight: timedelta) -> Read:
        if day.value is None:
            return day
        midnight: datetime = day.value
        at = midnight + since_midnight
        on = (at + shanghai.AHEAD).date()
        if day.kind is None:
            return Read(Moment(at, on))
        written = f"{on:%Y-%m-%d}" if not since_midnight else f"{at + shanghai.AHEAD:%Y-%m-%d %H:%M:%S}"
        return day._replace(value=Moment(at, on), repaired=written)

    def _serial(self, days: int, fraction: float) -> Read:
        day = self._bounded(SERIAL_ZERO + timedelta(days=days))
        seconds = timedelta(seconds=round(fraction * 86_400))
        if day.value is None:
            return day
        return self._moment(repaired(day.value, "", "date_serial", "由表格的日期序号换算而来"), seconds)

    def _held(self, day: date) -> Read:
        known = self._held_days.get(day)
        if known is None:
            known = self._bounded(day)
            if len(self._held_days) < _CACHE_MAX:
                self._held_days[day] = known
        return known

    def _day(self, written: str) -> Read:
        known = self._days.get(written)
        if known is None:
            if len(written) > _REMEMBERED_LENGTH_MAX:
                return refused("not_date", _UNREADABLE)
            if len(self._days) >= _CACHE_MAX:
                self._days.clear()
            known = self._days[written] = self._read_day(written)
        return known

    def _clock(self, written: str) -> timedelta | None:
        try:
            return self._clocks[written]
        except KeyError:
            if len(written) > _REMEMBERED_LENGTH_MAX:
                return None
            if len(self._clocks) >= 2 * _CACHE_MAX:
                self._clocks = {"": timedelta()}
            clock = self._clocks[written] = _read_clock(written)
            return clock

    def _read_day(self, written: str) -> Read:
        if match := _YEAR_FIRST.fullmatch(written):
            day = self._calendar(match[1], match[3], match[4])
            return _restyled(day) if match[2] == "#" else day
        if match := _HAN.fullmatch(written) or _COMPACT.fullmatch(written):
            return _restyled(self._calendar(match[1], match[2], match[3]))
        if match := _YEAR_LAST.fullmatch(written):
            return self._year_last(match[4], match[1], match[3])
        return refused("not_date", _UNREADABLE)

    def _year_last(self, year: str, first: str, second: str) -> Read:
        if self._order is DateOrder.DAY_FIRST:
            return _restyled(self._calendar(year, second, first))
        if self._order is DateOrder.MONTH_FIRST or first == second:
            return _restyled(self._calendar(year, first, second))
        if int(first) <= 12 and int(second) <= 12:
            return refused("ambiguous_date", f"分不清是 {first} 月还是 {second} 月，请写成 {year}-月-日")
        month, day = (first, second) if int(first) <= 12 else (second, first)
        return _restyled(self._calendar(year, month, day))

    def _calendar(self, year: str, month: str, day: str) -> Read:
        try:
            return self._bounded(date(int(year), int(month), int(day)))
        except ValueError:
            return refused("not_date", "日历上没有这一天，请核对")

    def _bounded(self, day: date) -> Read:
        if day > self._today:
            return refused("future_date", f"日期 {day} 晚于今天，请核对")
        if day < EARLIEST:
            return refused("too_old", f"日期 {day} 早于 2000 年，请核对")
        return Read(datetime(day.year, day.month, day.day, tzinfo=UTC) - shanghai.AHEAD)


def _restyled(day: Read) -> Read:
    if day.value is None or day.kind is not None:
        return day
    return repaired(day.value, "", "date_form", "日期的写法已统一")


def _read_clock(written: str) -> timedelta | None:
    match = _CLOCK.fullmatch(written.strip())
    if match is None:
        return None
    hours, minutes, seconds = int(match[1]), int(match[2]), int(match[3] or 0)
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
