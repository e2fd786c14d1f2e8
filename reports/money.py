"""Money board: what is owed to members, what became of it month by month, and what withdrawals came to."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property

from models.queries.turnover import Moved, Withdrawn
from models.rules.compliance import DISCLAIMERS
from reports import figures
from reports.charts import Cell, Chart, Column, Line
from reports.figures import PALETTE, Series
from reports.numbers import Lang, Unit
from reports.slices import Grain, closing

MEMBERS = ("available", "pending", "locked", "frozen", "held", "payout", "debt")
"""The kinds of account that hold what members have, or owe."""

EARNED = ("settle", "dividend")
BACK = ("refund",)
REVIEWED = ("fraud", "restore")
TAXED = ("withdrawal", "payout_back")
PAID = ("payout",)
NAMES: dict[str, tuple[str, str]] = {
    "opening": ("月初应付", "Owed before"),
    "earned": ("新增分润", "Earned"),
    "back": ("退款冲回", "Refunds took back"),
    "reviewed": ("风控没收与恢复", "Fraud and amends"),
    "other": ("调账等", "Corrections"),
    "taxed": ("代扣税", "Tax withheld"),
    "paid": ("已付出", "Paid out"),
    "closing": ("月末应付", "Owed after"),
}
STEPS: dict[str, tuple[str, ...]] = {
    "earned": EARNED, "back": BACK, "reviewed": REVIEWED, "taxed": TAXED, "paid": PAID,
}  # fmt: skip
BUCKETS: dict[str, tuple[str, str]] = {
    "available": ("可提现", "Available"), "pending": ("待到期", "Pending"), "locked": ("锁定", "Locked"),
    "frozen": ("冻结", "Frozen"), "held": ("核查中", "Under review"), "payout": ("付款中", "On its way out"),
    "debt": ("欠款", "Debts"), "reserve": ("准备金", "Reserve"),
}  # fmt: skip
INCOME: dict[tuple[str, int | None], tuple[str, str]] = {
    ("level", 1): ("一级分润", "Level 1"), ("level", 2): ("二级分润", "Level 2"), ("level", 3): ("三级分润", "Level 3"),
    ("seed", None): ("种子奖励", "Seed bonus"), ("region", None): ("区域分润", "Regional share"),
    ("dividend", None): ("团队分红", "Team dividend"),
}  # fmt: skip
DONE, UNDER_WAY = ("SUCCESS",), ("requested", "approved", "ACCEPTED", "PROCESSING", "WAIT_USER_CONFIRM", "TRANSFERING")
LABEL = "D-03"


@dataclass(frozen=True)
class Month:
    """One month of what members are owed, amounts in fen: what it began with, each step, what it ended with."""

    first: date
    steps: Mapping[str, int]
    held: Mapping[str, int]
    income: Mapping[tuple[str, int | None], int]

    @property
    def earned_fen(self) -> int:
        """What members earned, less what refunds and reviews took back: the commission of the month."""
        return self.steps["earned"] + self.steps["back"] + self.steps["reviewed"]


@dataclass(frozen=True)
class Books:
    """The months to be shown, in their order; GMV by month; withdrawals by month and state."""

    months: Sequence[Month]
    gmv: Mapping[date, int]
    withdrawals: Sequence[Withdrawn]
    lang: Lang

    def say(self, zh: str, en: str) -> str:
        return zh if self.lang is Lang.ZH else en

    def chart(self, key: str) -> Chart:
        """One of ``CHARTS``."""
        made: Chart = CHARTS[key](self)
        return made

    @cached_property
    def days(self) -> list[date]:
        return [month.first for month in self.months]

    def bridge(self) -> Chart:
        """From what was owed before, step by step, to what was owed after."""
        drawn = (("earned", figures.BLUE, "bar"), ("paid", figures.GREEN, "bar"), ("closing", figures.GOLD, "line"))
        series = [
            Series(_in(NAMES[key], self.lang), [abs(month.steps[key]) for month in self.months], look, colour)
            for key, colour, look in drawn
        ]
        return self._chart(
            "bridge",
            self.say("应付会员的佣金：从月初到月末", "Owed to members, month by month"),
            self.say(
                "月初应付加上各步等于月末应付；收入只产生于已完成的商品订单。点一个月看当月账目。",
                "What was owed before and each step make what was owed after; a month leads to its postings.",
            ),
            [(key, _in(name, self.lang), Unit.YUAN) for key, name in NAMES.items()],
            [[month.steps[key] for key in NAMES] for month in self.months],
            series,
            "postings",
            is_wide=True,
        )

    def income(self) -> Chart:
        """What kind of income it was, as it was booked."""
        kinds = [kind for kind in INCOME if any(month.income.get(kind) for month in self.months)]
        rows = [[month.income.get(kind, 0) for kind in kinds] for month in self.months]
        series = [
            Series(_in(INCOME[kind], self.lang), [row[place] or None for row in rows], "bar", PALETTE[place])
            for place, kind in enumerate(kinds)
        ]
        return self._chart(
            "income",
            self.say("分润构成（入账时）", "Kinds of income, as booked"),
            self.say("退款冲回不计在内。", "Refunds are not taken off.") + DISCLAIMERS[LABEL],
            [(f"income{place}", _in(INCOME[kind], self.lang), Unit.YUAN) for place, kind in enumerate(kinds)],
            rows,
            series,
            "earnings",
            is_stacked=True,
        )

    def held(self) -> Chart:
        """Where it lay at the end of each month, debts and the reserve beside it."""
        rows = [[month.held.get(bucket, 0) for bucket in BUCKETS] for month in self.months]
        shown = [key for key in BUCKETS if key not in ("debt", "reserve")]
        series = [
            Series(_in(BUCKETS[key], self.lang), [row[place] or None for row in rows], "bar", PALETTE[place])
            for place, key in enumerate(shown)
        ]
        return self._chart(
            "held",
            self.say("月末佣金在哪里", "Where it lay at the end of the month"),
            self.say("欠款为负数；准备金是平台的，不属于会员。", "Debts are negative; the reserve is no member's."),
            [(key, _in(name, self.lang), Unit.YUAN) for key, name in BUCKETS.items()],
            rows,
            series,
            "",
            is_stacked=True,
        )

    def share(self) -> Chart:
        """What members earned of what buyers paid."""
        rows: list[list[Cell]] = []
        for month in self.months:
            gmv = self.gmv.get(month.first)
            rows.append([gmv, month.earned_fen, month.earned_fen / gmv if gmv else None, -month.steps["paid"]])
        series = [Series(self.say("佣金占 GMV", "Commission of GMV"), [_number(row[2]) for row in rows], "line")]
        return self._chart(
            "share",
            self.say("佣金占支付 GMV 的比例", "Commission as a part of GMV"),
            self.say(
                "当月入账的分润（减冲回与没收）÷ 当月支付 GMV；分润在订单完成时入账，比支付晚约十天。",
                "Earned in the month, less what was taken back ÷ paid in it; earned some ten days after payment.",
            ),
            [
                ("gmv", self.say("支付 GMV", "GMV"), Unit.YUAN),
                ("earned", self.say("分润净额", "Earned, net"), Unit.YUAN),
                ("rate", self.say("占比", "Share"), Unit.RATE),
                ("paid", self.say("已付出", "Paid out"), Unit.YUAN),
            ],
            rows,
            series,
            "orders",
            unit=Unit.RATE,
        )

    def withdrawn(self) -> Chart:
        """What became of the withdrawals asked for in each month."""
        rows = [self._withdrawn(first) for first in self.days]
        names = (
            ("paid", self.say("已到账", "Paid"), figures.GREEN),
            ("under_way", self.say("处理中", "Under way"), figures.GOLD),
            ("failed", self.say("失败或驳回", "Failed or turned down"), figures.RED),
        )
        series = [
            Series(name, [row[2 * place + 1] or None for row in rows], "bar", colour)
            for place, (_, name, colour) in enumerate(names)
        ]
        columns = [
            column
            for key, name, _ in names
            for column in (
                (f"{key}_number", f"{name}{self.say('笔数', ' (number)')}", Unit.COUNT),
                (key, name, Unit.YUAN),
            )
        ]
        return self._chart(
            "withdrawn",
            self.say("提现", "Withdrawals"),
            self.say("按申请的月份，金额含代扣税。", "By the month they were asked for, tax included."),
            [*columns, ("rate", self.say("失败率（按笔）", "Failed, by number"), Unit.RATE)],
            rows,
            series,
            "withdrawals",
            is_stacked=True,
        )

    def _withdrawn(self, first: date) -> list[float | None]:
        """Number and amount of what was paid, is under way, has failed; the rate of failures among those that ended."""
        sums: dict[str, list[int]] = {name: [0, 0] for name in ("paid", "under_way", "failed")}
        for one in self.withdrawals:
            if one.month == first:
                name = "paid" if one.state in DONE else "under_way" if one.state in UNDER_WAY else "failed"
                sums[name][0] += one.number
                sums[name][1] += one.fen
        ended = sums["paid"][0] + sums["failed"][0]
        return [*(value for pair in sums.values() for value in pair), sums["failed"][0] / ended if ended else None]

    def _chart(
        self,
        key: str,
        title: str,
        note: str,
        columns: Iterable[tuple[str, str, Unit]],
        rows: Sequence[Sequence[Cell]],
        series: Sequence[Series],
        to: str,
        *,
        unit: Unit = Unit.YUAN,
        is_stacked: bool = False,
        is_wide: bool = False,
    ) -> Chart:
        draw = figures.stacked if is_stacked else figures.over_time
        is_drawn = any(value for one in series for value in one.values)
        lines = [
            Line(
                (f"{first:%Y-%m}", *row),
                {"to": to, "first": f"{first}", "last": f"{closing(first, Grain.MONTH)}"} if to else {},
            )
            for first, row in zip(self.days, rows, strict=True)
        ]
        return Chart(
            key,
            title,
            note,
            (Column("month", self.say("月份", "Month"), Unit.TEXT), *(Column(*column) for column in columns)),
            tuple(lines),
            draw(self.days, series, unit=unit, grain=Grain.MONTH, lang=self.lang) if is_drawn else None,
            is_wide=is_wide,
        )


CHARTS: dict[str, Callable[[Books], Chart]] = {
    "bridge": Books.bridge,
    "income": Books.income,
    "held": Books.held,
    "share": Books.share,
    "withdrawn": Books.withdrawn,
}


def months(moved: Iterable[Moved], firsts: Sequence[date]) -> list[Month]:
    """The months of these first days; what moved before them is what the first one begins with."""
    by_month: dict[date, list[Moved]] = defaultdict(list)
    held: dict[str, int] = defaultdict(int)
    for one in moved:
        by_month[one.month].append(one)
    found = []
    for month in sorted({*by_month, *firsts}):
        before = _owed(held)
        steps = dict.fromkeys(NAMES, 0) | {"opening": before}
        income: dict[tuple[str, int | None], int] = defaultdict(int)
        for one in by_month[month]:
            held[one.bucket] += one.fen
            if one.bucket not in MEMBERS:
                continue
            steps[next((name for name, kinds in STEPS.items() if one.kind in kinds), "other")] += one.fen
            if one.kind in EARNED:
                income[one.cause, one.level if one.cause == "level" else None] += one.fen
        steps["closing"] = _owed(held)
        found.append(Month(month, steps, dict(held), dict(income)))
    return [month for month in found if month.first in set(firsts)]


def _owed(held: Mapping[str, int]) -> int:
    return sum(held.get(bucket, 0) for bucket in MEMBERS)


def _in(words: tuple[str, str], lang: Lang) -> str:
    return words[0 if lang is Lang.ZH else 1]


def _number(value: Cell) -> float | None:
    return value if isinstance(value, float) else None
