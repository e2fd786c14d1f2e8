"""The reserve over time: what it held at the end of each day, what came in and what was used."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from reports import figures
from reports.charts import Chart, Column, Line
from reports.figures import Series
from reports.numbers import Lang, Unit
from reports.slices import Grain


@dataclass(frozen=True)
class Day:
    """One day of the reserve, amounts in fen; ``held_fen`` at its end."""

    on: date
    came_fen: int
    went_fen: int
    held_fen: int


def trend(days: Sequence[Day], lang: Lang) -> Chart:
    """The balance at the end of each day as a curve, the day's movements as bars."""

    def say(zh: str, en: str) -> str:
        return zh if lang is Lang.ZH else en

    columns = (
        Column("on", say("日期", "Day"), Unit.TEXT),
        Column("came", say("计提", "Set aside"), Unit.YUAN),
        Column("went", say("动用", "Used"), Unit.YUAN),
        Column("held", say("日终余额", "Held at the end"), Unit.YUAN),
    )
    series = [
        Series(say("计提", "Set aside"), [day.came_fen for day in days], "bar", figures.BLUE),
        Series(say("动用", "Used"), [day.went_fen or None for day in days], "bar", figures.RED),
        Series(say("日终余额", "Held at the end"), [day.held_fen for day in days], "line", figures.GOLD),
    ]
    return Chart(
        key="reserve",
        title=say("准备金走势", "The reserve over time"),
        note=say(
            "每日计提、动用与日终余额（上海时间）。", "Set aside, used and held at the end of each day in Shanghai."
        ),
        columns=columns,
        lines=tuple(Line((day.on.isoformat(), day.came_fen, day.went_fen, day.held_fen)) for day in reversed(days)),
        figure=figures.over_time([day.on for day in days], series, unit=Unit.YUAN, grain=Grain.DAY, lang=lang)
        if days
        else None,
        is_wide=True,
    )
