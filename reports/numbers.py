"""Numbers as people read them: 万 and 亿 in Chinese, thousands and millions in English; the exact figure beside it."""

from enum import StrEnum


class Lang(StrEnum):
    """The language of a board."""

    ZH = "zh"
    EN = "en"


class Unit(StrEnum):
    """What a number counts; money is fen, a rate is a fraction of one."""

    YUAN = "yuan"
    COUNT = "count"
    RATE = "rate"
    RATIO = "ratio"
    TEXT = "text"


STEPS = {
    Lang.ZH: ((100_000_000, "亿"), (10_000, "万")),
    Lang.EN: ((1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K")),
}
SIGNIFICANT = 4
WHOLE_BELOW = 100_000


def exact(value: float | None, unit: Unit) -> str:
    """The whole number, as it would stand in an account; a dash where it is unknown."""
    if value is None:
        return "—"
    if unit is Unit.YUAN:
        return ("-" if value < 0 else "") + f"¥{abs(value) / 100:,.2f}"
    if unit is Unit.RATE:
        return f"{value:.2%}"
    return f"{value:,.2f}" if unit is Unit.RATIO else f"{value:,.0f}"


def compact(value: float | None, unit: Unit, lang: Lang) -> str:
    """Short enough for a tile or an axis: four significant digits and a word for the magnitude."""
    if value is None or unit in (Unit.RATE, Unit.RATIO):
        return exact(value, unit)
    number = abs(value) / 100 if unit is Unit.YUAN else abs(value)
    sign = ("-" if value < 0 else "") + ("¥" if unit is Unit.YUAN else "")
    if number < WHOLE_BELOW:
        return exact(value, unit)
    for step, word in STEPS[lang]:
        if number >= step:
            return f"{sign}{_trimmed(number / step)}{word}"
    return exact(value, unit)


def tick(value: float, unit: Unit, lang: Lang) -> str:
    """A mark of an axis: as short as can be."""
    if unit is Unit.RATE:
        return f"{value:.0%}" if round(value * 1000) % 10 == 0 else f"{value:.1%}"
    number = value / 100 if unit is Unit.YUAN else value
    for step, word in STEPS[lang]:
        if abs(number) >= step:
            return f"{number / step:,g}{word}"
    return f"{number:,g}"


def _trimmed(number: float) -> str:
    whole = len(str(int(number)))
    return f"{number:,.{max(0, SIGNIFICANT - whole)}f}"
