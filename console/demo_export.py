"""Order exports of invented shops: thirteen months of buyers who come back, seasons, refunds, and planted dirt.

The same seed and the same last day give the same file, byte for byte.
"""

import csv
import heapq
import io
import itertools
import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

HEADER = (
    "订单编号", "买家昵称", "订单创建时间", "订单付款时间", "省份", "城市", "商品编码", "商品名称", "大类", "小类",
    "数量", "单价", "总金额", "实付金额", "退款金额",
)  # fmt: skip
DAYS = 395
# Places with the share of orders they send; some spelled short, as shops do.
PLACES = (
    ("广东省", "广州市", 9), ("广东省", "深圳市", 9), ("广东省", "佛山市", 4), ("浙江省", "杭州市", 9),
    ("浙江省", "宁波市", 5), ("浙江省", "温州市", 4), ("江苏省", "苏州市", 7), ("江苏省", "南京市", 6),
    ("江苏省", "无锡市", 4), ("上海", "上海", 10), ("北京", "北京", 9), ("天津", "天津", 3), ("重庆", "重庆", 5),
    ("四川省", "成都市", 8), ("四川省", "绵阳市", 2), ("湖北省", "武汉市", 6), ("湖北省", "宜昌市", 2),
    ("湖南省", "长沙市", 5), ("河南省", "郑州市", 5), ("河南省", "洛阳市", 2), ("山东省", "济南市", 4),
    ("山东省", "青岛市", 5), ("福建省", "厦门市", 4), ("福建省", "泉州市", 3), ("安徽省", "合肥市", 4),
    ("陕西省", "西安市", 5), ("辽宁省", "沈阳市", 3), ("辽宁省", "大连市", 3), ("黑龙江省", "哈尔滨市", 2),
    ("河北省", "石家庄市", 3), ("江西省", "南昌市", 3), ("云南省", "昆明市", 3), ("广西壮族自治区", "南宁市", 3),
    ("贵州省", "贵阳市", 2), ("海南省", "海口市", 1), ("新疆维吾尔自治区", "乌鲁木齐市", 1),
)  # fmt: skip
# How the months of the year sell against each other: new year, 618 and double eleven.
SEASON = (0.9, 0.7, 0.95, 0.9, 1.0, 1.35, 0.85, 0.9, 1.0, 1.1, 1.7, 1.15)

# The share of rows that each kind of dirt falls on, and of those that stand in the file twice.
DIRT = {
    "unit after a quantity": 0.004,
    "unit after a price": 0.004,
    "full-width digits": 0.004,
    "blank inside a place": 0.004,
    "date with hashes": 0.002,
    "price and total missing": 0.0006,
    "a year far ahead": 0.0004,
}
TWICE = 0.001


@dataclass(frozen=True)
class Product:
    """One item of a shop; ``lasts_days`` is how long a buyer takes to need it again."""

    code: str
    name: str
    group: str
    category: str
    price_fen: int
    weight: int
    lasts_days: int


@dataclass(frozen=True)
class Assortment:
    """What a shop sells and how loyal and careful its buyers are."""

    prefix: str
    products: tuple[Product, ...]
    returning: float
    refunding: float


@dataclass
class _Buyer:
    name: str
    place: tuple[str, str, int]
    product: Product | None = None


SKINCARE = Assortment(
    "SL",
    (
        Product("SL-101", "山茶花精华水 200ml", "护肤品", "爽肤水", 16900, 9, 45),
        Product("SL-102", "积雪草舒缓面膜 10片", "护肤品", "面膜", 8900, 14, 30),
        Product("SL-103", "神经酰胺修护面霜 50g", "护肤品", "面霜", 23900, 8, 60),
        Product("SL-104", "氨基酸洁面乳 120g", "护肤品", "洁面乳", 6900, 11, 40),
        Product("SL-105", "轻盈防晒霜 50ml", "护肤品", "防晒霜", 12900, 10, 50),
        Product("SL-106", "烟酰胺眼霜 20g", "护肤品", "眼霜", 26900, 5, 75),
        Product("SL-201", "丝绒口红 豆沙色", "彩妆", "口红", 13900, 8, 90),
        Product("SL-202", "持妆粉底液 30ml", "彩妆", "粉底", 18900, 5, 80),
        Product("SL-203", "纤长睫毛膏", "彩妆", "睫毛膏", 9900, 3, 100),
        Product("SL-204", "九色眼影盘 秋日", "彩妆", "眼影", 15900, 3, 160),
    ),
    returning=0.62,
    refunding=0.07,
)
FOOD = Assortment(
    "NF",
    (
        Product("NF-301", "云南小粒咖啡豆 454g", "饮品", "咖啡", 7900, 10, 28),
        Product("NF-302", "凤凰单丛 蜜兰香 100g", "饮品", "茶叶", 12800, 6, 45),
        Product("NF-303", "冻干咖啡粉 24颗", "饮品", "咖啡", 9900, 9, 25),
        Product("NF-401", "每日坚果 30包", "零食", "坚果", 11900, 12, 30),
        Product("NF-402", "冻干草莓脆 5袋", "零食", "果干", 4590, 10, 24),
        Product("NF-403", "手工牛轧糖 500g", "零食", "糖果", 5280, 6, 60),
        Product("NF-404", "原味猪肉脯 400g", "零食", "肉脯", 5990, 7, 35),
        Product("NF-501", "五常大米 10斤", "粮油", "大米", 6990, 8, 40),
        Product("NF-502", "冷榨亚麻籽油 500ml", "粮油", "食用油", 8800, 4, 55),
    ),
    returning=0.7,
    refunding=0.04,
)


def export(assortment: Assortment, *, rows: int, last_on: date, seed: int, dirty: bool = True) -> str:
    """The text of one export with its header; ``dirty`` plants what such files are full of."""
    chance = random.Random(f"{seed}:{assortment.prefix}:{rows}")
    clean = [_row(chance, assortment, *bought) for bought in _purchases(chance, assortment, rows, last_on)]
    clean.sort(key=lambda row: row[2], reverse=True)
    numbered = [[f"{assortment.prefix}{seed:02d}{position:08d}", *row] for position, row in enumerate(clean, 1)]
    lines = list(_soiled(chance, numbered)) if dirty else numbered
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADER)
    writer.writerows(lines)
    return text.getvalue()


def _purchases(
    chance: random.Random, assortment: Assortment, rows: int, last_on: date
) -> Iterator[tuple[_Buyer, Product, date]]:
    """Who bought what on which day: newcomers on the day's demand, returning buyers when they run out."""
    first_on = last_on - timedelta(days=DAYS - 1)
    days = [first_on + timedelta(days=offset) for offset in range(DAYS)]
    demand = [_demand(day, first_on) for day in days]
    waiting: list[tuple[date, int, _Buyer]] = []
    met = itertools.count()
    left, share = float(rows), sum(demand)
    for day, wanted in zip(days, demand, strict=True):
        count = round(left * wanted / share) if share > wanted else round(left)
        left, share = left - count, share - wanted
        due: list[_Buyer] = []
        while waiting and waiting[0][0] <= day and len(due) < count:
            due.append(heapq.heappop(waiting)[2])
        for buyer in due + [_newcomer(chance) for _ in range(count - len(due))]:
            product = _choice(chance, assortment, buyer)
            yield buyer, product, day
            if chance.random() < assortment.returning:
                buyer.product = product
                heapq.heappush(waiting, (day + timedelta(days=_pause(chance, product)), next(met), buyer))


def _demand(day: date, first_on: date) -> float:
    growth = 1 + 0.9 * (day - first_on).days / DAYS
    weekend = 1.2 if day.weekday() >= 5 else 1.0
    feast = 4.0 if (day.month, day.day) in ((11, 11), (6, 18), (12, 12)) else 1.0
    return growth * SEASON[day.month - 1] * weekend * feast


def _newcomer(chance: random.Random) -> _Buyer:
    first, second = chance.choice("云山溪林星月晴岚朵禾"), chance.choice("小舟里间野木白青遥知")
    (place,) = chance.choices(PLACES, weights=[weight for *_, weight in PLACES])
    return _Buyer(f"{first}{second}***{chance.randrange(10**6):06d}", place)


def _choice(chance: random.Random, assortment: Assortment, buyer: _Buyer) -> Product:
    if buyer.product is not None and chance.random() < 0.6:
        return buyer.product
    (product,) = chance.choices(assortment.products, weights=[product.weight for product in assortment.products])
    return product


def _pause(chance: random.Random, product: Product) -> int:
    return max(3, round(product.lasts_days * math.exp(chance.gauss(0, 0.35))))


def _row(chance: random.Random, assortment: Assortment, buyer: _Buyer, product: Product, day: date) -> list[str]:
    """One order as its shop would export it, without its number."""
    created = datetime.combine(day, time(chance.choice((9, 10, 12, 13, 15, 19, 20, 20, 21, 21, 22, 23))))
    created += timedelta(seconds=chance.randrange(3600))
    quantity = chance.choices((1, 2, 3, 5), weights=(74, 18, 6, 2))[0]
    total = quantity * product.price_fen
    unpaid = chance.random() < 0.06
    paid = 0 if unpaid else total - (min(2000, total // 10) if chance.random() < 0.25 else 0)
    refund = 0 if unpaid or chance.random() >= assortment.refunding else chance.choice((paid, paid, paid // 2))
    paid_at = "" if unpaid else _moment(created + timedelta(seconds=chance.randrange(5, 600)))
    province, city, _weight = buyer.place
    return [
        buyer.name, _moment(created), paid_at, province, city, product.code, product.name, product.group,
        product.category, str(quantity), _yuan(product.price_fen), _yuan(total), _yuan(paid), _yuan(refund),
    ]  # fmt: skip


def _moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M:%S")


def _yuan(fen: int) -> str:
    return f"{fen // 100}.{fen % 100:02d}"


def _soiled(chance: random.Random, rows: list[list[str]]) -> Iterator[list[str]]:
    """The rows with what people and programs do to them: certain repairs, things to refuse, rows twice."""
    kinds, weights = list(DIRT), list(DIRT.values())
    for row in rows:
        soiled = list(row)
        if chance.random() < sum(weights):
            (kind,) = chance.choices(kinds, weights=weights)
            for column, value in _dirt(kind, row):
                soiled[column] = value
        yield soiled
        if chance.random() < TWICE:
            yield soiled


def _dirt(kind: str, row: list[str]) -> Iterator[tuple[int, str]]:
    """The cells of a row that one kind of dirt changes: column and new text."""
    full_width = str.maketrans("0123456789", "０１２３４５６７８９")
    changes = {
        "unit after a quantity": [(10, f"{row[10]}个")],
        "unit after a price": [(11, f"{row[11]}元")],
        "full-width digits": [(10, row[10].translate(full_width))],
        "blank inside a place": [(4, f"{row[4][0]} {row[4][1:]}")],
        "date with hashes": [(2, row[2][:10].replace("-", "#"))],
        "price and total missing": [(11, ""), (12, "")],
        "a year far ahead": [(column, f"2050{row[column][4:]}") for column in (2, 3) if row[column]],
    }
    yield from changes[kind]
