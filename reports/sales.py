"""Business board: GMV, orders, and where they come from."""

from functools import cached_property

import pandas as pd

from reports import frames, metrics, sellers
from reports.board import Board, values
from reports.charts import Chart
from reports.figures import GOLD, GREEN, SLATE, Series
from reports.frames import Key
from reports.numbers import Unit
from reports.slices import Grain


class Sales(Board):
    """GMV over time and by category, province, region, shop and product."""

    key = "business"
    metrics = (
        *("gmv", "net_gmv", "refund", "refund_rate", "average_order"),
        *("orders", "pieces", "buyers", "repeat_buyers", "repurchase"),
    )
    charts = ("trend", "orders", "category", "province", "sales_region", "shop", "product")
    own_charts = ("trend", "orders", "category", "province", "scene", "level", "rank", "network", "product")

    @cached_property
    def mix(self) -> dict[str, pd.DataFrame]:
        """The sums by each dimension, from one scan."""
        sets = {
            "category": (Key.CATEGORY_GROUP, Key.CATEGORY),
            "province": (Key.PROVINCE,),
            "sales_region": (Key.SALES_REGION,),
            "shop": (Key.SHOP,),
            "product": (Key.PRODUCT_CODE, Key.PRODUCT_NAME),
            **{dimension.name: (dimension.key,) for dimension in sellers.DIMENSIONS if self.is_own},
        }
        return dict(zip(sets, frames.summed(self.view.part, *sets.values()), strict=True))

    def trend(self) -> Chart:
        series = [
            Series(self.say("支付 GMV", "GMV"), values(self.timeline, "gmv"), "bar"),
            Series(self.say("净 GMV", "Net GMV"), values(self.timeline, "net_gmv"), "line", GOLD),
        ]
        if self.view.grain is Grain.DAY and any(self._before):
            series.append(Series(self.say("上期支付 GMV", "GMV the period before"), self._before, "ghost", SLATE))
        columns = ("gmv", "net_gmv", "refund", "refund_rate", "orders", "buyers", "pieces", "average_order")
        note = self.say(
            "没有支付的日子留空，不画成 0。", "Days without a payment are left open rather than drawn as 0."
        )
        title = self.say("支付 GMV 走势", "GMV over time")
        return self.over_time("trend", title, note, series, columns, Unit.YUAN, height=340, is_wide=True)

    @cached_property
    def _before(self) -> list[float | None]:
        part = self.view.part.before()
        (frame,) = frames.summed(part, (Grain.DAY,))
        return values(metrics.over_time(metrics.measures(frame), part.period, Grain.DAY), "gmv")

    def orders(self) -> Chart:
        series = [
            Series(self.say("支付订单", "Paid orders"), values(self.timeline, "orders"), "line"),
            Series(self.say("支付买家", "Buyers"), values(self.timeline, "buyers"), "line", GREEN),
        ]
        if not any(series[1].values):
            series.pop()
        title = self.say("订单与买家", "Orders and buyers")
        note = self.say("每个时间段内去重。", "Distinct within each bucket.")
        return self.over_time("orders", title, note, series, ("orders", "buyers", "orders_per_buyer"), Unit.COUNT)

    def category(self) -> Chart:
        return self.ranked(
            "category",
            self.say("各品类支付 GMV", "GMV by category"),
            self.say(
                "一单多种商品时，实付按各行货款分摊到品类。",
                "What was paid for an order of several goods is split by what each line costs.",
            )
            if self.is_own
            else self.say("小类，括号内为大类。", "Categories with their group in brackets."),
            self.mix["category"],
            heading=self.say("品类", "Category"),
            name=lambda row: self.word(row["category"]),
            narrow=self.goods,
        )

    def province(self) -> Chart:
        return self.by_province(self.mix["province"])

    def sales_region(self) -> Chart:
        return self.by_sales_region(self.mix["sales_region"])

    def shop(self) -> Chart:
        names = frames.shops(self.view.part.scope)
        return self.ranked(
            "shop",
            self.say("各店铺支付 GMV", "GMV by shop"),
            self.say("店铺即导入时选择的店铺。", "The shop chosen when the file was imported."),
            self.mix["shop"],
            heading=self.say("店铺", "Shop"),
            name=lambda row: names.get(row["shop_id"], str(row["shop_id"])),
            narrow=lambda row: {"shop": str(row["shop_id"])},
        )

    def scene(self) -> Chart:
        return sellers.ranked(self, sellers.SCENE, self.mix["scene"])

    def level(self) -> Chart:
        return sellers.ranked(self, sellers.LEVEL, self.mix["level"])

    def rank(self) -> Chart:
        return sellers.ranked(self, sellers.RANK, self.mix["rank"])

    def network(self) -> Chart:
        return sellers.ranked(self, sellers.NETWORK, self.mix["network"])

    def product(self) -> Chart:
        return self.by_product(self.mix["product"])
