"""A board on paper: every kind of figure, Chinese that can be copied, as many pages as it takes."""

import re

from reports import figures
from reports.charts import Chart, Column, Line
from reports.figures import Series, Square
from reports.numbers import Lang, Unit
from reports.paper import Figure, Sheet, printed
from reports.slices import Grain, Period, buckets
from tests.reports.test_boards import NOVEMBER

DAYS = buckets(Period(NOVEMBER.start, NOVEMBER.start.replace(day=4)), Grain.DAY)
SERIES = [Series("支付 GMV", [1.0, None, 3.0, 400.0], "bar"), Series("上期", [2.0, 1.0, None, 2.0], "ghost")]
TIME = {"grain": Grain.DAY, "lang": Lang.ZH}
FIGURES = {
    "over_time": figures.over_time(DAYS, [*SERIES, Series("净", [1.0] * 4, "line")], unit=Unit.YUAN, **TIME),
    "stacked": figures.stacked(DAYS, [SERIES[0], SERIES[0]], unit=Unit.YUAN, **TIME),
    "rates": figures.rates_over_time(DAYS, [0.5, None, 0.1, 1.0], ["一", "二", "三", "四"], **TIME),
    "ranked": figures.ranked(["江苏省", "<b>&"], [9.0, None], unit=Unit.COUNT, lang=Lang.ZH),
    "heat": figures.heat(["2026-10"], ["首月", "+1"], [[1.0, None]], [["", ""]], [[0, 0]]),
    "tiles": figures.tiles([Square(0, 0, "浙江", 5.0, "", 0), Square(1, 1, "西藏", None, "", None)]),
    "nothing": None,
}


def _sheet(lines: int) -> Sheet:
    columns = (Column("name", "省份", Unit.TEXT), Column("gmv", "支付", Unit.YUAN), Column("rate", "占比", Unit.RATE))
    rows = tuple(Line((f"第{n}行", 100.0 * n, None)) for n in range(lines))
    charts = [Chart(key, f"标题{key}", "说明" * 60, columns, rows, figure) for key, figure in FIGURES.items()]
    return Sheet("经营总览", ["2026-11-01"], [Figure("净额", "¥1.00")] * 7, charts, lambda n: f"另有 {n} 行")


def test_every_kind_of_figure_is_drawn_on_as_many_pages_as_it_takes():
    pdf = printed(_sheet(12))
    assert pdf.startswith(b"%PDF-")
    assert len(re.findall(rb"/Type /Page\b(?!s)", pdf)) == 4
    # The map from glyphs to text, so that it can be copied: 经 of the title, 另 of the lines that are left out.
    assert {b"7ECF", b"53E6"} <= set(re.findall(rb"<([0-9A-F]{4})>", pdf))
