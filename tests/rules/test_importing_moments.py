"""Dates and times of order files."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.importing import DateOrder, Kind
from models.rules.importing.moments import Moment, Moments
from models.rules.importing.values import Read
from tests.rules.test_importing_values import ANY_CELL

TODAY = date(2026, 11, 23)
MARCH_28 = Moment(datetime(2019, 3, 27, 16, 0, tzinfo=UTC), date(2019, 3, 28))


def read(cell, order=DateOrder.UNKNOWN):
    return Moments(today=TODAY, order=order)(cell)


class TestMoments:
    @pytest.mark.parametrize(
        "cell",
        [
            "2019-03-28",
            "2019/3/28",
            "2019.3.28",
            "2019-3-28 0:00",
            "2019/3/28  00:00:00",
            " 2019-03-28 00:00:00\t",
            "2019-03-28 00:00:00.000",
            date(2019, 3, 28),
            datetime.combine(date(2019, 3, 28), datetime.min.time()),
        ],
    )
    def test_ordinary_forms_are_read_without_a_remark(self, cell):
        assert read(cell) == Read(MARCH_28)

    def test_an_instant_is_utc_and_its_day_shanghais(self):
        assert read("2020-02-20 23:59:54").value == Moment(
            datetime(2020, 2, 20, 15, 59, 54, tzinfo=UTC), date(2020, 2, 20)
        )
        assert read("2020/2/21 7:59").value == Moment(datetime(2020, 2, 20, 23, 59, tzinfo=UTC), date(2020, 2, 21))

    @pytest.mark.parametrize(
        "cell",
        [
            "2019#3#28",
            "2019年3月28日",
            "2019 年 3 月 28 日",
            "２０１９-０３-２８",
            "2019-03\u200b-28",
            "2019-03-28T00:00:00",
            "20190328",
            "43552",
            43552,
            43552.0,
            "28/03/2019",
            "03-28-2019",
        ],
    )
    def test_other_certain_forms_are_mended_and_listed(self, cell):
        got = read(cell)
        assert (got.value, got.kind, got.repaired) == (MARCH_28, Kind.REPAIRED, "2019-03-28")

    def test_a_serial_number_keeps_its_time_of_day(self):
        got = read(43552.5)
        assert (got.value.at, got.repaired) == (datetime(2019, 3, 28, 4, 0, tzinfo=UTC), "2019-03-28 12:00:00")

    def test_a_chinese_date_keeps_its_time_of_day(self):
        assert read("2019年3月28日 13:05").value.at == datetime(2019, 3, 28, 5, 5, tzinfo=UTC)

    @pytest.mark.parametrize(
        ("cell", "code"),
        [
            ("2050-06-09", "future_date"),
            (datetime.combine(date(2050, 6, 9), datetime.min.time()), "future_date"),
            ("2026-11-24", "future_date"),
            ("1999-12-31", "too_old"),
            ("1", "not_date"),
            ("36000", "too_old"),
            ("03/04/2019", "ambiguous_date"),
            ("2019-02-29", "not_date"),
            ("2019-13-01", "not_date"),
            ("19-03-28", "not_date"),
            ("昨天", "not_date"),
            ("2019-03-28 25:00", "not_time"),
            ("2019-03-28 下午3点", "not_time"),
            ("=NOW()", "formula"),
            (True, "not_date"),
            (float("nan"), "not_date"),
            (1e300, "not_date"),
        ],
    )
    def test_what_is_not_certain_is_refused(self, cell, code):
        got = read(cell)
        assert (got.value, got.kind, got.code) == (None, Kind.REFUSED, code)

    def test_the_last_day_taken_is_today(self):
        assert read("2026-11-23 23:59:59").kind is None

    @pytest.mark.parametrize(
        ("order", "day"), [(DateOrder.DAY_FIRST, date(2019, 4, 3)), (DateOrder.MONTH_FIRST, date(2019, 3, 4))]
    )
    def test_a_known_order_of_day_and_month_settles_an_ambiguous_date(self, order, day):
        assert read("03/04/2019", order).value.on == day

    @pytest.mark.parametrize("cell", [None, "", " ", "-", "/", "NULL"])
    def test_the_signs_for_nothing_mean_nothing(self, cell):
        assert read(cell) == Read(None)

    def test_a_cell_is_read_the_same_the_second_time(self):
        moments = Moments(today=TODAY)
        for cell in ("2019#3#28", "2050-06-09", "昨天", "2019-03-28 25:00", "43552"):
            assert moments(cell) == moments(cell)

    @given(st.datetimes(datetime.fromisoformat("2000-01-01"), datetime.fromisoformat("2026-11-23")))
    def test_every_second_of_every_day_comes_back_from_text_as_from_a_date_cell(self, moment):
        moment = moment.replace(microsecond=0)
        text = f"{moment.year}/{moment.month}/{moment.day} {moment.hour}:{moment:%M:%S}"
        assert read(text) == read(moment)
        assert read(moment).value.on == moment.date()

    @given(st.one_of(ANY_CELL, st.from_regex(r"[0-9]{1,5}[-/.#年][0-9]{1,3}[-/.#月][0-9]{1,3}日?.{0,9}")))
    def test_garbage_never_raises(self, cell):
        got = read(cell)
        assert got.value is None or date(2000, 1, 1) <= got.value.on <= TODAY
