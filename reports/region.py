"""Region board: where the orders go, as a grid of squares and as ranked bars. No outline is drawn, so none is wrong."""

from functools import cached_property
from typing import Any

import pandas as pd

from reports import figures, frames, metrics
from reports.board import Board
from reports.charts import Chart, Column, Line, cells, code_of
from reports.figures import Square
from reports.frames import Key
from reports.numbers import Unit, compact, exact
from reports.slices import ABSENT

CELLS = ("gmv", "share", "net_gmv", "refund_rate", "orders", "buyers", "repurchase", "average_order")

# Cities under no province: their rows carry no city of their own.
MUNICIPALITIES = ("110000", "120000", "310000", "500000")

# code, row, column, short name, short English name: neighbours stay neighbours as far as squares allow.
PROVINCES = (
    ("230000", 0, 8, "黑龙江", "HLJ"),
    ("150000", 1, 5, "内蒙古", "NMG"),
    ("220000", 1, 8, "吉林", "JL"),
    ("650000", 2, 0, "新疆", "XJ"),
    ("620000", 2, 2, "甘肃", "GS"),
    ("640000", 2, 3, "宁夏", "NX"),
    ("140000", 2, 4, "山西", "SX"),
    ("130000", 2, 5, "河北", "HE"),
    ("110000", 2, 6, "北京", "BJ"),
    ("120000", 2, 7, "天津", "TJ"),
    ("210000", 2, 8, "辽宁", "LN"),
    ("540000", 3, 0, "西藏", "XZ"),
    ("630000", 3, 1, "青海", "QH"),
    ("610000", 3, 3, "陕西", "SN"),
    ("410000", 3, 5, "河南", "HA"),
    ("370000", 3, 6, "山东", "SD"),
    ("510000", 4, 2, "四川", "SC"),
    ("500000", 4, 3, "重庆", "CQ"),
    ("420000", 4, 4, "湖北", "HB"),
    ("340000", 4, 5, "安徽", "AH"),
    ("320000", 4, 6, "江苏", "JS"),
    ("310000", 4, 7, "上海", "SH"),
    ("530000", 5, 2, "云南", "YN"),
    ("520000", 5, 3, "贵州", "GZ"),
    ("430000", 5, 4, "湖南", "HN"),
    ("360000", 5, 5, "江西", "JX"),
    ("330000", 5, 6, "浙江", "ZJ"),
    ("450000", 6, 4, "广西", "GX"),
    ("440000", 6, 5, "广东", "GD"),
    ("350000", 6, 6, "福建", "FJ"),
    ("710000", 6, 7, "台湾", "TW"),
    ("460000", 7, 4, "海南", "HI"),
    ("820000", 7, 5, "澳门", "MO"),
    ("810000", 7, 6, "香港", "HK"),
)


class Area(Board):
    """Provinces, cities and the merchants' own sales regions."""

    key = "region"
    metrics = ("gmv", "net_gmv", "orders", "buyers", "repurchase", "average_order")
    charts = ("map", "province", "city", "sales_region")
    own_charts = ("map", "province", "city")

    @cached_property
    def by_code(self) -> pd.DataFrame:
        return frames.measured(self.view.part, Key.PROVINCE)

    @cached_property
    def mix(self) -> list[pd.DataFrame]:
        return frames.summed(self.view.part, (Key.SALES_REGION,), (Key.PROVINCE, Key.CITY))

    def map(self) -> Chart:
        found = metrics.ranked(metrics.measures(self.by_code), "gmv")
        rows = {code_of(row["province_code"]): row for row in found.to_dict("records")}
        columns = self.columns(CELLS)
        ordered = [code for code in rows if code != ABSENT]
        lines = tuple(
            Line((self.place(code, self.provinces), *cells(rows[code], columns)), {"province": code})
            for code in ordered
        )
        squares = [self._square(place, rows.get(place[0]), ordered) for place in PROVINCES]
        return Chart(
            "map",
            self.say("省份方格图", "Provinces as squares"),
            self.say(
                "每格一个省级行政区（含台湾、香港、澳门），颜色按支付 GMV 名次由浅到深；不是地图，不表示边界。",
                "One square a provincial division, Taiwan, Hong Kong and Macao included, shaded by rank of GMV. Not "
                "a map: it shows no boundary.",
            ),
            (Column("province", self.say("省份", "Province"), Unit.TEXT), *columns),
            lines,
            figures.tiles(squares) if lines else None,
            height=420,
        )

    def province(self) -> Chart:
        return self.by_province(self.by_code, columns=CELLS, height=420)

    def city(self) -> Chart:
        names = frames.cities()
        frame = self.mix[1]
        return self.ranked(
            "city",
            self.say("城市支付 GMV 排行", "GMV by city"),
            self.say("前十名；完整名单见数据表。", "The first ten; the table has more."),
            frame,
            heading=self.say("城市", "City"),
            name=lambda row: self._city(row["province_code"], row["city_code"], names),
            narrow=lambda row: {"province": code_of(row["province_code"]), "city": code_of(row["city_code"])},
        )

    def sales_region(self) -> Chart:
        return self.by_sales_region(self.mix[0])

    def _city(self, province: str | None, city: str | None, names: dict[str, str]) -> str:
        if city:
            return self.place(city, names)
        if province in MUNICIPALITIES:
            return self.place(province, self.provinces)
        inside = self.say("（市未识别）", " (city unknown)")
        return self.place(province, self.provinces) + (inside if province else "")

    def _square(self, place: tuple[str, int, int, str, str], row: dict[str, Any] | None, ordered: list[str]) -> Square:
        code, line, column, zh, en = place
        name = self.say(zh, en)
        index = ordered.index(code) if row else None
        return Square(line, column, name, row["gmv"] if row else None, self._hint(name, row), index)

    def _hint(self, name: str, row: dict[str, Any] | None) -> str:
        if row is None:
            return self.say(f"{name}：没有支付订单", f"{name}: no paid order")
        gmv, orders = compact(row["gmv"], Unit.YUAN, self.view.lang), exact(row["orders"], Unit.COUNT)
        return self.say(
            f"{name}：{gmv}，{orders} 单，占 {row['share']:.1%}", f"{name}: {gmv}, {orders} orders, {row['share']:.1%}"
        )
