"""What every board does the same way: totals beside the period before, curves over time, ranked groups."""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

import pandas as pd

from reports import figures, frames, metrics
from reports.charts import Chart, Column, Line, View, cells, code_of, metric_columns, number
from reports.definitions import METRICS
from reports.figures import Series
from reports.metrics import Tile
from reports.numbers import Unit
from reports.slices import Grain, Period, Source, bounds, buckets

BAR_PIXELS = 34
BARS_MAX = 10
LINES_MAX = 400
CELLS = ("gmv", "share", "net_gmv", "refund", "refund_rate", "pieces")


class Board:
    """A page of tiles and charts over one slice.

    ``charts`` names its methods that make one each, in reading order, over imported rows; ``own_charts`` those over the
    platform's own orders.
    """

    key: ClassVar[str]
    metrics: ClassVar[tuple[str, ...]]
    charts: ClassVar[tuple[str, ...]]
    own_charts: ClassVar[tuple[str, ...]]

    def __init__(self, view: View) -> None:
        self.view = view
        self.say = view.say

    @property
    def is_own(self) -> bool:
        return self.view.part.source is Source.OWN

    @property
    def drawn(self) -> tuple[str, ...]:
        """The names of the charts that these orders fill."""
        return self.own_charts if self.is_own else self.charts

    def tiles(self) -> list[Tile]:
        return metrics.tiles(self.totals, self.totals_before, self.metrics)

    def chart(self, key: str) -> Chart:
        """The chart of that name, one of ``drawn``."""
        made: Chart = getattr(self, key)()
        return made

    @cached_property
    def totals(self) -> pd.DataFrame:
        return frames.measured(self.view.part)

    @cached_property
    def totals_before(self) -> pd.DataFrame:
        return frames.measured(self.view.part.before())

    @property
    def is_empty(self) -> bool:
        """Whether the slice has no paid order at all."""
        return int(self.totals["orders"].iloc[0]) == 0

    @cached_property
    def timeline(self) -> pd.DataFrame:
        """Every measure by bucket, gaps included."""
        frame = metrics.measures(frames.measured(self.view.part, grain=self.view.grain))
        return metrics.over_time(frame, self.view.part.period, self.view.grain)

    @cached_property
    def provinces(self) -> dict[str, str]:
        return frames.regions()

    def notes(self) -> list[str]:
        """What a reader must know before trusting the figures: buyers unknown, a rate that says nothing."""
        found = []
        known = metrics.coverage(self.totals)
        if known == 0:
            found.append(
                self.say(
                    "所选订单没有买家信息（文件里没有买家列），因此买家数与复购率无法计算，不显示为 0。",
                    "The orders of this slice name no buyer (their file has no such column): buyers and repurchase "
                    "cannot be known and are not shown as 0.",
                )
            )
        elif known is not None and known < 1:
            found.append(
                self.say(
                    f"只有 {known:.1%} 的订单带有买家信息；买家数与复购率只按这些订单计算。",
                    f"Only {known:.1%} of the orders name a buyer; buyers and repurchase are counted over those.",
                )
            )
        if metrics.is_degenerate(self.totals):
            found.append(
                self.say(
                    "这段时间里几乎每个买家都在不同日期多次下单，像是按期补货的经销商：整段复购率接近 100%，已没有区"
                    "分度。请看按月或按品类的复购率。",
                    "Nearly every buyer of this period ordered on several days, as restocking distributors do: the "
                    "rate of the whole period is close to 100% and tells nothing apart. Read it by month or by "
                    "category.",
                )
            )
        return found

    def over_time(
        self, key: str, title: str, note: str, series: Sequence[Series], columns: Sequence[str], unit: Unit, **look: Any
    ) -> Chart:
        """A chart of the timeline: a line of the table a bucket."""
        figure = None
        if not self.is_empty:
            figure = figures.over_time(
                buckets(self.view.part.period, self.view.grain),
                series,
                unit=unit,
                grain=self.view.grain,
                lang=self.view.lang,
            )
        return Chart(key, title, note, *self.bucket_lines(self.timeline, self.view.grain, columns), figure, **look)

    def bucket_lines(
        self, timeline: pd.DataFrame, grain: Grain, keys: Sequence[str]
    ) -> tuple[tuple[Column, ...], tuple[Line, ...]]:
        """The table of a timeline: its first column names the bucket."""
        columns = metric_columns(keys, self.view.lang)
        period = self.view.part.period
        lines = tuple(
            Line(
                (bucket_name(bounds(row["bucket"], grain, period), grain), *cells(row, columns)),
                _days(bounds(row["bucket"], grain, period)),
            )
            for row in timeline.to_dict("records")
        )
        names = {
            Grain.DAY: self.say("日期", "Day"),
            Grain.WEEK: self.say("周", "Week"),
            Grain.MONTH: self.say("月份", "Month"),
        }
        return (Column("bucket", names[grain], Unit.TEXT), *columns), lines

    def ranked(
        self,
        key: str,
        title: str,
        note: str,
        frame: pd.DataFrame,
        *,
        heading: str,
        name: Callable[[Mapping[str, Any]], str],
        narrow: Callable[[Mapping[str, Any]], dict[str, str]],
        by: str = "gmv",
        columns: Sequence[str] = CELLS,
        **look: Any,
    ) -> Chart:
        """Groups from the largest to the smallest: the first as bars, all of them as a table."""
        ordered = metrics.ranked(metrics.measures(frame), by)
        rows = ordered.head(LINES_MAX).to_dict("records")
        shown = rows[:BARS_MAX]
        figure = None
        if shown:
            values = [number(row[by]) for row in shown]
            unit = METRICS[by].unit
            figure = figures.ranked([name(row) for row in shown], values, unit=unit, lang=self.view.lang)
        lines = tuple(Line((name(row), *cells(row, self.columns(columns))), narrow(row)) for row in rows)
        heads = (Column("name", heading, Unit.TEXT), *self.columns(columns))
        look.setdefault("height", max(3, len(shown)) * BAR_PIXELS + 24)
        return Chart(key, title, note, heads, lines, figure, **look)

    def columns(self, keys: Sequence[str]) -> tuple[Column, ...]:
        """Columns of metrics, and of a group's share of the whole."""
        share = Column(
            "share",
            self.say("占比", "Share"),
            Unit.RATE,
            self.say("该行 ÷ 全部行之和。", "This row ÷ the sum of all rows."),
        )
        return tuple(share if key == "share" else metric_columns([key], self.view.lang)[0] for key in keys)

    def place(self, code: Any, names: Mapping[str, str]) -> str:
        """A division's name; rows without one say so."""
        return self.say("未识别地区", "Unknown region") if code_of(code) == "-" else names.get(str(code), str(code))

    def goods(self, row: Mapping[str, Any]) -> dict[str, str]:
        """The filters that lead to a category's rows: an imported one is one of its group."""
        category = {"category": code_of(row["category"])}
        return category if self.is_own else {"category_group": code_of(row["category_group"])} | category

    def word(self, value: Any) -> str:
        """A name from a file; rows without one say so."""
        return self.say("未填写", "Not given") if code_of(value) == "-" else str(value)

    def by_province(self, frame: pd.DataFrame, **look: Any) -> Chart:
        return self.ranked(
            "province",
            self.say("各省份支付 GMV", "GMV by province"),
            self.say("按收货省份；点一条看它的订单行。", "By province of delivery; a bar leads to its rows."),
            frame,
            heading=self.say("省份", "Province"),
            name=lambda row: self.place(row["province_code"], self.provinces),
            narrow=lambda row: {"province": code_of(row["province_code"])},
            **look,
        )

    def by_sales_region(self, frame: pd.DataFrame, **look: Any) -> Chart:
        return self.ranked(
            "sales_region",
            self.say("各大区支付 GMV", "GMV by sales region"),
            self.say("大区是文件里商家自己的划分。", "Sales regions are the merchant's own, as its files give them."),
            frame,
            heading=self.say("大区", "Sales region"),
            name=lambda row: self.word(row["sales_region"]),
            narrow=lambda row: {"sales_region": code_of(row["sales_region"])},
            **look,
        )

    def by_product(self, frame: pd.DataFrame, **look: Any) -> Chart:
        return self.ranked(
            "product",
            self.say("商品支付 GMV 排行", "GMV by product"),
            self.say("前十名；完整名单见数据表。", "The first ten; the table has more."),
            frame,
            heading=self.say("商品", "Product"),
            name=self.product_name,
            narrow=lambda row: {"product": code_of(row["product_code"] or row["product_name"])},
            **look,
        )

    def product_name(self, row: Mapping[str, Any]) -> str:
        names = [str(row[key]) for key in ("product_name", "product_code") if row[key]]
        return " · ".join(dict.fromkeys(names)) or self.word(None)


def bucket_name(days: Period, grain: Grain) -> str:
    """How a bucket reads in a table: the day, the month, or the days of the week it covers."""
    if grain is Grain.DAY:
        return days.start.isoformat()
    return f"{days.start:%Y-%m}" if grain is Grain.MONTH else f"{days.start} – {days.end:%m-%d}"


def _days(days: Period) -> dict[str, str]:
    return {"from": days.start.isoformat(), "to": days.end.isoformat()}


def values(frame: pd.DataFrame, key: str) -> list[float | None]:
    """A column as numbers with gaps."""
    return [None if pd.isna(value) else float(value) for value in frame[key]]
