"""Whole boards from rows: what their charts and tables say, and where their lines lead."""

from datetime import date

import pytest

from reports.catalogue import Catalogue
from reports.charts import View
from reports.numbers import Lang
from reports.region import PROVINCES, Area
from reports.repurchase import Repurchase
from reports.sales import Sales
from reports.slices import Grain, Period, Slice
from tests import factories

NOVEMBER = Period(date(2026, 11, 1), date(2026, 11, 30))
BOARDS = (Sales, Repurchase, Area, Catalogue)


def _board(kind, *, grain=Grain.DAY, lang=Lang.ZH, **filters):
    return kind(View(Slice(NOVEMBER, **filters), grain, lang))


def _table(chart):
    return [line.cells for line in chart.lines]


@pytest.fixture
def run(session):
    return factories.import_run()


class TestEveryBoard:
    @pytest.mark.parametrize("kind", BOARDS)
    @pytest.mark.parametrize("lang", list(Lang))
    def test_draws_every_chart_with_a_title_and_a_line_a_point(self, run, kind, lang):
        for buyer, day in (("S1", 2), ("S1", 9), ("S2", 2)):
            factories.history_line(run=run, buyer=buyer, paid_on=date(2026, 11, day))
        board = _board(kind, lang=lang)
        for key in board.charts:
            chart = board.chart(key)
            assert chart.key == key
            assert chart.title
            assert chart.figure
            assert all(len(line.cells) == len(chart.columns) for line in chart.lines)

    @pytest.mark.parametrize("kind", BOARDS)
    def test_stands_empty_without_sales(self, session, kind):
        board = _board(kind)
        assert board.is_empty
        assert [board.chart(key).figure for key in board.charts if key not in ("rate", "groups")][0] is None

    @pytest.mark.parametrize("kind", BOARDS)
    def test_says_that_no_buyer_is_known_rather_than_none(self, run, kind):
        factories.history_line(run=run, buyer=None)
        board = _board(kind)
        assert "没有买家信息" in board.notes()[0]
        assert all(tile.value is None for tile in board.tiles() if tile.metric.key in ("buyers", "repurchase"))

    def test_says_how_many_orders_name_a_buyer(self, run):
        for buyer in ("S1", None, None):
            factories.history_line(run=run, buyer=buyer)
        assert "33.3%" in _board(Sales).notes()[0]

    def test_explains_a_rate_that_everybody_reaches(self, run):
        for number in range(30):
            for day in (2, 3):
                factories.history_line(run=run, buyer=f"S{number}", paid_on=date(2026, 11, day))
        assert "经销商" in _board(Repurchase).notes()[0]


class TestSales:
    def test_leaves_days_without_payment_open(self, run):
        factories.history_line(run=run, paid_on=date(2026, 11, 2), paid_fen=500)
        table = dict(row[:2] for row in _table(_board(Sales).trend()))
        assert (len(table), table["2026-11-02"], table["2026-11-03"]) == (30, 500, None)

    def test_draws_the_period_before_beside_days(self, run):
        factories.history_line(run=run)
        factories.history_line(run=run, paid_on=date(2026, 10, 3))
        assert [trace["name"] for trace in _board(Sales).trend().figure["data"]] == [
            "支付 GMV",
            "净 GMV",
            "上期支付 GMV",
        ]

    def test_leads_from_a_bucket_to_its_days(self, run):
        factories.history_line(run=run)
        chart = _board(Sales, grain=Grain.WEEK).trend()
        assert chart.lines[0].narrow == {"from": "2026-11-01", "to": "2026-11-01"}
        assert chart.lines[1].narrow == {"from": "2026-11-02", "to": "2026-11-08"}

    def test_ranks_categories_and_names_rows_without_one(self, run):
        factories.history_line(run=run, category="口红", category_group="彩妆", paid_fen=100)
        factories.history_line(run=run, category=None, category_group=None, paid_fen=300)
        chart = _board(Sales).category()
        assert [row[:3] for row in _table(chart)] == [("未填写", 300, 0.75), ("口红", 100, 0.25)]
        assert chart.lines[0].narrow == {"category_group": "-", "category": "-"}

    def test_names_shops_and_products(self, run):
        factories.history_line(run=run, product_code="X001", product_name="雪花霜")
        factories.history_line(run=run, product_code=None, product_name=None, paid_fen=1)
        board = _board(Sales)
        assert [row[0] for row in _table(board.product())] == ["雪花霜 · X001", "未填写"]
        assert board.shop().lines[0].narrow == {"shop": str(run.shop_id)}


class TestRepurchase:
    def test_counts_each_month_by_itself(self, run):
        for buyer, month, day in (("S1", 10, 5), ("S1", 11, 5), ("S2", 11, 6), ("S2", 11, 7)):
            factories.history_line(run=run, buyer=buyer, paid_on=date(2026, month, day))
        period = Period(date(2026, 10, 1), date(2026, 11, 30))
        chart = Repurchase(View(Slice(period), Grain.MONTH, Lang.ZH)).rate()
        assert [row[:4] for row in _table(chart)] == [("2026-10", 0, 0, 1), ("2026-11", 0.5, 1, 2)]

    def test_never_counts_a_single_day(self, run):
        factories.history_line(run=run)
        assert _board(Repurchase, grain=Grain.DAY).grain is Grain.WEEK

    def test_looks_at_each_category_alone(self, run):
        for category, day in (("面膜", 2), ("面膜", 3), ("口红", 4)):
            factories.history_line(run=run, buyer="S1", category=category, paid_on=date(2026, 11, day))
        assert [row[:4] for row in _table(_board(Repurchase).category())] == [("面膜", 1, 1, 1), ("口红", 0, 0, 1)]

    def test_spreads_buyers_over_their_days(self, run):
        for day in range(2, 10):
            factories.history_line(run=run, buyer="S1", paid_on=date(2026, 11, day))
        factories.history_line(run=run, buyer="S2")
        table = {row[0]: row[1] for row in _table(_board(Repurchase).frequency())}
        assert (table["1 天"], table["2 天"], table["6 天及以上"]) == (1, 0, 1)

    def test_follows_cohorts(self, run):
        for buyer, month in (("S1", 9), ("S1", 11), ("S2", 9), ("S3", 11)):
            factories.history_line(run=run, buyer=buyer, paid_on=date(2026, month, 5))
        period = Period(date(2026, 9, 1), date(2026, 11, 30))
        chart = Repurchase(View(Slice(period), Grain.MONTH, Lang.ZH)).cohort()
        assert _table(chart) == [("2026-09", 2, 1, 0, 0.5), ("2026-11", 1, 1, None, None)]

    def test_says_why_there_is_no_rate(self, run):
        factories.history_line(run=run, buyer=None)
        chart = _board(Repurchase).rate()
        assert (chart.figure, chart.note) == (None, "无买家信息")


class TestArea:
    def test_has_a_square_for_all_thirty_four_provinces(self):
        assert len({place[0] for place in PROVINCES}) == 34
        assert len({place[1:3] for place in PROVINCES}) == 34
        assert {"710000", "810000", "820000"} <= {place[0] for place in PROVINCES}

    def test_ranks_provinces_by_name_and_keeps_the_unknown_visible(self, run):
        factories.history_line(run=run, paid_fen=300)
        factories.history_line(run=run, paid_fen=100, province_code=None, city_code=None)
        chart = _board(Area).province()
        assert [row[:3] for row in _table(chart)] == [("上海市", 300, 0.75), ("未识别地区", 100, 0.25)]
        assert [line.narrow for line in chart.lines] == [{"province": "310000"}, {"province": "-"}]

    def test_points_from_a_square_to_the_line_of_its_province(self, run):
        factories.history_line(run=run, province_code="310000", paid_fen=1)
        factories.history_line(run=run, province_code="440000", paid_fen=2)
        chart = _board(Area).map()
        trace = chart.figure["data"][0]
        guangdong = next(place for place in PROVINCES if place[0] == "440000")
        assert trace["customdata"][guangdong[1]][guangdong[2]] == 0
        assert chart.lines[0].narrow == {"province": "440000"}

    def test_names_a_municipality_by_itself(self, run):
        factories.history_line(run=run, city_code=None)
        factories.history_line(run=run, city_code=None, province_code="320000", paid_fen=1)
        assert [row[0] for row in _table(_board(Area).city())] == ["上海市", "江苏省（市未识别）"]


class TestCatalogue:
    def test_piles_up_the_groups_of_each_bucket(self, run):
        factories.history_line(run=run, category_group="彩妆", paid_fen=5, paid_on=date(2026, 11, 2))
        factories.history_line(run=run, category_group="护肤品", paid_fen=7, paid_on=date(2026, 11, 3))
        chart = _board(Catalogue).groups()
        assert [column.title for column in chart.columns[1:]] == ["护肤品", "彩妆"]
        assert [row[1:] for row in _table(chart)[1:3]] == [(None, 5), (7, None)]
        assert chart.figure["layout"]["barmode"] == "stack"

    def test_gathers_small_groups(self, run):
        for size in range(8):
            factories.history_line(run=run, category_group=f"大类{size}", paid_fen=1000 - size)
        titles = [column.title for column in _board(Catalogue).groups().columns[1:]]
        assert titles == [*(f"大类{size}" for size in range(6)), "其他"]

    def test_ranks_categories_by_pieces_too(self, run):
        factories.history_line(run=run, category="口红", quantity=9, paid_fen=1)
        factories.history_line(run=run, category="面膜", quantity=1, paid_fen=9)
        board = _board(Catalogue)
        assert [row[0] for row in _table(board.category())] == ["面膜", "口红"]
        assert [row[0] for row in _table(board.pieces())] == ["口红", "面膜"]
