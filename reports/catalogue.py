"""Category board: what sells, how it moves, what comes back."""

from functools import cached_property

import pandas as pd

from reports import figures, frames, metrics
from reports.board import Board, bucket_name, values
from reports.charts import Chart, Column, Line, cell
from reports.figures import PALETTE, Series
from reports.frames import Key
from reports.numbers import Unit
from reports.slices import bounds, buckets

CELLS = ("gmv", "share", "net_gmv", "refund_rate", "pieces", "average_piece", "orders", "buyers", "repurchase")
GROUPS_MAX = 6


class Catalogue(Board):
    """Groups over time, categories and products by GMV and pieces."""

    key = "catalogue"
    metrics = ("gmv", "pieces", "average_piece", "refund_rate", "orders", "repurchase")
    charts = ("groups", "category", "pieces", "product")
    own_charts = charts

    @cached_property
    def by_category(self) -> pd.DataFrame:
        return frames.measured(self.view.part, Key.CATEGORY_GROUP, Key.CATEGORY)

    @cached_property
    def mix(self) -> list[pd.DataFrame]:
        return frames.summed(
            self.view.part,
            (self.view.grain, self.family),
            (Key.CATEGORY_GROUP, Key.CATEGORY, Key.PRODUCT_CODE, Key.PRODUCT_NAME),
        )

    @property
    def family(self) -> Key:
        """What is told apart by colour: groups of categories, which own orders do not have."""
        return Key.CATEGORY if self.is_own else Key.CATEGORY_GROUP

    def groups(self) -> Chart:
        """GMV over time, a colour a group; the smallest groups are one."""
        frame = metrics.measures(self.mix[0])
        names = frame[self.family].map(self.word)
        sizes = frame.groupby(names)["gmv"].sum().sort_values(ascending=False, kind="stable")
        kept = list(sizes.index[:GROUPS_MAX])
        others = self.say("其他", "Others")
        table = frame.assign(name=names.where(names.isin(kept), others)).pivot_table(
            index="bucket", columns="name", values="gmv", aggfunc="sum"
        )
        shown = [*kept, *([others] if len(sizes) > GROUPS_MAX else [])]
        period, grain = self.view.part.period, self.view.grain
        days = buckets(period, grain)
        table = table.reindex(index=days, columns=shown)
        series = [
            Series(name, values(table, name), "bar", PALETTE[place % len(PALETTE)]) for place, name in enumerate(shown)
        ]
        lines = tuple(
            Line(
                (bucket_name(bounds(day, grain, period), grain), *(cell(table.at[day, name]) for name in shown)),
                {
                    "from": bounds(day, grain, period).start.isoformat(),
                    "to": bounds(day, grain, period).end.isoformat(),
                },
            )
            for day in days
        )
        return Chart(
            "groups",
            self.say("品类支付 GMV 走势", "GMV of categories over time")
            if self.is_own
            else self.say("大类支付 GMV 走势", "GMV of category groups over time"),
            self.say("没有支付的日子留空。", "Days without a payment are left open."),
            (Column("bucket", self.say("时间", "Time"), Unit.TEXT), *(Column(name, name, Unit.YUAN) for name in shown)),
            lines,
            figures.stacked(days, series, unit=Unit.YUAN, grain=grain, lang=self.view.lang) if series else None,
            height=340,
            is_wide=True,
        )

    def category(self) -> Chart:
        return self._categories("category", self.say("各品类支付 GMV", "GMV by category"), "gmv")

    def pieces(self) -> Chart:
        return self._categories("pieces", self.say("各品类件数", "Pieces by category"), "pieces")

    def product(self) -> Chart:
        columns = ("gmv", "share", "net_gmv", "refund", "refund_rate", "pieces", "average_piece")
        return self.by_product(self.mix[1], columns=columns, is_wide=True)

    def _categories(self, key: str, title: str, by: str) -> Chart:
        return self.ranked(
            key,
            title,
            self.say(
                "按小类；表中复购率只看该品类的订单。",
                "By category; the repurchase rate of the table looks at the category alone.",
            ),
            self.by_category,
            heading=self.say("品类", "Category"),
            name=lambda row: self.word(row["category"]),
            narrow=self.goods,
            by=by,
            columns=CELLS,
        )
