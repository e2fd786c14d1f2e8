"""When what is due, on the wall clock of Shanghai."""

from datetime import datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.cadence import Cadence, Daily, Every, Monthly, Weekly, due, following

SHANGHAI = ZoneInfo("Asia/Shanghai")
RHYTHMS = (Every(300), Daily(time(3, 30)), Weekly(1, time(4)), Monthly(1, time(0)), Monthly(28, time(23, 59)))
MOMENTS = st.integers(1_735_660_800, 1_893_456_000).map(lambda second: datetime.fromtimestamp(second, SHANGHAI))


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


class TestLatest:
    @pytest.mark.parametrize(
        ("cadence", "at", "expected"),
        [
            (Every(60), "2026-11-23 19:05:59", "2026-11-23 19:05"),
            (Daily(time(3, 30)), "2026-11-23 03:30", "2026-11-23 03:30"),
            (Daily(time(3, 30)), "2026-11-23 03:29:59", "2026-11-22 03:30"),
            (Weekly(1, time(4)), "2026-11-23 03:00", "2026-11-16 04:00"),
            (Weekly(1, time(4)), "2026-11-29 23:00", "2026-11-23 04:00"),
            (Monthly(1, time(0)), "2026-12-01 00:00", "2026-12-01 00:00"),
            (Monthly(1, time(0)), "2026-11-30 23:59:59", "2026-11-01 00:00"),
            (Monthly(5, time(2)), "2026-01-03 12:00", "2025-12-05 02:00"),
        ],
    )
    def test_is_the_newest_beginning(self, cadence, at, expected):
        assert cadence.latest(moment(at)) == moment(expected)

    @given(at=MOMENTS, cadence=st.sampled_from(RHYTHMS))
    def test_lies_between_its_neighbours(self, at: datetime, cadence: Cadence):
        assert cadence.latest(at) <= at < following(cadence, at=at)
        assert cadence.latest(following(cadence, at=at)) == following(cadence, at=at)


class TestDue:
    daily = Daily(time(3))

    def test_is_the_newest_period_of_a_line_that_never_ran(self):
        periods = due(self.daily, after=None, at=moment("2026-11-23 12:00"), catches_up=True)
        assert periods == [moment("2026-11-23 03:00")]

    def test_is_nothing_within_the_same_period(self):
        taken = moment("2026-11-23 03:00")
        assert due(self.daily, after=taken, at=moment("2026-11-24 02:59"), catches_up=True) == []

    def test_is_the_newest_alone_when_older_ones_do_not_count(self):
        taken = moment("2026-11-20 03:00")
        periods = due(self.daily, after=taken, at=moment("2026-11-23 12:00"), catches_up=False)
        assert periods == [moment("2026-11-23 03:00")]

    def test_is_every_missed_period_in_order_when_each_counts(self):
        taken = moment("2026-11-20 03:00")
        periods = due(self.daily, after=taken, at=moment("2026-11-23 12:00"), catches_up=True)
        assert periods == [moment("2026-11-21 03:00"), moment("2026-11-22 03:00"), moment("2026-11-23 03:00")]

    def test_catches_up_a_month_at_most(self):
        taken = moment("2020-01-01 03:00")
        assert len(due(self.daily, after=taken, at=moment("2026-11-23 12:00"), catches_up=True)) == 31
