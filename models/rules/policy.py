"""The policy as a frozen dataclass: its keys, its two presets, what it may never say, and which version is in force."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

from models.errors import Conflict, Forbidden, Invalid
from models.money import BPS
from models.rules.compliance import LEVELS_MAX

# The rules set no upper limits: these are far enough that a policy can say "never", and still fit dates and columns.
DAYS_MAX = 36_500
COUNT_MAX = 10**9
THRESHOLD_MAX_FEN = 10**15


class LevelsBy(StrEnum):
    PLACEMENT = "placement"
    SPONSOR = "sponsor"


class RefundEffect(StrEnum):
    CLOSE_SHOWCASE = "close_showcase"
    NONE = "none"


class Metric(StrEnum):
    RECRUITS = "recruits"
    ORDERS = "orders"


class Effect(StrEnum):
    FREEZE = "freeze"
    REMIND = "remind"


class RankBy(StrEnum):
    TEAM = "team"
    OWN = "own"


class EarnerMode(StrEnum):
    HOLD = "hold"
    REMIND = "remind"


class TaxMethod(StrEnum):
    NONE = "none"
    MONTHLY = "monthly"
    CUMULATIVE = "cumulative"


class BadPolicy(Invalid):
    """A policy value that the rules forbid."""


class UnknownKey(Invalid):
    """A policy key that does not exist."""


class SameHands(Forbidden):
    """The maker of a policy tried to approve it."""


class OpinionMissing(Conflict):
    """A policy with red findings was approved without a valid legal opinion."""


class FindingOpen(Conflict):
    """A red finding of the lint was not acknowledged."""


Check = Callable[[Any], str | None]


def _whole(low: int, high: int) -> Check:
    def check(value: Any) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            return f"应为 {low} 到 {high} 的整数"
        return None

    return check


def _row(length: int, high: int, *, rising: bool = False, sum_max: int | None = None) -> Check:
    each = _whole(0, high)

    def check(value: Any) -> str | None:
        if not isinstance(value, tuple) or len(value) != length or any(each(item) for item in value):
            return f"应为 {length} 个 0 到 {high} 的整数"
        if rising and any(low > high for low, high in zip(value, value[1:], strict=False)):
            return "应从低到高排列"
        if sum_max is not None and sum(value) > sum_max:
            return f"合计不得超过 {sum_max}"
        return None

    return check


def _one_of(kind: type[StrEnum]) -> Check:
    def check(value: Any) -> str | None:
        return None if isinstance(value, kind) else f"应为 {'、'.join(kind)} 之一"

    return check


def _flag(value: Any) -> str | None:
    return None if isinstance(value, bool) else "应为 true 或 false"


def _key(key: str, rule: str, check: Check) -> Any:
    return field(metadata={"key": key, "rule": rule, "check": check})


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Every number and choice of the rules that the client may turn. Amounts in fen, rates in bps."""

    levels: int = _key("levels", "5.3", _whole(1, LEVELS_MAX))
    split_bps: tuple[int, ...] = _key("split_bps", "5.2", _row(LEVELS_MAX, BPS, sum_max=BPS))
    levels_by: LevelsBy = _key("levels_by", "5.2", _one_of(LevelsBy))
    admission_orders: int = _key("admission.orders", "3.2", _whole(0, 10))
    admission_refund_effect: RefundEffect = _key("admission.refund_effect", "3.5", _one_of(RefundEffect))
    unlock_directs: int = _key("unlock.directs", "4.1", _whole(0, COUNT_MAX))
    assess_metric: Metric = _key("assess.metric", "4.5", _one_of(Metric))
    assess_target: int = _key("assess.target", "4.2", _whole(0, COUNT_MAX))
    assess_effect: Effect = _key("assess.effect", "4.5", _one_of(Effect))
    revive_orders: int = _key("revive.orders", "4.4", _whole(0, COUNT_MAX))
    rank_by: RankBy = _key("rank.by", "4.6", _one_of(RankBy))
    rank_team_size: tuple[int, ...] = _key("rank.team_size", "4.6", _row(4, COUNT_MAX, rising=True))
    rank_sales_fen: tuple[int, ...] = _key("rank.sales_fen", "4.6", _row(4, THRESHOLD_MAX_FEN, rising=True))
    dividend_bps: tuple[int, ...] = _key("dividend_bps", "5.7", _row(2, BPS))
    region_bps: tuple[int, ...] = _key("region_bps", "5.2", _row(3, BPS, sum_max=BPS))
    seed_bonus_bps: int = _key("seed_bonus_bps", "5.2", _whole(0, BPS))
    seed_bonus_days: int = _key("seed_bonus_days", "5.2", _whole(0, DAYS_MAX))
    high_earner_mode: EarnerMode = _key("high_earner.mode", "5.8", _one_of(EarnerMode))
    high_earner_step_fen: int = _key("high_earner.step_fen", "5.8", _whole(1, THRESHOLD_MAX_FEN))
    flow_pays: bool = _key("flow.pays", "7.3", _flag)
    return_days: int = _key("return_days", "5.5", _whole(0, DAYS_MAX))
    auto_confirm_days: int = _key("auto_confirm_days", "5.1", _whole(0, DAYS_MAX))
    candidate_days: int = _key("candidate_days", "2.5", _whole(0, DAYS_MAX))
    cycle_days: int = _key("cycle_days", "4.2", _whole(1, DAYS_MAX))
    reserve_bps: int = _key("reserve_bps", "5.2", _whole(0, BPS))
    withdraw_min_fen: int = _key("withdraw.min", "5.9", _whole(1, THRESHOLD_MAX_FEN))
    withdraw_second_approval_fen: int = _key("withdraw.second_approval", "5.9", _whole(1, THRESHOLD_MAX_FEN))
    risk_enabled: bool = _key("risk.enabled", "8.1", _flag)
    tax_method: TaxMethod = _key("tax.method", "5.9", _one_of(TaxMethod))

    def __post_init__(self) -> None:
        for one in fields(self):
            wrong = one.metadata["check"](getattr(self, one.name))
            if wrong:
                rule, key, value = one.metadata["rule"], one.metadata["key"], _shown(getattr(self, one.name))
                raise BadPolicy(f"规则 {rule}：{key} 不能设为 {value}，{wrong}。")


FIELDS = {one.metadata["key"]: one for one in fields(Policy)}
"""Scenario and console keys to fields, exactly as rules 10 writes them."""

PLAN = Policy(
    levels=3,
    split_bps=(7_000, 2_000, 1_000),
    levels_by=LevelsBy.PLACEMENT,
    admission_orders=10,
    admission_refund_effect=RefundEffect.CLOSE_SHOWCASE,
    unlock_directs=3,
    assess_metric=Metric.RECRUITS,
    assess_target=3,
    assess_effect=Effect.FREEZE,
    revive_orders=10,
    rank_by=RankBy.TEAM,
    rank_team_size=(13, 121, 1_093, 9_841),
    rank_sales_fen=(500_000, 5_000_000, 50_000_000, 500_000_000),
    dividend_bps=(300, 300),
    region_bps=(50, 100, 200),
    seed_bonus_bps=500,
    seed_bonus_days=30,
    high_earner_mode=EarnerMode.HOLD,
    high_earner_step_fen=500_000,
    flow_pays=True,
    return_days=7,
    auto_confirm_days=10,
    candidate_days=7,
    cycle_days=30,
    reserve_bps=100,
    withdraw_min_fen=100,
    withdraw_second_approval_fen=500_000,
    risk_enabled=True,
    tax_method=TaxMethod.CUMULATIVE,
)

STEADY = replace(
    PLAN,
    levels=1,
    split_bps=(10_000, 0, 0),
    levels_by=LevelsBy.SPONSOR,
    admission_orders=0,
    admission_refund_effect=RefundEffect.NONE,
    unlock_directs=0,
    assess_metric=Metric.ORDERS,
    assess_effect=Effect.REMIND,
    revive_orders=0,
    rank_by=RankBy.OWN,
    dividend_bps=(0, 0),
    high_earner_mode=EarnerMode.REMIND,
    flow_pays=False,
)

PRESETS = {"plan": PLAN, "steady": STEADY}


def _shown(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def preset(name: str) -> Policy:
    """One of the two policies that ship."""
    if name not in PRESETS:
        raise BadPolicy(f"规则 10：没有名为 {name} 的预设，请填 plan 或 steady。")
    return PRESETS[name]


def changed(policy: Policy, values: Mapping[str, Any]) -> Policy:
    """The policy with some keys set to plain JSON values."""
    unknown = sorted(set(values) - set(FIELDS))
    if unknown:
        raise UnknownKey(f"规则 10：没有策略键 {'、'.join(unknown)}，请对照策略表改正键名。")
    return replace(policy, **{FIELDS[key].name: _typed(policy, key, value) for key, value in values.items()})


Choice = TypeVar("Choice", bound=StrEnum)


def _typed(policy: Policy, key: str, value: Any) -> Any:
    current = getattr(policy, FIELDS[key].name)
    if isinstance(value, list):
        return tuple(value)
    if isinstance(current, StrEnum):
        return _choice(type(current), value)
    return value


def _choice(kind: type[Choice], value: Any) -> Choice | Any:
    return kind(value) if isinstance(value, str) and value in set(kind) else value


def plain(policy: Policy) -> dict[str, Any]:
    """The policy under its public keys, as JSON values: what is stored, shown and digested."""
    values = {key: getattr(policy, one.name) for key, one in FIELDS.items()}
    return {key: list(value) if isinstance(value, tuple) else value for key, value in values.items()}


def digest(policy: Policy) -> str:
    """SHA-256 over the sorted public keys: equal policies have equal digests."""
    text = json.dumps(plain(policy), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One approved policy and the instant from which orders are paid under it."""

    number: int
    policy: Policy
    effective_at: datetime
    needs_opinion: bool = False
    opinion_until: datetime | None = None


def in_force(versions: Iterable[Version], at: datetime) -> Policy:
    """The policy of an order paid at an instant: the newest effective one, ``STEADY`` once its legal opinion lapsed."""
    begun = [version for version in versions if version.effective_at <= at]
    if not begun:
        return STEADY
    newest = max(begun, key=lambda version: (version.effective_at, version.number))
    lapsed = newest.needs_opinion and (newest.opinion_until is None or newest.opinion_until <= at)
    return STEADY if lapsed else newest.policy


def check_approval(
    *,
    maker: str,
    checker: str,
    red: Iterable[str],
    acknowledged: Iterable[str],
    opinion_until: datetime | None,
    at: datetime,
) -> None:
    """Refuse to put a policy in force unless a second person, every red finding and the opinion agree (rules 10)."""
    if maker == checker:
        raise SameHands("规则 10：策略须由另一人审批，提交人不能审批自己的版本。")
    findings = set(red)
    if missing := sorted(findings - set(acknowledged)):
        raise FindingOpen(f"规则 10：红色检查项 {'、'.join(missing)} 尚未逐条确认，请先确认。")
    if findings and (opinion_until is None or opinion_until <= at):
        raise OpinionMissing("规则 10：本版本有红色检查项，须先登记有效期内的法律意见书。")
