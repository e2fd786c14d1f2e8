"""Administrative divisions of China: names, short names and former names to today's six-digit codes."""

import csv
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import NamedTuple


class Level(StrEnum):
    """The three ranks of a division."""

    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"


class How(StrEnum):
    """How a name led to a code, or why it did not."""

    EXACT = "exact"
    SHORT = "short"
    OLD = "old"
    PSEUDO = "pseudo"
    FILLED = "filled"
    UNKNOWN = "unknown"
    CONFLICT = "conflict"


class Region(NamedTuple):
    """One division that stands today; a city's parent is its province, a province has none."""

    code: str
    name: str
    short_name: str
    level: Level
    parent_code: str | None


@dataclass(frozen=True, slots=True)
class Step:
    """What one part of a place led to."""

    level: Level
    text: str
    name: str
    how: How
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """The deepest code that is certain, the province and city it lies in, and how each part was read.

    A municipality and a county that the province governs directly are their own city.
    """

    code: str | None = None
    province_code: str | None = None
    city_code: str | None = None
    text: str = ""
    steps: tuple[Step, ...] = ()


MUNICIPALITIES = frozenset({"110000", "120000", "310000", "500000"})

_Hit = tuple[str, How]
_Names = dict[str, _Hit | None]
_GOVERNED_DIRECTLY = ("直辖", "直辖县", "直辖县级行政区划", "直辖县级行政单位", "直辖行政单位")
_STREET = re.compile(r"[东南西北中大]?[路街道巷弄]")
_BETWEEN = " /-,、>|"
_NAME_LENGTH_MAX = 15


@cache
def table() -> Mapping[str, Region]:
    """Every division that stands today, by code."""
    return {row["code"]: _region(row) for row in _rows() if row["level"] != "old"}


def resolve(province: str = "", city: str = "", district: str = "") -> Match:
    """The code of a place given part by part; blank parts are filled from below where only one place can be meant."""
    return _Search(_index()).parts(province, city, district)


def resolve_address(address: str) -> Match:
    """The code of a place at the beginning of one line of address."""
    return _Search(_index()).address(address)


def city_of(code: str) -> str | None:
    """The code of the city that a division lies in, or None for a province that is no municipality."""
    region = table()[code]
    if region.level is Level.PROVINCE:
        return code if code in MUNICIPALITIES else None
    if region.level is Level.CITY or region.parent_code is None:
        return code
    if table()[region.parent_code].level is Level.CITY or region.parent_code in MUNICIPALITIES:
        return region.parent_code
    return code


def full_name(code: str) -> str:
    """A division with those it lies in, the widest first; the code itself when nobody knows it."""
    names: list[str] = []
    found = table().get(code)
    while found is not None:
        names.insert(0, found.name)
        found = table().get(found.parent_code or "")
    return " ".join(names) or code


def _rows() -> Iterator[dict[str, str]]:
    text = resources.files("models.rules").joinpath("region_codes.csv").read_text("utf-8")
    return csv.DictReader(text.splitlines()[1:])


def _region(row: Mapping[str, str]) -> Region:
    short = row["short"].partition("|")[0] or row["name"]
    return Region(row["code"], row["name"], short, Level(row["level"]), row["parent"] or None)


def _add(names: _Names, name: str, code: str, how: How) -> None:
    """Within one tier two places of one name leave it meaning neither."""
    names[name] = None if name in names and names[name] != (code, how) else (code, how)


def _merged(*tiers: _Names) -> _Names:
    """The earlier tier wins: a standing name before a short one before a former one."""
    return {name: hit for tier in reversed(tiers) for name, hit in tier.items()}


class _Index:
    """Names to codes: of provinces, within each parent, and anywhere."""

    def __init__(self) -> None:
        self._tiers: dict[str, list[_Names]] = {}
        rows = list(_rows())
        self.provinces = self._provinces(rows)
        for row in rows:
            if row["level"] != Level.PROVINCE:
                self._place(row)
        self._municipal()
        self.within = {parent: _merged(*tiers) for parent, tiers in self._tiers.items()}
        self.anywhere = self.within.pop("")

    def _provinces(self, rows: list[dict[str, str]]) -> _Names:
        found: _Names = {}
        for row in rows:
            if row["level"] == Level.PROVINCE:
                short = row["short"]
                found[row["name"]] = (row["code"], How.EXACT)
                for name in (short, f"{short}省", f"{short}市", f"{short}自治区", f"{short}特区"):
                    found.setdefault(name, (row["code"], How.SHORT))
                self._directly(row["code"], row["name"], short)
        return found

    def _directly(self, code: str, name: str, short: str) -> None:
        for owner in ("省", "自治区", "", name, short, f"{short}省", f"{short}自治区"):
            for suffix in _GOVERNED_DIRECTLY:
                self._tier(code, 0)[owner + suffix] = (code, How.PSEUDO)
                if owner not in ("省", "自治区", ""):
                    self._tier("", 0)[owner + suffix] = (code, How.PSEUDO)

    def _place(self, row: dict[str, str]) -> None:
        code, name, parent = row["code"], row["name"], row["parent"]
        province, is_city = code[:2] + "0000", row["level"] == Level.CITY or (code.endswith("00"))
        # Tiers: cities by name, districts by name, cities by short name, former names, districts by short name.
        if row["level"] == "old":
            tiers = [(4 if is_city else 5, name, How.OLD)]
        else:
            tiers = [(1 if is_city else 2, name, How.EXACT)]
            tiers += [(3 if is_city else 6, short, How.SHORT) for short in row["short"].split("|") if short]
        for tier, written, how in tiers:
            for scope in {province, parent, ""}:
                if scope or tier != 6:
                    _add(self._tier(scope, tier), written, code, how)

    def _municipal(self) -> None:
        for code in MUNICIPALITIES:
            name = table()[code].name
            short = table()[code].short_name
            for written in (name, "市辖区", "县", f"{short}城区", f"{short}郊县"):
                self._tier(code, 0)[written] = (code, How.EXACT)
            self._tier(code, 0)[short] = (code, How.SHORT)
            self._tier("", 0)[name] = (code, How.EXACT)
            self._tier("", 0)[short] = (code, How.SHORT)

    def _tier(self, parent: str, tier: int) -> _Names:
        return self._tiers.setdefault(parent, [{} for _ in range(7)])[tier]


@cache
def _index() -> _Index:
    return _Index()


class _Search:
    """Finds one place, part by part, and keeps how."""

    def __init__(self, index: _Index) -> None:
        self._index = index
        self._code: str | None = None
        self._steps: list[Step] = []

    def parts(self, province: str, city: str, district: str) -> Match:
        text = " ".join(part for part in (province, city, district) if part)
        stands = not province or self._province(province)
        for level, written in ((Level.CITY, city), (Level.DISTRICT, district)):
            if written and stands:
                stands = self._part(level, written)
        return self._match(text)

    def address(self, address: str) -> Match:
        rest = address.removeprefix("中国").lstrip(_BETWEEN)
        used: list[str] = []
        for level in Level:
            written = self._leading(level, rest)
            if not written:
                continue
            self._province(written) if level is Level.PROVINCE else self._part(level, written)
            used.append(written)
            rest = rest[len(written) :].lstrip(_BETWEEN)
        if address and not used:
            self._say(Level.PROVINCE, address[:12], How.UNKNOWN, "认不出地址中的省市，地区为空")
        return self._match(" ".join(used))

    def _province(self, written: str) -> bool:
        hit = self._index.provinces.get(written)
        if hit is None:
            self._say(Level.PROVINCE, written, How.UNKNOWN, f"没有“{written}”这个省份，地区为空")
            return False
        self._found(Level.PROVINCE, written, hit)
        return True

    def _part(self, level: Level, written: str) -> bool:
        hit = self._names().get(written)
        if hit is not None:
            if self._code is None:
                province = table()[hit[0][:2] + "0000"]
                self._steps.append(Step(Level.PROVINCE, "", province.name, How.FILLED))
            self._found(level, written, hit)
            return True
        if self._code is not None and written == table()[self._code].name:
            return True
        elsewhere = self._index.anywhere.get(written)
        if level is Level.CITY and self._code is not None and elsewhere is not None:
            owner = table()[self._code].name
            self._say(level, written, How.CONFLICT, f"“{written}”不属于{owner}，地区为空，请核对省份和城市")
            self._code = None
            return False
        several = written in self._names()
        reason = f"叫“{written}”的地方不止一个，请补上上级地区" if several else f"认不出“{written}”，地区只记到上一级"
        self._say(level, written, How.UNKNOWN, reason)
        return True

    def _names(self) -> Mapping[str, _Hit | None]:
        return self._index.anywhere if self._code is None else self._index.within.get(self._code, {})

    def _found(self, level: Level, written: str, hit: _Hit) -> None:
        self._code, how = hit
        self._steps.append(Step(level, written, table()[self._code].name, how))

    def _say(self, level: Level, written: str, how: How, reason: str) -> None:
        self._steps.append(Step(level, written, "", how, reason))

    def _leading(self, level: Level, text: str) -> str:
        if level is Level.PROVINCE:
            written = _longest(self._index.provinces, text, allow_short=True)
            # 海南藏族自治州 and 吉林市 begin like provinces but are cities.
            city = _longest(self._index.anywhere, text, allow_short=False)
            return written if len(written) >= len(city) or city in self._index.provinces else ""
        return _longest(self._names(), text, allow_short=self._code is not None)

    def _match(self, text: str) -> Match:
        if self._code is None:
            return Match(text=text, steps=tuple(self._steps))
        return Match(self._code, self._code[:2] + "0000", city_of(self._code), text, tuple(self._steps))


def _longest(names: Mapping[str, _Hit | None], text: str, *, allow_short: bool) -> str:
    """The longest name that the text begins with; a short one does not count where a street name goes on."""
    for length in range(min(len(text), _NAME_LENGTH_MAX), 1, -1):
        hit = names.get(text[:length])
        if hit is None:
            continue
        if hit[1] is How.EXACT or (allow_short and not _STREET.match(text, length)):
            return text[:length]
    return ""
