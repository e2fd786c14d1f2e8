"""Risk rules as data, the score they make together, and what follows from it (rules §8.1, §8.2).

Live scoring, shadow and back-test all run through ``evaluate``: a decision is recomputable from the rule versions and
the feature values that are kept with it.
"""

import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from models.errors import Invalid
from models.rules.risk_feature import FEATURES, WINDOW_MAX_DAYS, Kind, named_in

SUSPICIOUS = 60
"""From this score on an event is suspicious (rules §8.2)."""
SCORE_MAX = 100
NODES_MAX = 40
DEPTH_MAX = 5
VALUE_MAX = 10**12

GROUPS: dict[str, int] = {
    "place": 50,
    "identity": 70,
    "self": 80,
    "return": 60,
    "burst": 60,
    "proof": 60,
    "join": 70,
    "cycle": 60,
    "region": 60,
}
"""The most that the rules of a group add together. Shared networks and addresses alone never reach the threshold:
families, dormitories and offices look like that."""

HELD_MAX_BPS = 200
"""A draft that would hold more of the orders, or of their money, than this share is not published."""
SHADOW_HOURS = 24
BACKTEST_DAYS = 30
COMPARE_DAYS = 7
BAND = 3
"""A live rule that hits this many times more or less often than its back-test promised is called to attention."""


class BadRule(Invalid):
    """A rule that cannot be: unknown feature or group, too large, or its own cases fail."""


class Action(StrEnum):
    """What a score does to what happened."""

    ALLOW = "allow"
    HOLD = "hold"
    REVIEW = "review"
    BLOCK = "block_payout"


class _Node(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, populate_by_name=True)


class Compare(_Node):
    """A feature beside a threshold."""

    feature: str
    op: Literal[">=", ">", "<=", "<", "==", "!="]
    value: Annotated[int, Field(ge=0, le=VALUE_MAX)]


class All(_Node):
    """Every one of these."""

    all: Annotated[list["Node"], Field(min_length=1, max_length=NODES_MAX)]


class AnyOf(_Node):
    """At least one of these."""

    any: Annotated[list["Node"], Field(min_length=1, max_length=NODES_MAX)]


class Not(_Node):
    """The contrary."""

    none: Annotated["Node", Field(alias="not")]


Node = Compare | All | AnyOf | Not


class Terms(_Node):
    """A rule as its author writes it. ``reason`` may name features in braces.

    ``hits`` and ``misses`` are its own cases. Each case gives feature values; what it leaves out is unknown (-1).
    """

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{2,39}$")]
    on: Annotated[list[str], Field(min_length=1)]
    group: str
    weight: Annotated[int, Field(ge=1, le=SCORE_MAX)]
    reason: Annotated[str, Field(min_length=4, max_length=120)]
    when: Node
    hits: Annotated[list[dict[str, int]], Field(min_length=1, max_length=20)]
    misses: Annotated[list[dict[str, int]], Field(min_length=1, max_length=20)]


for _one in (All, AnyOf, Not, Terms):
    _one.model_rebuild()


@dataclass(frozen=True, slots=True)
class Because:
    """One comparison of a rule that came true."""

    feature: str
    value: int
    op: str
    threshold: int


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that came true, in plain words."""

    code: str
    version: int
    group: str
    weight: int
    reason: str
    because: tuple[Because, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """The score of an event and why. ``by_group`` is what each group added after its cap."""

    score: int
    action: Action
    hits: tuple[Hit, ...]
    by_group: Mapping[str, int]


Values = Mapping[str, int]
Test = Callable[[Values], bool]
OPS: dict[str, Callable[[int, int], bool]] = {
    ">=": operator.ge,
    ">": operator.gt,
    "<=": operator.le,
    "<": operator.lt,
    "==": operator.eq,
    "!=": operator.ne,
}


@dataclass(frozen=True, slots=True)
class Rule:
    """A version of a rule, ready to be asked."""

    version: int
    terms: Terms
    kinds: frozenset[str]
    test: Test


def parse(found: Mapping[str, Any]) -> Terms:
    """The terms of plain JSON, checked whole; a refusal says where and why."""
    try:
        terms = Terms.model_validate(found)
    except ValidationError as wrong:
        first = wrong.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "规则"
        raise BadRule(f"规则 8.1：{where} 填写有误（{_said(first)}），请改正后再保存。") from None
    _check(terms)
    return terms


def _said(error: Mapping[str, Any]) -> str:
    words = {"missing": "缺少", "extra_forbidden": "不认识", "int_type": "应为整数", "too_short": "至少一项"}
    return words.get(str(error["type"]), str(error["msg"]))


def _check(terms: Terms) -> None:
    if terms.group not in GROUPS:
        raise BadRule(f"规则 8.1：没有名为 {terms.group} 的分组，可选：{'、'.join(GROUPS)}。")
    if unknown := sorted(set(terms.on) - set(Kind)):
        raise BadRule(f"规则 8.1：没有名为 {'、'.join(unknown)} 的事件，可选：{'、'.join(Kind)}。")
    comparisons = list(compared(terms.when))
    if len(comparisons) > NODES_MAX or depth(terms.when) > DEPTH_MAX:
        raise BadRule(f"规则 8.1：条件过大，最多 {NODES_MAX} 个比较、{DEPTH_MAX} 层，请拆成几条规则。")
    mentioned = {one.feature for one in comparisons} | set(named_in(terms.reason))
    mentioned |= {name for case in (*terms.hits, *terms.misses) for name in case}
    if unknown := sorted(mentioned - set(FEATURES)):
        raise BadRule(f"规则 8.1：没有名为 {'、'.join(unknown)} 的指标，请从指标表中选择。")
    for one in comparisons:
        feature = FEATURES[one.feature]
        if not set(terms.on) & set(feature.kinds):
            raise BadRule(f"规则 8.1：指标 {one.feature} 不适用于事件 {'、'.join(terms.on)}，请换一个指标。")
        if feature.days > WINDOW_MAX_DAYS:
            raise BadRule(f"规则 8.1：指标 {one.feature} 的窗口超过 {WINDOW_MAX_DAYS} 天。")


def compared(node: Node) -> Iterable[Compare]:
    """Every comparison of a condition, from left to right."""
    if isinstance(node, Compare):
        yield node
    elif isinstance(node, Not):
        yield from compared(node.none)
    else:
        for one in node.all if isinstance(node, All) else node.any:
            yield from compared(one)


def depth(node: Node) -> int:
    """How many layers a condition has; a single comparison is one."""
    if isinstance(node, Compare):
        return 1
    if isinstance(node, Not):
        return 1 + depth(node.none)
    return 1 + max(depth(one) for one in (node.all if isinstance(node, All) else node.any))


def compiled(node: Node) -> Test:
    """The condition as a function; an unknown value (absent or -1) makes no comparison true."""
    if isinstance(node, Compare):
        return _comparison(node)
    if isinstance(node, Not):
        inner = compiled(node.none)
        return lambda values: not inner(values)
    parts = [compiled(one) for one in (node.all if isinstance(node, All) else node.any)]
    if isinstance(node, All):
        return lambda values: all(part(values) for part in parts)
    return lambda values: any(part(values) for part in parts)


def _comparison(node: Compare) -> Test:
    name, holds, threshold = node.feature, OPS[node.op], node.value

    def test(values: Values) -> bool:
        value = values.get(name, -1)
        return value >= 0 and holds(value, threshold)

    return test


def ready(terms: Terms, version: int) -> Rule:
    """A rule's version compiled."""
    return Rule(version, terms, frozenset(terms.on), compiled(terms.when))


def failing(terms: Terms) -> list[str]:
    """The rule's own cases that do not come out as they say, each in words."""
    test = compiled(terms.when)
    wrong = [f"应命中的例 {n} 没有命中：{_case(one)}" for n, one in enumerate(terms.hits, 1) if not test(one)]
    return wrong + [f"不应命中的例 {n} 命中了：{_case(one)}" for n, one in enumerate(terms.misses, 1) if test(one)]


def _case(values: Values) -> str:
    return "，".join(f"{name} = {value}" for name, value in values.items()) or "全部未知"


def hits_of(rules: Sequence[Rule], kind: str, values: Values) -> list[Rule]:
    """The rules for this kind of event that come true."""
    return [rule for rule in rules if kind in rule.kinds and rule.test(values)]


def total(weights: Iterable[tuple[str, int]]) -> tuple[int, dict[str, int]]:
    """The score of (group, weight) pairs: summed in each group up to its cap, together at most 100."""
    sums: dict[str, int] = {}
    for group, weight in weights:
        sums[group] = min(GROUPS[group], sums.get(group, 0) + weight)
    return min(SCORE_MAX, sum(sums.values())), sums


def action_of(kind: str, score: int) -> Action:
    """What follows: an order's shares are held, a payout is blocked, anything else is looked at by a person."""
    if score < SUSPICIOUS:
        return Action.ALLOW
    return {Kind.PLACE: Action.HOLD, Kind.PAYOUT: Action.BLOCK}.get(Kind(kind), Action.REVIEW)


def evaluate(rules: Sequence[Rule], kind: str, values: Values) -> Verdict:
    """The verdict of a set of rules on an event with these feature values."""
    found = hits_of(rules, kind, values)
    score, by_group = total((rule.terms.group, rule.terms.weight) for rule in found)
    return Verdict(score, action_of(kind, score), tuple(_hit(rule, values) for rule in found), by_group)


def _hit(rule: Rule, values: Values) -> Hit:
    terms = rule.terms
    true = [one for one in compared(terms.when) if _comparison(one)(values)]
    because = tuple(Because(one.feature, values[one.feature], one.op, one.value) for one in true)
    return Hit(terms.code, rule.version, terms.group, terms.weight, worded(terms.reason, values), because)


def worded(reason: str, values: Values) -> str:
    """The reason with the values of the features it names."""
    for name in named_in(reason):
        reason = reason.replace("{" + name + "}", str(values.get(name, "未知")))
    return reason
