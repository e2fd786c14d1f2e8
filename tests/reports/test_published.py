"""Boards over two real order files, against figures that others published about them."""

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from models import transaction
from reports.catalogue import Catalogue
from reports.charts import Chart, View
from reports.numbers import Lang
from reports.region import Area
from reports.repurchase import Repurchase
from reports.sales import Sales
from reports.slices import Grain, Period, Scope, Slice
from tests import factories
from tests.jobs.test_importing import bring, published, tried

NINE_MONTHS = Period(date(2019, 1, 1), date(2019, 9, 30))
WAN_PIECES = 10_000
YI_FEN = 10_000_000_000


def _column(chart: Chart, key: str) -> dict:
    place = [column.key for column in chart.columns].index(key)
    return {line.cells[0]: line.cells[place] for line in chart.lines}


@pytest.fixture
def imported(session, work) -> Callable[[Path], Scope]:
    """Imports a file through the real job; the scope of its merchant."""

    def bring_in(path: Path) -> Scope:
        with transaction():
            shop = factories.shop()
        published(work, tried(work, bring(path, shop.id)).id)
        return Scope(shop.merchant_id)

    return bring_in


class TestDailyChemicals2019:
    """31,441 rows of a distributor's nine months."""

    @pytest.fixture
    def boards(self, imported, shared) -> Callable:
        scope = imported(shared / "data/orders/rihua_orders_2019.xlsx")
        return lambda kind: kind(View(Slice(NINE_MONTHS, scope), Grain.MONTH, Lang.ZH))

    def test_equal_the_published_figures(self, boards):
        sales, repurchase, area, catalogue = (boards(kind) for kind in (Sales, Repurchase, Area, Catalogue))
        self._totals(sales)
        self._months(sales, repurchase)
        self._categories(catalogue, repurchase)
        self._regions(area)
        assert "经销商" in " ".join(repurchase.notes())

    def _totals(self, sales: Sales) -> None:
        tiles = {tile.metric.key: tile.value for tile in sales.tiles()}
        assert (tiles["gmv"], tiles["pieces"], tiles["orders"]) == (445_406_885_900, 27_826_936, 9_062)
        assert (tiles["buyers"], tiles["repurchase"]) == (1_083, 1.0)

    def _months(self, sales: Sales, repurchase: Repurchase) -> None:
        trend = sales.trend()
        assert [round(value / YI_FEN, 2) for value in _column(trend, "gmv").values()] == [
            3.14, 3.44, 4.13, 5.05, 5.75, 5.74, 6.22, 6.08, 4.99,
        ]  # fmt: skip
        assert [round(value / WAN_PIECES, 2) for value in _column(trend, "pieces").values()] == [
            194.74, 214.82, 256.89, 318.45, 359.09, 355.38, 388.61, 383.36, 311.35,
        ]  # fmt: skip
        rate = repurchase.rate()
        counted = zip(_column(rate, "buyers").values(), _column(rate, "repeat_buyers").values(), strict=True)
        assert list(counted) == [
            (461, 142), (505, 146), (571, 209), (660, 245), (671, 323), (687, 327), (732, 351), (725, 340), (640, 269),
        ]  # fmt: skip

    def _categories(self, catalogue: Catalogue, repurchase: Repurchase) -> None:
        pieces = _column(catalogue.pieces(), "pieces")
        # The publisher lost the 1,588 pieces of a toner whose product code is written 商品X050.
        assert pieces == {
            "面膜": 5_450_216, "面霜": 4_566_905, "爽肤水": 3_523_687 + 1_588, "眼霜": 3_349_413, "隔离霜": 2_488_124,
            "防晒霜": 2_388_610, "口红": 2_013_024, "洁面乳": 1_928_020, "粉底": 1_188_621, "睫毛膏": 587_399,
            "眼影": 295_795, "蜜粉": 45_534,
        }  # fmt: skip
        chart = repurchase.category()
        buyers, repeat = _column(chart, "buyers"), _column(chart, "repeat_buyers")
        assert (repeat["面膜"], buyers["面膜"], repeat["蜜粉"], buyers["蜜粉"]) == (942, 1_055, 3, 44)

    def _regions(self, area: Area) -> None:
        assert _column(area.sales_region(), "gmv") == {
            "东区": 158_871_420_800, "南区": 125_360_550_700, "北区": 88_523_266_700, "西区": 72_616_255_100,
            "未填写": 35_392_600,
        }  # fmt: skip
        cities = _column(area.city(), "pieces")
        assert [round(cities[name] / WAN_PIECES, 2) for name in ("苏州市", "深圳市", "泉州市", "杭州市", "广州市")] == [
            101.05, 77.83, 73.81, 56.31, 52.41,
        ]  # fmt: skip
        assert next(iter(_column(area.province(), "gmv").items())) == ("江苏省", 67_015_634_400)


class TestTmall2020:
    """28,010 orders of a February, most paid, none naming a buyer."""

    def test_equal_the_published_figures(self, imported, shared):
        scope = imported(shared / "data/orders/tmall_order_report.csv")
        sales = Sales(View(Slice(Period(date(2020, 2, 1), date(2020, 3, 1)), scope), Grain.DAY, Lang.ZH))
        tiles = {tile.metric.key: tile.value for tile in sales.tiles()}
        assert (tiles["gmv"], tiles["net_gmv"], tiles["refund"]) == (247_482_307, 190_248_715, 57_233_592)
        assert (tiles["orders"], round(tiles["refund_rate"], 4)) == (24_087, 0.2313)
        assert (tiles["buyers"], tiles["repurchase"]) == (None, None)
        assert "没有买家信息" in sales.notes()[0]
        days = _column(sales.trend(), "gmv")
        assert [day for day, fen in days.items() if fen is None] == ["2020-02-16"]
        orders = _column(sales.trend(), "orders")
        assert (sum(count or 0 for count in orders.values()), orders["2020-03-01"]) == (24_087, 6)
