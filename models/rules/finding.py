"""Findings: what they are worth, how long an owner has, what may be done with one, and the lamps."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from models.errors import Conflict, Invalid
from models.rules import lint
from models.rules.lint import Severity


class State(StrEnum):
    """Open until somebody takes it, quiet while muted, resolved once it is no longer seen."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    MUTED = "muted"
    RESOLVED = "resolved"


class Light(StrEnum):
    """What a lamp shows."""

    GREEN = "green"
    AMBER = "amber"
    RED = "red"


MUTED_AT_MOST = timedelta(days=30)
_DUE = {
    Severity.BLOCK: timedelta(hours=24),
    Severity.CRIT: timedelta(hours=24),
    Severity.FREEZE: timedelta(hours=24),
    Severity.WARN: timedelta(days=7),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One subject that breaks a rule now."""

    rule: str
    severity: Severity
    subject: str
    evidence: str
    mend: str = ""


# What the lint of a policy does not say: rules over the running platform alone.
WATCHED: dict[str, tuple[str, str]] = {
    "R26": ("禁止传销条例第2条", "移位改变了计酬上级，或缺少第二人复核、本人同意。"),
    "R31": ("微信支付商家转账规则（二千元以上须核对姓名）", "佣金转账缺少收款人姓名。"),
    "R45": ("个人信息保护法第14条、第17条", "在现行协议生效后有收入、却没有同意记录。"),
    "S01": ("规则 8.3；规则 10", "一个位置下面超过三人。"),
    "S02": ("规则 8.3", "排位出现环或断开，从根走不到。"),
    "S03": ("规则 5.3；规则 8.3", "有超过三层的计付。"),
    "S04": ("规则 5.10；规则 8.3", "账本合计不平，或入账后被改写。"),
    "B01": ("规则 7.1", "复购率低于预警线。"),
    "B02": ("规则 5.2", "订单结算后平台毛利为负，亏损超过预警线。"),
}

GROUPS: dict[str, tuple[str, ...]] = {
    "entry_fee": ("R05", "R06", "R21"),
    "headcount": ("R04", "R09"),
    "team_pay": ("R01", "R02", "R03", "R10", "R26"),
    "consumer": ("R12", "R13", "R14", "R15", "R39", "R40"),
    "copy": ("R16", "R17"),
    "money": ("R11", "R20", "R27", "R29", "R31", "R32", "R33"),
    "privacy": ("R35", "R38", "R45"),
    "structure": ("R23", "R25", "S01", "S02", "S03", "S04"),
    "business": ("B01", "B02"),
}
"""The lamps: the law's three (入门费, 拉人头, 团队计酬), then consumers, copy, money, personal data, structure, and
what the business itself watches."""

BY_DESIGN: dict[str, str] = {
    "R15": "系统没有「不支持七日退货」的商品，逐单确认无从谈起",
}
"""Rules that nothing in the tables could break: the lamp says so rather than claim a measurement."""


class Unexplained(Invalid):
    """A finding is taken or muted with a reason that says something."""


class TooLong(Invalid):
    """Nothing stays quiet for longer than a month."""


class NotThere(Conflict):
    """The finding is resolved already."""


def told(rule: str) -> tuple[str, str]:
    """The article and the sentence of a rule."""
    if rule in WATCHED:
        return WATCHED[rule]
    found = next(one for one in lint.RULES if one.id == rule)
    return found.article, found.text


def due(severity: Severity, *, at: datetime) -> datetime:
    """Until when the owner has it mended."""
    return at + _DUE[severity]


def check_reason(reason: str) -> str:
    tidy = " ".join(reason.split())[:300]
    if not tidy:
        raise Unexplained("请写明理由：为什么认领、为什么暂停提醒。")
    return tidy


def check_muted(until: datetime, *, at: datetime) -> None:
    if not at < until <= at + MUTED_AT_MOST:
        raise TooLong(f"暂停提醒最多 {MUTED_AT_MOST.days} 天，到期后自动恢复；请改短日期。")


def check_standing(state: State) -> None:
    if state is State.RESOLVED:
        raise NotThere("这条发现已经解除，请刷新列表。")


def light(severities: Iterable[Severity]) -> Light:
    """The worst of what stands: red for what the law forbids, amber for the rest."""
    found = set(severities)
    if found & lint.RED:
        return Light.RED
    return Light.AMBER if found else Light.GREEN
