"""Regional agents: which agents an address pays, the deposit each place asks for, and what an agent must be."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import NamedTuple

from models.errors import Conflict, Invalid
from models.money import share
from models.rules import region
from models.rules.policy import Policy
from models.rules.standing import Standing

CODE_LENGTH = 6


class Level(StrEnum):
    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"


LEVELS = tuple(Level)

DEPOSIT_FEN = {Level.PROVINCE: 5_000_000, Level.CITY: 2_000_000, Level.DISTRICT: 500_000}


class BadRegion(Invalid):
    """Not a six-digit region code."""


class UnknownRegion(Invalid):
    """Six digits that name no place."""


class RegionTaken(Conflict):
    """The region has an active agent."""


class NotQualified(Conflict):
    """Only an active or frozen member may become an agent."""


class TermBackwards(Invalid):
    """A term must end after it begins."""


class DeductionTooLarge(Invalid):
    """More than the deposit cannot be deducted."""


class RegionShare(NamedTuple):
    """One agent's part of an order."""

    level: Level
    region: str
    agent: str
    amount_fen: int


def check_code(code: str) -> str:
    """Six ASCII digits, not all of the province empty."""
    if len(code) != CODE_LENGTH or not (code.isascii() and code.isdigit()) or code.startswith("00"):
        raise BadRegion(f"规则 6：地区代码 {code} 无效，应为 6 位行政区划数字代码。")
    return code


@cache
def places() -> frozenset[str]:
    """Every code that an address leads to: the divisions, and the cities that stand only in their districts' codes."""
    divisions = region.table()
    return frozenset(divisions) | {code[:4] + "00" for code in divisions}


def check_known(code: str) -> str:
    """A code of a place that stands today (rules 6)."""
    if check_code(code) not in places():
        raise UnknownRegion(f"规则 6：地区代码 {code} 不在现行行政区划表中，请核对。")
    return code


def level_of(code: str) -> Level:
    """What kind of place a code names, by its zeros."""
    check_code(code)
    if code.endswith("0000"):
        return Level.PROVINCE
    return Level.CITY if code.endswith("00") else Level.DISTRICT


def chain(code: str) -> dict[Level, str]:
    """The province, city and district codes of an address; a coarse address has no finer ones (rules 6)."""
    found = {Level.PROVINCE: code[:2] + "0000", Level.CITY: code[:4] + "00", Level.DISTRICT: code}
    return {level: found[level] for level in LEVELS[: LEVELS.index(level_of(code)) + 1]}


def deposit_fen(code: str) -> int:
    """The deposit that an agent of this region pays (rules 6)."""
    return DEPOSIT_FEN[level_of(code)]


def shares(*, address: str | None, paid_fen: int, agents: Mapping[str, str], policy: Policy) -> list[RegionShare]:
    """What the agents of an address get of the amount paid; no agent, no row (rules 5.2, 6)."""
    if address is None:
        return []
    rates = dict(zip(LEVELS, policy.region_bps, strict=True))
    found = [
        RegionShare(level, code, agents[code], share(paid_fen, rates[level]))
        for level, code in chain(address).items()
        if code in agents
    ]
    return [one for one in found if one.amount_fen]


def check_appointment(*, code: str, standing: Standing, incumbent: str | None) -> None:
    """One active agent a region, and only a member who has qualified and not left (rules 6)."""
    check_known(code)
    if standing not in (Standing.ACTIVE, Standing.FROZEN):
        raise NotQualified("规则 6：区域代理须具备推广者资格且未退出，请先通过准入或恢复资格。")
    if incumbent is not None:
        raise RegionTaken(f"规则 6：{code} 已有在任代理，同一地区同时只能有一名代理。")


def check_term(begins_at: datetime, ends_at: datetime) -> None:
    """A term has an end, after its beginning (rules 6)."""
    if ends_at <= begins_at:
        raise TermBackwards("规则 6：任期的结束时间必须晚于开始时间。")


def deposit_back_fen(paid_fen: int, deducted_fen: int) -> int:
    """What of the deposit goes back at the end of the term (rules 6)."""
    if not 0 <= deducted_fen <= paid_fen:
        raise DeductionTooLarge(f"规则 6：扣除额应在 0 到押金 {paid_fen} 分之间，请核对协议后重填。")
    return paid_fen - deducted_fen
