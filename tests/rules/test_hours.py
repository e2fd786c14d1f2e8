"""Business time."""

from datetime import UTC, date, datetime

import pytest

from models.rules.hours import Hours, NoBusinessTime

NINE_TO_FIVE = Hours(9 * 60, 17 * 60)


def shanghai(day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of December 2026 by the clocks of Shanghai; the 4th is a Friday."""
    return datetime(2026, 12, day, hour - 8, minute, tzinfo=UTC) if hour >= 8 else datetime(
        2026, 12, day - 1, hour + 16, minute, tzinfo=UTC
    )  # fmt: skip


class TestAfter:
    def test_counts_within_a_day(self):
        assert NINE_TO_FIVE.after(shanghai(4, 10), 90 * 60) == shanghai(4, 11, 30)

    def test_waits_for_the_morning(self):
        assert NINE_TO_FIVE.after(shanghai(4, 3), 60) == shanghai(4, 9, 1)

    def test_goes_on_after_the_weekend(self):
        assert NINE_TO_FIVE.after(shanghai(4, 16, 30), 60 * 60) == shanghai(7, 9, 30)

    def test_ends_with_the_day_where_that_is_enough(self):
        assert NINE_TO_FIVE.after(shanghai(4, 16), 60 * 60) == shanghai(4, 17)

    def test_knows_holidays_and_the_saturdays_that_make_up_for_them(self):
        hours = Hours(9 * 60, 17 * 60, exceptions={date(2026, 12, 5): True, date(2026, 12, 7): False})
        assert hours.after(shanghai(4, 17), 60 * 60) == shanghai(5, 10)
        assert hours.after(shanghai(5, 17), 60 * 60) == shanghai(8, 10)

    def test_runs_round_the_clock_where_every_day_is_worked(self):
        assert Hours(0, 1440, every_day=True).after(shanghai(5, 20), 24 * 3600) == shanghai(6, 20)

    def test_refuses_a_calendar_without_work(self):
        closed = Hours(9 * 60, 17 * 60, exceptions={date.fromordinal(n): False for n in range(739_000, 741_000)})
        with pytest.raises(NoBusinessTime, match="检查节假日"):
            closed.after(shanghai(4, 9), 60)


class TestBetween:
    def test_leaves_out_nights_and_weekends(self):
        assert NINE_TO_FIVE.between(shanghai(4, 16), shanghai(7, 10)) == 2 * 3600

    def test_is_nothing_backwards(self):
        assert NINE_TO_FIVE.between(shanghai(7, 10), shanghai(4, 16)) == 0

    def test_undoes_after(self):
        for seconds in (1, 3_600, 50_000, 100_001):
            assert NINE_TO_FIVE.between(shanghai(4, 10), NINE_TO_FIVE.after(shanghai(4, 10), seconds)) == seconds


class TestHours:
    @pytest.mark.parametrize(("opens", "closes"), [(600, 600), (700, 600), (-1, 600), (0, 1441)])
    def test_begin_before_they_end(self, opens, closes):
        with pytest.raises(NoBusinessTime, match="开始早于结束"):
            Hours(opens, closes)
