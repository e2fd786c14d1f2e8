"""The filters of a board: read from the address, offered in the form, written back into links."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any

from flask_babel import LazyString
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from reports import frames, slices
from reports.charts import View
from reports.columns import Version
from reports.numbers import Lang
from reports.slices import ABSENT, Grain, Period, Preset, Scope, Slice

YEARS = range(2000, 2101)
DAYS_MAX = 3660
LARGEST_SHOP = 2**63 - 1

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
CHANNELS: dict[str, LazyString] = {"import": _l("Imported history")}
FILTERS = ("sales_region", "province", "city", "category_group", "category", "channel", "shop")


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
    def is_narrowed(self) -> bool:
        return any(getattr(self.part, name) is not None for name in FILTERS)

    def parameters(self) -> dict[str, str]:
        """The address of this very view: what a link to another board or to a table carries on."""
        found = {name: str(value) for name in FILTERS if (value := getattr(self.part, name)) is not None}
        found["period"] = self.preset.value
        if self.preset is Preset.CUSTOM:
            found |= {"from": self.part.period.start.isoformat(), "to": self.part.period.end.isoformat()}
        if self.is_grain_chosen:
            found["grain"] = self.view.grain.value
        return found


def read(args: Mapping[str, str], *, scope: Scope, today: date, lang: Lang) -> Asked:
    """The view an address asks for; what cannot be read is named and left at its default."""
    problems: list[str] = []
    span = frames.span(scope)
    preset, custom = _preset(args, problems), None
    if preset is Preset.CUSTOM:
        custom = _days(args, problems)
        preset = Preset.CUSTOM if custom else None
    preset = preset or slices.natural(today=today, span=span)
    period = slices.resolve(preset, today=today, span=span, custom=custom)
    chosen = args.get("grain", "")
    is_grain_chosen = chosen in set(Grain)
    grain = Grain(chosen) if is_grain_chosen else period.grain()
    part = Slice(period, scope, **_places(args), **_goods(args, problems))
    return Asked(View(part, grain, lang), preset, span, is_grain_chosen, problems)


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


def _goods(args: Mapping[str, str], problems: list[str]) -> dict[str, Any]:
    text, shop = args.get("shop", ""), None
    if text.isascii() and text.isdigit() and int(text[:20]) <= LARGEST_SHOP:
        shop = int(text)
    elif text:
        problems.append(_("The shop %(text)s is not known.", text=text[:20]))
    names = ("category_group", "category", "channel")
    return {name: _text(args, name) for name in names} | {"shop": shop}


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
    goods, sales_regions = _sold(part.scope, frames.version())
    groups = {group: group for group, _category in goods if group}
    categories = {
        category: category for group, category in goods if category and part.category_group in (None, group or ABSENT)
    }
    provinces = frames.regions()
    cities = frames.regions(part.province) if part.province in provinces else {}
    lists: list[tuple[str, LazyString, dict[str, str]]] = [
        ("sales_region", _l("Sales region"), {name: name for name in sales_regions}),
        ("province", _l("Province"), provinces),
        ("city", _l("City"), cities),
        ("category_group", _l("Category group"), groups),
        ("category", _l("Category"), categories),
        ("channel", _l("Channel"), {key: str(words) for key, words in CHANNELS.items()}),
        ("shop", _l("Shop"), {str(key): name for key, name in frames.shops(part.scope).items()}),
    ]
    return [_choice(name, title, options, getattr(part, name)) for name, title, options in lists]


def _choice(name: str, title: LazyString, options: dict[str, str], value: Any) -> Choice:
    chosen = "" if value is None else str(value)
    if chosen and chosen not in options:
        options = options | {chosen: _("without") if chosen == ABSENT else chosen}
    return Choice(name, title, chosen, options)


@lru_cache(maxsize=256)
def _sold(scope: Scope, version: Version) -> tuple[tuple[tuple[str | None, str | None], ...], tuple[str, ...]]:
    """What the scope ever sold and where, remembered until the rows change."""
    goods = frames.catalogue(scope)
    return tuple(goods.itertuples(index=False, name=None)), tuple(frames.sales_regions(scope))
