"""Named periods, their buckets, and the period before."""

from datetime import date

import pytest

from reports import slices
from reports.slices import Grain, Period, Preset

TODAY = date(2026, 11, 23)


class TestResolve:
    @pytest.mark.parametrize(
        ("preset", "start", "end"),
        [
            (Preset.TODAY, date(2026, 11, 23), date(2026, 11, 23)),
            (Preset.WEEK, date(2026, 11, 17), date(2026, 11, 23)),
            (Preset.DAYS_30, date(2026, 10, 25), date(2026, 11, 23)),
            (Preset.THIS_MONTH, date(2026, 11, 1), date(2026, 11, 23)),
            (Preset.LAST_MONTH, date(2026, 10, 1), date(2026, 10, 31)),
            (Preset.QUARTER, date(2026, 10, 1), date(2026, 11, 23)),
            (Preset.YEAR, date(2026, 1, 1), date(2026, 11, 23)),
            (Preset.SPAN, date(2019, 1, 1), date(2019, 9, 30)),
            (Preset.CUSTOM, date(2020, 2, 1), date(2020, 2, 29)),
        ],
    )
    def test_turns_a_name_into_days(self, preset, start, end):
        span, custom = Period(date(2019, 1, 1), date(2019, 9, 30)), Period(date(2020, 2, 1), date(2020, 2, 29))
        assert slices.resolve(preset, today=TODAY, span=span, custom=custom) == Period(start, end)

    def test_knows_the_last_month_of_the_year_in_january(self):
        found = slices.resolve(Preset.LAST_MONTH, today=date(2026, 1, 5), span=None)
        assert found == Period(date(2025, 12, 1), date(2025, 12, 31))


class TestNatural:
    def test_opens_with_the_data_when_it_is_old(self):
        assert slices.natural(today=TODAY, span=Period(date(2019, 1, 1), date(2019, 9, 30))) is Preset.SPAN

    @pytest.mark.parametrize("span", [None, Period(date(2019, 1, 1), date(2026, 10, 25))])
    def test_opens_with_thirty_days_otherwise(self, span):
        assert slices.natural(today=TODAY, span=span) is Preset.DAYS_30


class TestPeriod:
    def test_is_preceded_by_as_many_days(self):
        assert Period(date(2026, 3, 1), date(2026, 3, 31)).before() == Period(date(2026, 1, 29), date(2026, 2, 28))

    @pytest.mark.parametrize(
        ("end", "grain"),
        [
            (date(2026, 3, 3), Grain.DAY),
            (date(2026, 3, 4), Grain.WEEK),
            (date(2026, 7, 29), Grain.WEEK),
            (date(2026, 7, 30), Grain.MONTH),
        ],
    )
    def test_picks_a_readable_grain(self, end, grain):
        assert Period(date(2026, 1, 1), end).grain() is grain


class TestBuckets:
    def test_begin_weeks_on_monday(self):
        found = slices.buckets(Period(date(2026, 11, 5), date(2026, 11, 16)), Grain.WEEK)
        assert found == [date(2026, 11, 2), date(2026, 11, 9), date(2026, 11, 16)]

    def test_cover_every_month_the_period_touches(self):
        found = slices.buckets(Period(date(2025, 12, 31), date(2026, 2, 1)), Grain.MONTH)
        assert found == [date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]

    def test_keep_within_the_period_at_its_ends(self):
        period = Period(date(2026, 11, 5), date(2026, 11, 16))
        assert slices.bounds(date(2026, 11, 2), Grain.WEEK, period) == Period(date(2026, 11, 5), date(2026, 11, 8))
        assert slices.bounds(date(2026, 11, 16), Grain.WEEK, period) == Period(date(2026, 11, 16), date(2026, 11, 16))
