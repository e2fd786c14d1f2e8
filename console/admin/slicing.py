"""The filters of a board: read from the address, offered in the form, written back into links."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from models.rules.order import Scene
from models.rules.standing import Rank
from reports import frames, sellers, slices
from reports.charts import View, code_of
from reports.columns import Version
from reports.frames import Key
from reports.numbers import Lang
from reports.sellers import Dimension
from reports.slices import ABSENT, Grain, Period, Preset, Scope, Slice, Source

Goods = tuple[tuple[str | None, str | None], ...]
YEARS = range(2000, 2101)
DAYS_MAX = 3660
LARGEST = 2**63 - 1

PRESETS: dict[Preset, LazyString] = {
    Preset.TODAY: _l("Today"),
    Preset.WEEK: _l("7 days"),
    Preset.DAYS_30: _l("30 days"),
    Preset.THIS_MONTH: _l("This month"),
    Preset.LAST_MONTH: _l("Last month"),
    Preset.QUARTER: _l("This quarter"),
    Preset.YEAR: _l("This year"),
    Preset.SPAN: _l("All the data"),
    Preset.CUSTOM: _l("Other days"),
}
GRAINS: dict[Grain, LazyString] = {Grain.DAY: _l("By day"), Grain.WEEK: _l("By week"), Grain.MONTH: _l("By month")}
SOURCES: dict[Source, LazyString] = {Source.OWN: _l("Own orders"), Source.IMPORT: _l("Imported history")}
FILTERS: dict[Source, tuple[str, ...]] = {
    Source.OWN: ("level", "rank", "scene", "province", "city", "category", "network"),
    Source.IMPORT: ("sales_region", "province", "city", "category_group", "category", "shop"),
}
NUMBERS = {"shop": _l("The shop %(text)s is not known."), "network": _l("The network %(text)s is not known."),
           "level": _l("The level %(text)s is not known.")}  # fmt: skip


@dataclass(frozen=True)
class Asked:
    """What the address asks a board for; ``problems`` are the parts of it that could not be read."""

    view: View
    preset: Preset
    span: Period | None
    is_grain_chosen: bool
    problems: list[str] = field(default_factory=list)

    @property
    def part(self) -> Slice:
        return self.view.part

    @property
    def filters(self) -> tuple[str, ...]:
        """The filters that the chosen orders can be asked."""
        return FILTERS[self.part.source]

    @property
    def is_narrowed(self) -> bool:
        return any(getattr(self.part, name) is not None for name in self.filters)

    def parameters(self) -> dict[str, str]:
        """The address of this very view: what a link to another board or to a table carries on."""
        found = {name: str(value) for name in self.filters if (value := getattr(self.part, name)) is not None}
        found |= {"source": self.part.source.value, "period": self.preset.value}
        if self.preset is Preset.CUSTOM:
            found |= {"from": self.part.period.start.isoformat(), "to": self.part.period.end.isoformat()}
        if self.is_grain_chosen:
            found["grain"] = self.view.grain.value
        return found


def read(args: Mapping[str, str], *, scope: Scope, today: date, lang: Lang, only: Source | None = None) -> Asked:
    """The view an address asks for; what cannot be read is named and left at its default.

    ``only`` names the orders of a board that counts no others.
    """
    problems: list[str] = []
    source = only or _source(args, scope, problems)
    span = frames.span(scope, source)
    preset, custom = _preset(args, problems), None
    if preset is Preset.CUSTOM:
        custom = _days(args, problems)
        preset = Preset.CUSTOM if custom else None
    preset = preset or slices.natural(today=today, span=span)
    period = slices.resolve(preset, today=today, span=span, custom=custom)
    chosen = args.get("grain", "")
    is_grain_chosen = chosen in set(Grain)
    grain = Grain(chosen) if is_grain_chosen else period.grain()
    asked = _places(args) | {name: _text(args, name) for name in ("category_group", "category", "rank", "scene")}
    asked |= {name: _number(args, name, words, problems) for name, words in NUMBERS.items() if name in FILTERS[source]}
    part = Slice(period, scope, source, **{name: asked[name] for name in FILTERS[source]})
    return Asked(View(part, grain, lang), preset, span, is_grain_chosen, problems)


def _source(args: Mapping[str, str], scope: Scope, problems: list[str]) -> Source:
    name = args.get("source", "")
    if name in set(Source):
        return Source(name)
    if name:
        problems.append(_("The orders %(name)s are not known.", name=name[:20]))
    return frames.default_source(scope)


def _preset(args: Mapping[str, str], problems: list[str]) -> Preset | None:
    name = args.get("period", "")
    if name in set(Preset):
        return Preset(name)
    if name:
        problems.append(_("The period %(name)s is not known.", name=name[:20]))
        return None
    return Preset.CUSTOM if args.get("from") or args.get("to") else None


def _days(args: Mapping[str, str], problems: list[str]) -> Period | None:
    days = [_day(args.get(name, "")) for name in ("from", "to")]
    start, end = days[0] or days[1], days[1] or days[0]
    if start is None or end is None:
        problems.append(_("Give the first and the last day as 2026-11-01."))
    elif start > end:
        problems.append(_("The first day lies behind the last."))
    elif (end - start).days >= DAYS_MAX:
        problems.append(_("A period may have ten years at most."))
    else:
        return Period(start, end)
    return None


def _day(text: str) -> date | None:
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if found.year in YEARS else None


def _text(args: Mapping[str, str], name: str) -> str | None:
    return args.get(name, "").strip()[:100].replace("\x00", "") or None


def _places(args: Mapping[str, str]) -> dict[str, Any]:
    """A city outside the chosen province is an older choice of the same form, and is dropped."""
    province, city = _text(args, "province"), _text(args, "city")
    if city and city != ABSENT and province and city[:2] != province[:2]:
        city = None
    return {"sales_region": _text(args, "sales_region"), "province": province, "city": city}


def _number(args: Mapping[str, str], name: str, words: LazyString, problems: list[str]) -> int | None:
    text = args.get(name, "")
    if text.isascii() and text.isdigit() and int(text[:20]) <= LARGEST:
        return int(text)
    if text:
        problems.append(str(words) % {"text": text[:20]})
    return None


@dataclass(frozen=True)
class Choice:
    """One list to choose from, with what is chosen."""

    name: str
    title: LazyString
    chosen: str
    options: dict[str, str]


def choices(asked: Asked) -> list[Choice]:
    """The lists of the form. What is chosen is always on its list, be it gone from the data."""
    part = asked.part
    found = {name: (title, options) for name, title, options in _offered(part, asked.view.lang)}
    return [_choice(name, *found[name], getattr(part, name)) for name in asked.filters]


def _offered(part: Slice, lang: Lang) -> list[tuple[str, LazyString, dict[str, str]]]:
    """Every list, in no order, with what it offers these orders."""
    goods, sales_regions, levels = _sold(part.scope, part.source, frames.version(part.source))
    groups = {group: group for group, _category in goods if group}
    categories = {
        category: category for group, category in goods if category and part.category_group in (None, group or ABSENT)
    }
    provinces = frames.regions()
    cities = frames.regions(part.province) if part.province in provinces else {}
    is_own = part.source is Source.OWN
    return [
        ("sales_region", _l("Sales region"), {name: name for name in sales_regions}),
        ("province", _l("Province"), provinces),
        ("city", _l("City"), cities),
        ("category_group", _l("Category group"), groups),
        ("category", _l("Category"), categories),
        ("shop", _l("Shop"), {} if is_own else {str(key): name for key, name in frames.shops(part.scope).items()}),
        ("level", _l("Level of the seller"), _named(sellers.LEVEL, levels, lang)),
        ("rank", _l("Rank of the seller"), _named(sellers.RANK, (*Rank, None), lang)),
        ("scene", _l("Scene"), _named(sellers.SCENE, tuple(Scene), lang)),
        ("network", _l("Network"), {str(key): name for key, name in frames.networks(part.scope).items()}),
    ]


def _named(dimension: Dimension, values: Iterable[Any], lang: Lang) -> dict[str, str]:
    return {code_of(value): dimension.word(value, lang) for value in values}


def _choice(name: str, title: LazyString, options: dict[str, str], value: Any) -> Choice:
    chosen = "" if value is None else str(value)
    if chosen and chosen not in options:
        options = options | {chosen: _("without") if chosen == ABSENT else chosen}
    return Choice(name, title, chosen, options)


@lru_cache(maxsize=256)
def _sold(scope: Scope, source: Source, version: Version) -> tuple[Goods, tuple[str, ...], tuple[int, ...]]:
    """What the scope ever sold and where, and from which levels, remembered until the rows change."""
    goods = tuple(frames.catalogue(scope, source).itertuples(index=False, name=None))
    if source is Source.IMPORT:
        return goods, tuple(frames.sales_regions(scope)), ()
    return goods, (), tuple(frames.ever(scope, source, Key.LEVEL))
