"""What the business is warned of: each rule's figures with their defaults (rules 7.1, 5.2) and how far they may go."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from models import money
from models.errors import Conflict, Invalid, Missing

REPURCHASE = "B01"
MARGIN = "B02"


class Unit(StrEnum):
    """How a figure is typed and shown."""

    RATE = "rate"
    DAYS = "days"
    COUNT = "count"
    MONEY = "money"


@dataclass(frozen=True, slots=True)
class Term:
    """One figure of a rule: where it stands by itself, and between which bounds staff may set it."""

    key: str
    words: str
    unit: Unit
    default: int
    least: int
    most: int

    def says(self, value: int) -> str:
        """The figure as people read it."""
        if self.unit is Unit.RATE:
            return money.bps_text(value)
        if self.unit is Unit.MONEY:
            return money.yuan(value)
        return f"{value:,}{' 天' if self.unit is Unit.DAYS else ''}"


TERMS: dict[str, tuple[Term, ...]] = {
    REPURCHASE: (
        Term("target_bps", "复购率预警线", Unit.RATE, 4_000, 100, 9_000),
        Term("days", "统计窗口", Unit.DAYS, 30, 7, 90),
        Term("buyers_min", "最少买家数", Unit.COUNT, 30, 10, 10_000),
    ),
    MARGIN: (
        Term("days", "统计窗口", Unit.DAYS, 7, 1, 90),
        Term("loss_fen", "亏损预警线", Unit.MONEY, 0, 0, 100_000_000),
    ),
}
"""Every rule that staff may set, with its figures."""


class NoRule(Missing):
    """Nothing of the business is watched under this name."""


class OutOfBounds(Invalid):
    """A figure that is none, or with which a rule would always or never speak."""


class NothingChanged(Conflict):
    """The rule stands like this already."""


class NotAnOwner(Invalid):
    """Nobody of this number may take findings."""


def terms_of(rule: str) -> tuple[Term, ...]:
    """The figures of a rule, or a refusal."""
    if rule not in TERMS:
        raise NoRule(f"没有编号为 {rule[:10]} 的预警规则，请从列表中选择。")
    return TERMS[rule]


def in_force(rule: str, kept: Mapping[str, int | None]) -> dict[str, int]:
    """A rule's figures: what staff have set, the default where they have set nothing."""
    chosen = {term.key: kept.get(term.key) for term in terms_of(rule)}
    return {term.key: term.default if (value := chosen[term.key]) is None else value for term in terms_of(rule)}


def checked(rule: str, asked: Mapping[str, int | None]) -> dict[str, int | None]:
    """Every figure of a rule as it is to be kept, None for the default; what lies out of bounds is refused."""
    return {term.key: _checked(term, asked.get(term.key)) for term in terms_of(rule)}


def _checked(term: Term, value: int | None) -> int | None:
    if value is not None and not term.least <= value <= term.most:
        bounds = f"{term.says(term.least)} 到 {term.says(term.most)}"
        raise OutOfBounds(f"{term.words}须在 {bounds} 之间（默认 {term.says(term.default)}），请改正后再保存。")
    return None if value == term.default else value
