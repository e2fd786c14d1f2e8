"""Promoters board: who sells, how much of it so few of them sell, who is new, who holds which rank."""

from collections import defaultdict
from datetime import date
from functools import cached_property

import pandas as pd

from models.queries import promoter as queries
from models.queries.promoter import Among
from models.rules import shanghai
from models.rules.standing import Rank
from reports import figures, frames, growth, metrics, sellers
from reports.board import LINES_MAX, Board, bucket_name, values
from reports.charts import Chart, Column, Line, code_of, metric_columns
from reports.figures import GOLD, GREEN, Series
from reports.frames import Key
from reports.numbers import Unit
from reports.slices import Grain, Slice, bounds, buckets, opening

CELLS = ("gmv", "share", "net_gmv", "refund_rate", "orders", "average_order", "buyers", "repurchase")


class Promoters(Board):
    """Sellers of own orders, a merchant's preset showcases among them."""

    key = "promoters"
    metrics = ("gmv", "net_gmv", "sellers", "first_sellers", "sales_per_seller", "orders")
    charts = ()
    own_charts = ("seller", "concentration", "ranks", "weeks")

    @cached_property
    def totals(self) -> pd.DataFrame:
        return self._counted(self.view.part)

    @cached_property
    def totals_before(self) -> pd.DataFrame:
        return self._counted(self.view.part.before())

    def _counted(self, part: Slice) -> pd.DataFrame:
        return pd.concat([frames.measured(part), frames.sellers(part)], axis="columns")

    @cached_property
    def each(self) -> pd.DataFrame:
        """Every seller of the slice, the largest first."""
        return metrics.ranked(metrics.measures(frames.measured(self.view.part, Key.SELLER)), "gmv")

    @property
    def grain(self) -> Grain:
        """Who sells at all is told by the week; by the month where months are asked for."""
        return Grain.WEEK if self.view.grain is Grain.DAY else self.view.grain

    @property
    def among(self) -> Among:
        part = self.view.part
        return Among(
            merchant_id=part.scope.merchant_id, matrix_id=part.network, level=part.level, rank=part.rank
        )  # fmt: skip

    def seller(self) -> Chart:
        """The sellers by what they sold; a line leads to the member's page."""
        codes = queries.codes([int(one) for one in self.each["seller_id"].head(LINES_MAX)])
        return self.ranked(
            "seller",
            self.say("推广者支付 GMV 排行", "GMV by promoter"),
            self.say(
                "前十名，数据表列到第 400 名；点一条打开这位会员。商家的预设橱窗也在内。",
                "The first ten, the table has 400; a bar opens the member. Presets of merchants are among them.",
            ),
            frames.measured(self.view.part, Key.SELLER),
            heading=self.say("推广者", "Promoter"),
            name=lambda row: codes.get(row["seller_id"], code_of(row["seller_id"])),
            narrow=lambda row: {"member": code_of(row["seller_id"]), "seller": codes.get(row["seller_id"], "")},
            columns=CELLS,
            is_wide=True,
        )

    def concentration(self) -> Chart:
        """How much of the net GMV the best selling 1, 5 and 20 percent of the sellers have."""
        sold = [int(fen) for fen in self.each["net_gmv"]]
        parts = {percent: growth.top_share(sold, len(sold), percent) for percent in growth.TOPS}
        people = {percent: max(1, len(sold) * percent // 100) for percent in growth.TOPS}
        names = [self.say(f"前 {percent}%", f"Top {percent}%") for percent in growth.TOPS]
        is_empty = parts[growth.TOPS[0]] is None
        figure = figures.ranked(names, list(parts.values()), unit=Unit.RATE, lang=self.view.lang)
        return Chart(
            "concentration",
            self.say("销售集中度", "How concentrated sales are"),
            self.say(
                f"净 GMV 最高的那部分卖家占全部净 GMV 的比例；以周期内有订单的 {len(sold):,} 名卖家为底，至少 1 人。",
                f"Of the net GMV, what the best sellers have; of the {len(sold):,} with an order, at least one person.",
            ),
            (
                Column("top", self.say("卖家", "Sellers"), Unit.TEXT),
                Column("people", self.say("人数", "People"), Unit.COUNT),
                Column("share", self.say("占净 GMV", "Of net GMV"), Unit.RATE),
            ),
            ()
            if is_empty
            else tuple(
                Line((name, people[top], parts[top])) for name, top in zip(names, growth.TOPS, strict=True)
            ),  # fmt: skip
            None if is_empty else figure,
            height=200,
        )

    def ranks(self) -> Chart:
        """How many promoters hold each rank now."""
        held = queries.ranks(self.among)
        order = [None, *Rank]
        names = [sellers.RANK.word(rank, self.view.lang) for rank in order]
        counts = [float(held.get(rank, 0)) for rank in order]
        return Chart(
            "ranks",
            self.say("推广者职级分布", "Promoters by rank"),
            self.say(
                "现在正常与冻结的推广者，不含预设橱窗；只受网络、层级、职级筛选影响。",
                "Active and frozen promoters of now, presets aside; only network, level and rank narrow them.",
            ),
            (
                Column("rank", sellers.RANK.title(self.view.lang), Unit.TEXT),
                Column("people", self.say("人数", "People"), Unit.COUNT),
            ),
            tuple(
                Line((name, count), {"members": code_of(rank), "rank": code_of(rank)})
                for name, count, rank in zip(names, counts, order, strict=True)
            ),
            figures.ranked(names, counts, unit=Unit.COUNT, lang=self.view.lang) if sum(counts) else None,
            height=200,
        )

    def weeks(self) -> Chart:
        """Who sold, who sold for the first time and who qualified, bucket by bucket."""
        period, grain = self.view.part.period, self.grain
        days = buckets(period, grain)
        found = metrics.over_time(frames.sellers(self.view.part, grain), period, grain)
        found["qualified"] = self._qualified(days)
        keys = ("sellers", "first_sellers", "qualified")
        columns = metric_columns(keys, self.view.lang)
        series = [
            Series(column.title, values(found, key), look, colour)
            for column, key, look, colour in zip(
                columns, keys, ("bar", "line", "line"), (figures.BLUE, GOLD, GREEN), strict=True
            )
        ]
        lines = tuple(
            Line((bucket_name(inside, grain), *(values(found, key)[place] for key in keys)), narrow)
            for place, inside in enumerate(bounds(day, grain, period) for day in days)
            for narrow in [{"from": inside.start.isoformat(), "to": inside.end.isoformat()}]
        )
        return Chart(
            "weeks",
            self.say("每周动销与新增推广者", "Active and new promoters"),
            self.say(
                "一周内有支付订单的卖家为动销；最短按周。「通过准入」只受网络、层级、职级筛选影响。",
                "A seller with a paid order in the week is active; only network, level and rank narrow who qualified.",
            ),
            (Column("bucket", self.say("时间", "Time"), Unit.TEXT), *columns),
            lines,
            figures.over_time(days, series, unit=Unit.COUNT, grain=grain, lang=self.view.lang),
            is_wide=True,
        )

    def _qualified(self, days: list[date]) -> list[int]:
        period = self.view.part.period
        since, until = shanghai.begins(period.start), shanghai.begins(period.end + frames.DAY)
        found: dict[date, int] = defaultdict(int)
        for day, people in queries.qualified(self.among, since=since, until=until).items():
            found[opening(day, self.grain)] += people
        return [found[day] for day in days]
