"""The membership over time, and how much of what promoters earn goes to how few of them."""

from collections.abc import Mapping, Sequence
from datetime import date

from reports import figures
from reports.charts import Chart, Column, Line
from reports.figures import Series
from reports.numbers import Lang, Unit
from reports.slices import Grain

TOPS = (1, 5, 20)
"""The shares of promoters, in percent, whose part of the earnings is told."""

Moved = Mapping[tuple[date, str], int]


WORDS = {
    "registered": ("登记", "Registered"), "qualified": ("通过准入", "Qualified"), "frozen": ("冻结", "Frozen"),
    "exited": ("退出", "Exited"), "lapsed": ("候选失效", "Lapsed"), "revived": ("恢复资格", "Revived"),
}  # fmt: skip


def word(kind: str, lang: Lang) -> str:
    """A step as people read it."""
    return WORDS[kind][0 if lang is Lang.ZH else 1]


def joined(days: Sequence[date], moved: Moved, lang: Lang) -> Chart:
    """Who registered and who qualified."""
    title = "新增会员" if lang is Lang.ZH else "Newcomers"
    return _over_time("joined", title, days, moved, {"registered": figures.BLUE, "qualified": figures.GREEN}, lang)


def left(days: Sequence[date], moved: Moved, lang: Lang) -> Chart:
    """Who froze, left or lapsed, and who came back."""
    title = "冻结、退出与恢复" if lang is Lang.ZH else "Frozen, gone and back"
    colours = {"frozen": figures.GOLD, "exited": figures.RED, "lapsed": figures.SLATE, "revived": figures.GREEN}
    return _over_time("left", title, days, moved, colours, lang)


def _over_time(
    key: str, title: str, days: Sequence[date], moved: Moved, colours: Mapping[str, str], lang: Lang
) -> Chart:
    """A line a kind of step, a row a day, the newest day first; a row leads to its steps."""
    series = [
        Series(word(kind, lang), [moved.get((day, kind), 0) for day in days], "line", colour)
        for kind, colour in colours.items()
    ]
    narrow = {"kinds": ",".join(colours)}
    lines = [
        Line((f"{day}", *(moved.get((day, kind), 0) for kind in colours)), {"from": f"{day}", "to": f"{day}"} | narrow)
        for day in reversed(days)
    ]
    return Chart(
        key=key,
        title=title,
        note="每天的人数（上海时间）。" if lang is Lang.ZH else "People each day in Shanghai.",
        columns=(
            Column("on", "日期" if lang is Lang.ZH else "Day", Unit.TEXT),
            *(Column(kind, word(kind, lang), Unit.COUNT) for kind in colours),
        ),
        lines=tuple(lines),
        figure=figures.over_time(days, series, unit=Unit.COUNT, grain=Grain.DAY, lang=lang),
    )


def top_share(earned: Sequence[int], promoters: int, percent: int) -> float | None:
    """What the best earning ``percent`` of all promoters have of everything earned; None where nothing was.

    At least one person counts, and nobody who earned less than nothing is among them.
    """
    gains = sorted((fen for fen in earned if fen > 0), reverse=True)
    if not gains:
        return None
    return sum(gains[: max(1, promoters * percent // 100)]) / sum(gains)


def concentration(earned: Sequence[int], promoters: int, lang: Lang) -> Chart:
    """The part of the top 1, 5 and 20 percent, and how many have nothing."""

    def say(zh: str, en: str) -> str:
        return zh if lang is Lang.ZH else en

    parts = {percent: top_share(earned, promoters, percent) for percent in TOPS}
    names = [say(f"前 {percent}%", f"Top {percent}%") for percent in TOPS]
    nothing = promoters - sum(1 for fen in earned if fen > 0)
    is_empty = parts[TOPS[0]] is None
    return Chart(
        key="concentration",
        title=say("收益集中度", "How concentrated earnings are"),
        note=say(
            f"期内完成的订单带来的分润（已扣冲回）；{promoters:,} 名推广者中 {nothing:,} 名没有收益。",
            f"Shares of orders completed in the period, less reversals; {nothing:,} of {promoters:,} have nothing.",
        ),
        columns=(
            Column("top", say("推广者", "Promoters"), Unit.TEXT),
            Column("share", say("占全部收益", "Of all earnings"), Unit.RATE),
        ),
        lines=() if is_empty else tuple(Line((name, parts[top])) for name, top in zip(names, TOPS, strict=True)),
        figure=None if is_empty else figures.ranked(names, list(parts.values()), unit=Unit.RATE, lang=lang),
        height=200,
    )
