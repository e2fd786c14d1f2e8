"""An order as a phone shows it: its facts by a seed, and its page in the looks that phones and settings give it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from jinja2 import Template

SHANGHAI = ZoneInfo("Asia/Shanghai")
# Width and height in CSS pixels, and the device's pixels for one of them.
PHONES = (
    (360, 780, 3),
    (375, 667, 2),
    (375, 812, 3),
    (390, 844, 3),
    (393, 873, 2.75),
    (412, 915, 2.625),
    (430, 932, 3),
)
FONTS = ("Noto Sans CJK SC", "Noto Sans CJK SC", "Noto Serif CJK SC", "Noto Sans CJK TC")
FIRST = ("星河", "小雅", "阿宁", "晨曦", "南山", "木子", "林间", "青禾", "海棠", "云朵", "知味", "拾光", "橙子")
LAST = ("优选", "好物", "生活馆", "严选", "的小店", "良品", "家居", "食集", "日记", "甄选")
GOODS = (
    "五常大米 5kg 真空装", "云南小粒咖啡 挂耳 20 包", "新疆灰枣 500g×2", "竹浆抽纸 24 包整箱", "手工红糖姜茶",
    "纯棉毛巾三条装", "有机杂粮礼盒", "山茶籽油 500ml", "即食燕麦片 1kg", "蜂蜜柚子茶 600g", "东北黑木耳 250g",
    "桂花乌龙茶 罐装",
)  # fmt: skip
STATES = (
    ("交易成功", "感谢您的支持"),
    ("已签收", "包裹已由本人签收"),
    ("待发货", "商家正在备货"),
    ("已发货", "包裹正在路上"),
    ("已完成", ""),
)
WORDS = {
    "number": ("订单编号", "订单号", "订单编号:"),
    "placed": ("下单时间", "创建时间", "下单时间:"),
    "paid_at": ("支付时间", "付款时间", "支付时间:"),
    "paid": ("实付款", "实付", "实付金额", "合计"),
}


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What an order page says. Amounts in fen, moments in Shanghai."""

    number: str
    shop: str
    paid_fen: int
    placed_at: datetime
    paid_at: datetime
    goods: str
    buyer: str


@dataclass(frozen=True, kw_only=True)
class Look:
    """How a phone shows it."""

    phone: tuple[float, float, float]
    font: str
    size: float
    is_dark: bool
    is_late: bool
    """Whether the order's particulars stand below everything else, as in a page scrolled down."""
    shows_freight: bool
    words: dict[str, str]
    state: tuple[str, str]
    clock: str
    hue: int


def facts(chance: Random) -> Facts:
    """An order by chance."""
    placed = datetime(2026, 1, 2, 8, tzinfo=SHANGHAI) + timedelta(seconds=chance.randrange(300 * 86_400))
    return Facts(
        number="37" + "".join(chance.choices("0123456789", k=17)),
        shop=chance.choice(FIRST) + chance.choice(LAST),
        paid_fen=chance.choice((4_900, 5_990, 6_800, 7_990, 8_800, 9_900, chance.randrange(4_900, 9_901))),
        placed_at=placed,
        paid_at=placed + timedelta(seconds=chance.randrange(4, 50)),
        goods=chance.choice(GOODS),
        buyer=chance.choice("王李张刘陈杨赵黄周吴") + chance.choice(("女士", "先生", "小姐")),
    )  # fmt: skip


def look(chance: Random) -> Look:
    """A phone and its settings by chance."""
    return Look(
        phone=chance.choice(PHONES), font=chance.choice(FONTS), size=chance.choice((13, 14, 14, 15, 16)),
        is_dark=chance.random() < 0.25, is_late=chance.random() < 0.3, shows_freight=chance.random() < 0.7,
        words={key: chance.choice(one) for key, one in WORDS.items()}, state=chance.choice(STATES),
        clock=f"{chance.randrange(24):02}:{chance.randrange(60):02}", hue=chance.randrange(360),
    )  # fmt: skip


def edited(true: Facts, field: str, chance: Random) -> Facts:
    """The same order with one field changed as a forger would."""
    if field == "paid_fen":
        options = [fen for fen in (4_900, 5_900, 6_990, 8_900, 9_900) if fen != true.paid_fen]
        return replace(true, paid_fen=chance.choice(options))
    if field == "number":
        digits = list(true.number)
        for place in chance.sample(range(4, len(digits)), chance.choice((1, 1, 2, 6))):
            digits[place] = chance.choice([digit for digit in "0123456789" if digit != digits[place]])
        return replace(true, number="".join(digits))
    if field == "time":
        moved = timedelta(days=chance.choice((-9, -3, -1, 0, 1, 4)), minutes=chance.choice((-95, 7, 30, 240)))
        return replace(true, placed_at=true.placed_at + moved, paid_at=true.paid_at + moved)
    other = chance.choice([name for name in FIRST if name not in true.shop]) + chance.choice(LAST)
    return replace(true, shop=other)


def fields(told: Facts) -> dict[str, str]:
    """The words of each field as they stand on the page."""
    return {
        "number": told.number, "shop": told.shop, "paid": f"¥{told.paid_fen / 100:.2f}",
        "placed_at": f"{told.placed_at:%Y-%m-%d %H:%M:%S}", "paid_at": f"{told.paid_at:%Y-%m-%d %H:%M:%S}",
    }  # fmt: skip


def html(told: Facts, seen: Look) -> str:
    """The page."""
    return _PAGE.render(told=told, seen=seen, words=fields(told))


_PAGE = Template(Path(__file__).with_name("page.html").read_text())
