"""Figures by their traces and axes, each a figure Plotly itself accepts."""

from datetime import date

import plotly.graph_objects as go
import pytest

from reports import figures
from reports.figures import Series, Square
from reports.numbers import Lang, Unit
from reports.slices import Grain

DAYS = [date(2020, 2, 7), date(2020, 2, 8), date(2020, 2, 9)]


def _curve(values, *, unit=Unit.YUAN, look="bar", days=DAYS, grain=Grain.DAY):
    return figures.over_time(days, [Series("支付 GMV", values, look)], unit=unit, grain=grain, lang=Lang.ZH)


@pytest.mark.parametrize(
    "figure",
    [
        _curve([1.0, None, 2.0]),
        _curve([1.0, None, 2.0], look="line"),
        _curve([None, None, None], look="ghost"),
        figures.ranked(["面膜", "口红"], [2.0, None], unit=Unit.YUAN, lang=Lang.ZH),
        figures.waterfall(["售价", "成本", "毛利"], [9_900, 3_000, 6_900], unit=Unit.YUAN, lang=Lang.ZH),
        figures.rates_over_time(DAYS, [0.5, None, 1.0], ["a", "b", "c"], grain=Grain.DAY, lang=Lang.EN),
        figures.stacked(DAYS, [Series("a", [1.0, None, 1.0], "bar")], unit=Unit.YUAN, grain=Grain.DAY, lang=Lang.ZH),
        figures.heat(["2019-01"], ["First", "+1"], [[1.0, None]], [["a", "b"]], [[0, 0]]),
        figures.tiles([Square(0, 0, "黑龙江", 5.0, "x", 0), Square(1, 1, "台湾", None, "y", None)]),
    ],
)
def test_plotly_accepts_every_figure(figure):
    go.Figure(figure)


class TestOverTime:
    def test_leaves_a_gap_open(self):
        trace = _curve([1.0, None, 2.0], look="line")["data"][0]
        assert (trace["y"], trace["connectgaps"]) == ([1.0, None, 2.0], False)

    def test_keeps_months_from_being_read_as_moments(self):
        axis = _curve([1.0, 2.0, 3.0])["layout"]["xaxis"]
        assert (axis["type"], axis["ticktext"]) == ("category", ["02-07", "02-08", "02-09"])

    def test_marks_money_in_wan(self):
        axis = _curve([39_000_000.0, None, 10_000_000.0])["layout"]["yaxis"]
        assert axis["ticktext"] == ["0", "10万", "20万", "30万", "40万"]

    def test_marks_counts_at_whole_numbers(self):
        assert _curve([2.0, 1.0, 1.0], unit=Unit.COUNT)["layout"]["yaxis"]["tickvals"] == [0, 1, 2]

    def test_says_the_exact_amount_on_hover(self):
        assert _curve([123_456_789.0, None, 0.0])["data"][0]["hovertext"] == ["¥1,234,567.89", "—", "¥0.00"]

    def test_names_the_year_at_its_first_month(self):
        months = [date(2019, 11, 1), date(2019, 12, 1), date(2020, 1, 1)]
        axis = _curve([1.0, 1.0, 1.0], days=months, grain=Grain.MONTH)["layout"]["xaxis"]
        assert axis["ticktext"] == ["11月<br>2019", "12月", "1月<br>2020"]


class TestRanked:
    def test_takes_names_of_files_for_text(self):
        figure = figures.ranked(["<b>假</b>%{x}"], [1.0], unit=Unit.COUNT, lang=Lang.ZH)
        assert figure["layout"]["yaxis"]["ticktext"] == ["&lt;b&gt;假&lt;/b&gt;% {x}"]

    def test_points_at_its_lines(self):
        figure = figures.ranked(["a", "b"], [2.0, 1.0], unit=Unit.COUNT, lang=Lang.ZH)
        assert figure["data"][0]["customdata"] == [0, 1]


class TestStacked:
    def test_makes_room_for_the_whole_pile(self):
        parts = [Series("a", [30.0, 1.0, 1.0], "bar"), Series("b", [30.0, None, 1.0], "bar")]
        figure = figures.stacked(DAYS, parts, unit=Unit.COUNT, grain=Grain.DAY, lang=Lang.ZH)
        assert figure["layout"]["yaxis"]["range"][1] >= 60


class TestTiles:
    def test_shades_by_rank_and_leaves_the_rest_pale(self):
        places = [Square(0, column, "省", value, "", column) for column, value in enumerate([100.0, 1.0, None])]
        assert figures.tiles(places)["data"][0]["z"] == [[1.0, 0.5, 0]]


class TestWaterfall:
    def test_takes_away_and_ends_in_a_total(self):
        figure = figures.waterfall(["售价", "成本", "毛利"], [9_900, 3_000, 6_900], unit=Unit.YUAN, lang=Lang.ZH)
        trace = figure["data"][0]
        assert trace["x"] == [9_900, -3_000, 0]
        assert trace["measure"] == ["absolute", "relative", "total"]
        assert trace["text"] == ["¥99.00", "¥30.00", "¥69.00"]

    def test_shows_a_loss_below_the_line_in_red(self):
        figure = figures.waterfall(["售价", "成本", "毛利"], [100, 150, -50], unit=Unit.YUAN, lang=Lang.ZH)
        assert figure["data"][0]["totals"]["marker"]["color"] == figures.RED
        assert figure["layout"]["xaxis"]["range"][0] < -50
