"""Repurchase board: who comes back, when, for what, from where."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import pandas as pd

from reports import figures, frames, metrics, sellers
from reports.board import Board, bucket_name, values
from reports.charts import Chart, Column, Line, cell, cells, code_of, number
from reports.frames import REPEAT_DAYS_MAX, Key
from reports.numbers import Unit, exact
from reports.sellers import Dimension
from reports.slices import Grain, bounds, buckets

CELLS = ("repurchase", "repeat_buyers", "buyers", "orders", "orders_per_buyer", "gmv")
COHORTS_MAX = 13


class Repurchase(Board):
    """The rate over time, by category and region, and the months buyers come back in."""

    key = "repurchase"
    metrics = ("repurchase", "buyers", "repeat_buyers", "orders_per_buyer", "orders", "average_order")
    charts = ("rate", "category", "province", "frequency", "sales_region", "cohort")
    own_charts = ("rate", "category", "province", "scene", "level", "rank", "frequency", "cohort")

    @property
    def grain(self) -> Grain:
        """Nobody can come back on another day within one day: weeks are the finest bucket."""
        return Grain.WEEK if self.view.grain is Grain.DAY else self.view.grain

    @property
    def has_buyers(self) -> bool:
        return bool(self.totals["buyers"].iloc[0])

    @property
    def nobody(self) -> str:
        return self.say("无买家信息", "No buyer is known")

    def rate(self) -> Chart:
        frame = metrics.measures(frames.measured(self.view.part, grain=self.grain))
        period = self.view.part.period
        found = metrics.over_time(frame, period, self.grain)
        hints = [
            f"{bucket_name(bounds(row['bucket'], self.grain, period), self.grain)}<br>{self._hint(row)}"
            for row in found.to_dict("records")
        ]
        figure = None
        if self.has_buyers:
            figure = figures.rates_over_time(
                buckets(period, self.grain), values(found, "repurchase"), hints, grain=self.grain, lang=self.view.lang
            )
        return Chart(
            "rate",
            self.say("各时间段复购率", "Repurchase rate over time"),
            self.say(
                "每一段各自计算：该段内在两个或以上不同日期有支付订单的买家 ÷ 该段支付买家。最短按周。",
                "Each bucket by itself: its buyers with paid orders on two or more distinct days ÷ its buyers. A "
                "week is the shortest.",
            )
            if self.has_buyers
            else self.nobody,
            *self.bucket_lines(found, self.grain, CELLS),
            figure,
            is_wide=True,
        )

    def category(self) -> Chart:
        return self._rates(
            "category",
            self.say("各品类复购率", "Repurchase rate by category"),
            self.say(
                "只看该品类的订单：在两个或以上不同日期买过它的买家 ÷ 买过它的买家。",
                "Within the category: buyers who bought it on two or more distinct days ÷ buyers who bought it.",
            ),
            frames.measured(self.view.part, Key.CATEGORY_GROUP, Key.CATEGORY),
            Column("category", self.say("品类", "Category"), Unit.TEXT),
            self.goods,
            self.word,
        )

    def province(self) -> Chart:
        return self._rates(
            "province",
            self.say("各省份复购率", "Repurchase rate by province"),
            self.say(
                "只看发往该省的订单；前十二名，完整名单见数据表。",
                "Orders to the province alone; the first twelve, the table has all.",
            ),
            frames.measured(self.view.part, Key.PROVINCE),
            Column("province_code", self.say("省份", "Province"), Unit.TEXT),
            lambda row: {"province": code_of(row["province_code"])},
            lambda code: self.place(code, self.provinces),
        )

    def sales_region(self) -> Chart:
        return self._rates(
            "sales_region",
            self.say("各大区复购率", "Repurchase rate by sales region"),
            self.say("大区是文件里商家自己的划分。", "Sales regions are the merchant's own, as its files give them."),
            frames.measured(self.view.part, Key.SALES_REGION),
            Column("sales_region", self.say("大区", "Sales region"), Unit.TEXT),
            lambda row: {"sales_region": code_of(row["sales_region"])},
            self.word,
        )

    def scene(self) -> Chart:
        return self._of_sellers(
            sellers.SCENE, self.say("各场景复购率", "Repurchase rate by scene"),
            self.say("只看该场景的订单。", "Orders of the scene alone."),
        )  # fmt: skip

    def level(self) -> Chart:
        return self._of_sellers(
            sellers.LEVEL, self.say("各层级复购率", "Repurchase rate by level"),
            self.say("只看卖家在该层的订单。", "Orders sold on the level alone."),
        )  # fmt: skip

    def rank(self) -> Chart:
        return self._of_sellers(
            sellers.RANK, self.say("各职级复购率", "Repurchase rate by rank"),
            self.say("只看卖家现为该职级的订单。", "Orders of sellers who hold the rank now."),
        )  # fmt: skip

    def _of_sellers(self, dimension: Dimension, title: str, note: str) -> Chart:
        return self._rates(
            dimension.name,
            title,
            note,
            frames.measured(self.view.part, dimension.key),
            Column(dimension.key, dimension.title(self.view.lang), Unit.TEXT),
            dimension.narrow,
            lambda value: dimension.word(value, self.view.lang),
        )

    def frequency(self) -> Chart:
        frame = frames.frequency(self.view.part)
        counts = dict(zip(frame["days"], frame["buyers"], strict=True))
        total = sum(counts.values())
        rows = []
        for days in range(1, REPEAT_DAYS_MAX + 1):
            name = self.say(f"{days} 天", f"{days} days") if days > 1 else self.say("1 天", "1 day")
            name = name if days < REPEAT_DAYS_MAX else self.say(f"{days} 天及以上", f"{days} days or more")
            rows.append((name, float(counts.get(days, 0)), counts.get(days, 0) / total if total else None))
        figure = None
        if self.has_buyers:
            figure = figures.ranked(
                [row[0] for row in rows], [row[1] for row in rows], unit=Unit.COUNT, lang=self.view.lang
            )
        return Chart(
            "frequency",
            self.say("买家的下单天数", "Days on which buyers ordered"),
            self.say("周期内每位买家有支付订单的不同日期数。", "Distinct days with a paid order, buyer by buyer.")
            if self.has_buyers
            else self.nobody,
            (
                Column("days", self.say("下单天数", "Days"), Unit.TEXT),
                Column("buyers", self.say("买家数", "Buyers"), Unit.COUNT),
                Column("share", self.say("占比", "Share"), Unit.RATE),
            ),
            tuple(Line(row) for row in rows) if total else (),
            figure,
            height=250,
        )

    def cohort(self) -> Chart:
        found = self._retention.tail(COHORTS_MAX)
        steps = [step for step in found.columns if step != "size"]
        lines, hints, indexes = [], [], []
        for place, (cohort, row) in enumerate(found.iterrows()):
            month = bounds(cohort, Grain.MONTH, self.view.part.period)
            narrow = {"from": month.start.isoformat(), "to": month.end.isoformat()}
            lines.append(Line((f"{cohort:%Y-%m}", float(row["size"]), *(cell(row[step]) for step in steps)), narrow))
            hints.append([self._cohort_hint(cohort, step, row) for step in steps])
            indexes.append([place] * len(steps))
        figure = None
        if lines:
            figure = figures.heat(
                [str(line.cells[0]) for line in lines],
                [f"+{step}" if step else self.say("首月", "First") for step in steps],
                [[number(row[step]) for step in steps] for _, row in found.iterrows()],
                hints,
                indexes,
            )
        columns = [
            Column(str(step), self.say(f"第 {step} 个月后", f"{step} months later"), Unit.RATE) for step in steps
        ]
        return Chart(
            "cohort",
            self.say("首购月份的回访", "Cohorts by month of first order"),
            self.say(
                "每行是所选周期内首次支付在该月的买家；每格是其中在之后第几个月又有支付订单的比例。周期之前的购买不"
                "计入首购。",
                "Each row holds the buyers whose first payment in the period fell in that month; each cell the "
                "share that paid again so many months later. Purchases before the period are not looked at.",
            )
            if lines
            else self.nobody,
            (
                Column("cohort", self.say("首购月份", "First month"), Unit.TEXT),
                Column("size", self.say("买家数", "Buyers"), Unit.COUNT),
                *columns,
            ),
            tuple(lines),
            figure,
            height=64 + 36 * max(3, len(lines)),
            is_wide=True,
        )

    @cached_property
    def _retention(self) -> pd.DataFrame:
        return metrics.retention(frames.cohorts(self.view.part))

    def _cohort_hint(self, cohort: Any, step: int, row: Any) -> str:
        rate = cell(row[step])
        if not isinstance(rate, float):
            return ""
        again = exact(rate * float(row["size"]), Unit.COUNT)
        size = exact(float(row["size"]), Unit.COUNT)
        return self.say(
            f"{cohort:%Y-%m} 首购 {size} 人，第 {step} 个月后 {again} 人回来",
            f"{cohort:%Y-%m}: {again} of {size} paid {step} months later",
        )

    def _rates(
        self,
        key: str,
        title: str,
        note: str,
        frame: pd.DataFrame,
        head: Column,
        narrow: Callable[[Mapping[str, Any]], dict[str, str]],
        name: Callable[[Any], str],
    ) -> Chart:
        """The rate of every group with buyers, highest first."""
        found = metrics.measures(frame[frame["buyers"] > 0]).sort_values("repurchase", ascending=False, kind="stable")
        rows = found.to_dict("records")
        columns = self.columns(CELLS)
        lines = tuple(
            Line(
                (name(row[head.key]), *cells(row, columns)),
                narrow(row),
            )
            for row in rows
        )
        shown = rows[:12]
        figure = None
        if shown:
            names = [name(row[head.key]) for row in shown]
            rates = [number(row["repurchase"]) for row in shown]
            figure = figures.ranked(names, rates, unit=Unit.RATE, lang=self.view.lang)
            figure["data"][0]["hovertext"] = [
                f"{label}<br>{self._hint(row)}" for label, row in zip(names, shown, strict=True)
            ]
        height = max(3, len(shown)) * 34 + 24
        return Chart(key, title, note if lines else self.nobody, (head, *columns), lines, figure, height=height)

    def _hint(self, row: Mapping[str, Any]) -> str:
        if pd.isna(row["repurchase"]):
            return self.nobody
        buyers, repeat = exact(row["buyers"], Unit.COUNT), exact(row["repeat_buyers"], Unit.COUNT)
        rate = exact(row["repurchase"], Unit.RATE)
        return self.say(f"复购率 {rate}（{repeat} ÷ {buyers} 位买家）", f"{rate} ({repeat} ÷ {buyers} buyers)")
