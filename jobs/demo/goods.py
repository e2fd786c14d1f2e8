"""What the invented merchants sell, and where the invented buyers live."""

import random
from dataclasses import dataclass
from functools import cache
from typing import Any

from models.rules import region


@dataclass(frozen=True, slots=True)
class Item:
    """One kind of goods; cost and commission in bps of the price."""

    code: str
    title: str
    category: str
    price_fen: int
    cost_bps: int
    commission_bps: int
    weight: int = 5


MERCHANTS = (
    ("shanlan", "山岚日化", "SL", "linear"),
    ("nanfeng", "南风食品", "NF", "triple"),
    ("yunqi", "云栖家居", "YQ", "triple"),
)
"""Code, name, matrix and template of each merchant."""

ITEMS: dict[str, tuple[Item, ...]] = {
    "SL": (
        Item("SL-101", "山茶花精华水 200ml", "爽肤水", 16_900, 4200, 2200, 9),
        Item("SL-102", "积雪草舒缓面膜 10片", "面膜", 8_900, 4000, 2400, 14),
        Item("SL-103", "神经酰胺修护面霜 50g", "面霜", 23_900, 3900, 2500, 8),
        Item("SL-104", "氨基酸洁面乳 120g", "洁面乳", 6_900, 4500, 2000, 11),
        Item("SL-105", "轻盈防晒霜 50ml", "防晒霜", 12_900, 4300, 2200, 10),
        Item("SL-201", "丝绒口红 豆沙色", "口红", 13_900, 3800, 2600, 7),
        Item("SL-202", "持妆粉底液 30ml", "粉底", 18_900, 4100, 2300),
    ),
    "NF": (
        Item("NF-301", "云南小粒咖啡豆 454g", "咖啡", 7_900, 5200, 1500, 10),
        Item("NF-302", "凤凰单丛 蜜兰香 100g", "茶叶", 12_800, 4800, 1900, 6),
        Item("NF-401", "每日坚果 30包", "坚果", 11_900, 5600, 1400, 12),
        Item("NF-402", "冻干草莓脆 5袋", "果干", 4_590, 5400, 1500, 10),
        Item("NF-501", "五常大米 10斤", "大米", 6_990, 6400, 900, 8),
        Item("NF-502", "冷榨亚麻籽油 500ml", "食用油", 8_800, 5500, 1400),
    ),
    "YQ": (
        Item("YQ-601", "全棉四件套 1.8米", "床品", 39_900, 4600, 2000, 6),
        Item("YQ-602", "桑蚕丝枕套 一对", "床品", 25_900, 4400, 2100),
        Item("YQ-603", "竹纤维毛巾 4条", "毛巾", 5_900, 4900, 1600, 10),
        Item("YQ-604", "恒温养生壶 1.5升", "小家电", 19_900, 5800, 1300, 7),
        Item("YQ-605", "桌面收纳三件套", "收纳", 8_900, 5000, 1600, 8),
    ),
}
BUSY = ("440100", "440300", "330100", "320100", "310100", "110100", "500100", "510100", "420100", "350100")
"""Cities that buy more than others; three of ten orders come from anywhere."""

UNREADABLE = ("幸福路 88 号（省市未填）", "老街供销社旁", "代收点 3 号柜", "东城二期 6 栋")


def item(chance: random.Random, matrix: str) -> Item:
    goods = ITEMS[matrix]
    (found,) = chance.choices(goods, weights=[one.weight for one in goods])
    return found


def address(chance: random.Random) -> tuple[str | None, dict[str, Any]]:
    """A region's code and an address; now and then none that can be resolved, or a city alone."""
    kind = chance.random()
    if kind < 0.02:
        return None, {"text": chance.choice(UNREADABLE)}
    code = chance.choice(_districts(is_near=chance.random() < 0.7))
    names = region.table()
    city = region.city_of(code) or ""
    place = {
        "province": names[code[:2] + "0000"].name,
        "city": names[city].name if city in names else "",
        "district": names[code].name,
        "detail": f"演示路 {chance.randrange(1, 400)} 号",
    }
    if kind < 0.06 and city in names:
        return city, place | {"district": ""}
    return code, place


@cache
def _districts(*, is_near: bool) -> list[str]:
    every = sorted(code for code, one in region.table().items() if one.level is region.Level.DISTRICT)
    near = {city[:4] for city in BUSY}
    return [code for code in every if code[:4] in near] if is_near else every
