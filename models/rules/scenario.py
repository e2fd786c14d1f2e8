"""Scenario files: every line a typed event, or a refusal that says what is wrong with it."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar, TypeVar

from models.errors import Invalid
from models.rules import policy, region_share
from models.rules.commission import Kind
from models.rules.order import Scene
from models.rules.placement import Template
from models.rules.tax import Month


class BadLine(Invalid):
    """A line that is no event."""


class BackwardsTime(Invalid):
    """Events come in time order."""


class PolicyFirst(Invalid):
    """The first line, and only the first, says the policy."""


class PayoutEnd(StrEnum):
    SUCCESS = "SUCCESS"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What every line has."""

    do: ClassVar[str] = ""
    at: datetime
    refused: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPolicy(Event):
    do: ClassVar[str] = "policy"
    policy: policy.Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class MakeMatrix(Event):
    do: ClassVar[str] = "matrix"
    matrix: str
    merchant: str
    template: Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Register(Event):
    do: ClassVar[str] = "register"
    member: str
    inviter: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Qualify(Event):
    do: ClassVar[str] = "qualify"
    member: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceOrder(Event):
    do: ClassVar[str] = "order"
    order: str
    seller: str
    paid: int
    cost: int
    commission: int
    buyer: str | None = None
    kind: Kind = Kind.NORMAL
    scene: Scene = Scene.SHARE_LINK
    region: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent(Event):
    """ship, complete, hold, clear, confirm_fraud: an order and what befalls it."""

    order: str


class Ship(OrderEvent):
    do: ClassVar[str] = "ship"


class Complete(OrderEvent):
    do: ClassVar[str] = "complete"


class Hold(OrderEvent):
    do: ClassVar[str] = "hold"


class Clear(OrderEvent):
    do: ClassVar[str] = "clear"


class ConfirmFraud(OrderEvent):
    do: ClassVar[str] = "confirm_fraud"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refund(Event):
    do: ClassVar[str] = "refund"
    order: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Appoint(Event):
    do: ClassVar[str] = "agent"
    member: str
    region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NameSeed(Event):
    do: ClassVar[str] = "seed_promoter"
    member: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PayDividend(Event):
    do: ClassVar[str] = "dividend"
    month: Month


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw(Event):
    do: ClassVar[str] = "withdraw"
    withdrawal: str
    member: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class EndPayout(Event):
    do: ClassVar[str] = "payout"
    withdrawal: str
    state: PayoutEnd


class Tick(Event):
    do: ClassVar[str] = "tick"


CODE_LENGTH_MAX = 200
SHOWN_LENGTH_MAX = 80
YEARS = range(2000, 2200)
"""Instants outside these years are a slip of the hand; adding days to them must stay a date."""


def _code(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise BadLine("应为非空文字")
    if len(value) > CODE_LENGTH_MAX or not value.isprintable():
        raise BadLine(f"应为不超过 {CODE_LENGTH_MAX} 个字、不含控制字符的文字")
    return value


def _maybe_code(value: Any) -> str | None:
    return None if value is None else _code(value)


def _amount(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise BadLine("应为整数（分）")
    return value


def _region(value: Any) -> str:
    return region_share.check_known(_code(value))


def _maybe_region(value: Any) -> str | None:
    return None if value is None else _region(value)


def _instant(value: Any) -> datetime:
    try:
        at = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadLine("应为带时区的 ISO 8601 时间") from None
    if at.tzinfo is None:
        raise BadLine("应为带时区的 ISO 8601 时间")
    if at.year not in YEARS:
        raise BadLine(f"应在 {YEARS[0]} 到 {YEARS[-1]} 年之间")
    return at


def _month(value: Any) -> Month:
    found = re.fullmatch(r"([0-9]{4})-(0[1-9]|1[0-2])", value) if isinstance(value, str) else None
    if not found or int(found[1]) not in YEARS:
        raise BadLine("应为 YYYY-MM")
    return Month(int(found[1]), int(found[2]))


Choice = TypeVar("Choice", bound=StrEnum)


def _choice(kind: type[Choice]) -> Callable[[Any], Choice]:
    def read(value: Any) -> Choice:
        if not isinstance(value, str) or value not in set(kind):
            raise BadLine(f"应为 {'、'.join(kind)} 之一")
        return kind(value)

    return read


Reader = Callable[[Any], Any]

_MEMBER: dict[str, Reader] = {"member": _code}
_ORDER: dict[str, Reader] = {"order": _code}

SHAPES: dict[str, tuple[type[Event], dict[str, Reader], dict[str, Reader]]] = {
    "matrix": (MakeMatrix, {"matrix": _code, "merchant": _code, "template": _choice(Template)}, {}),
    "register": (Register, {"member": _code, "inviter": _maybe_code}, {}),
    "qualify": (Qualify, _MEMBER, {}),
    "order": (
        PlaceOrder,
        {"order": _code, "seller": _code, "paid": _amount, "cost": _amount, "commission": _amount},
        {"buyer": _maybe_code, "kind": _choice(Kind), "scene": _choice(Scene), "region": _maybe_region},
    ),
    "ship": (Ship, _ORDER, {}),
    "complete": (Complete, _ORDER, {}),
    "refund": (Refund, {"order": _code, "amount": _amount}, {}),
    "agent": (Appoint, {"member": _code, "region": _region}, {}),
    "seed_promoter": (NameSeed, _MEMBER, {}),
    "hold": (Hold, _ORDER, {}),
    "clear": (Clear, _ORDER, {}),
    "confirm_fraud": (ConfirmFraud, _ORDER, {}),
    "dividend": (PayDividend, {"month": _month}, {}),
    "withdraw": (Withdraw, {"withdrawal": _code, "member": _code, "amount": _amount}, {}),
    "payout": (EndPayout, {"withdrawal": _code, "state": _choice(PayoutEnd)}, {}),
    "tick": (Tick, {}, {}),
}
"""What each ``do`` makes, its required keys and its optional ones."""

COMMON = {"at", "do", "refused"}


def load(line: str) -> dict[str, Any]:
    """The JSON object of a line."""
    try:
        found = json.loads(line, object_pairs_hook=_once, parse_constant=_no_constant)
    except json.JSONDecodeError as wrong:
        raise BadLine(f"不是有效的 JSON：第 {wrong.colno} 列附近有误。") from None
    except RecursionError:
        raise BadLine("JSON 嵌套过深，请改为一行一个事件。") from None
    except ValueError:
        raise BadLine("数值过长，请核对。") from None
    if not isinstance(found, dict):
        raise BadLine("每行应为一个 JSON 对象。")
    if not isinstance(found.get("refused", False), bool):
        raise BadLine("refused 应为 true 或 false。")
    return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadLine("同一个键出现了两次。")
    return found


def _no_constant(name: str) -> Any:
    raise BadLine(f"{name} 不是有效的数值。")


def parse(found: Mapping[str, Any]) -> Event:
    """The typed event of a line's object; unknown keys, missing keys and wrong types are refused."""
    do = found.get("do")
    if do == "policy":
        return _policy(found)
    if not isinstance(do, str) or do not in SHAPES:
        raise BadLine(f"不认识的事件 {_shown(do)}。")
    kind, required, optional = SHAPES[do]
    _check_keys(found, set(required), set(optional))
    readers = {**required, **optional}
    values = {key: _read(key, readers[key], found[key]) for key in found if key in readers}
    return kind(at=_read("at", _instant, found["at"]), refused=found.get("refused", False), **values)


def _policy(found: Mapping[str, Any]) -> SetPolicy:
    _check_keys(found, {"preset"}, {"set"})
    values = found.get("set", {})
    if not isinstance(values, dict):
        raise BadLine("set 应为一个对象。")
    # A story names its own holds, so that the signals stay silent unless it asks for them.
    base = policy.changed(policy.preset(str(found["preset"])), {"risk.enabled": False})
    at = _read("at", _instant, found["at"])
    return SetPolicy(at=at, refused=found.get("refused", False), policy=policy.changed(base, values))


def _check_keys(found: Mapping[str, Any], required: set[str], optional: set[str]) -> None:
    if missing := sorted((required | {"at"}) - set(found)):
        raise BadLine(f"缺少 {'、'.join(missing)}。")
    if unknown := sorted(set(found) - required - optional - COMMON):
        raise BadLine(f"不认识的键 {_shown('、'.join(unknown))}。")


def _read(key: str, reader: Reader, value: Any) -> Any:
    try:
        return reader(value)
    except BadLine as wrong:
        raise BadLine(f"{key}{wrong}，实为 {_shown(value)}。") from None


def _shown(value: Any) -> str:
    """A value in a message: short, and nothing that a terminal or a log cannot take."""
    if not isinstance(value, str | int | float | None):
        value = type(value).__name__
    text = json.dumps(value, ensure_ascii=isinstance(value, str) and not value.isprintable())
    return text if len(text) <= SHOWN_LENGTH_MAX else f"{text[:SHOWN_LENGTH_MAX]}…"


def check_sequence(event: Event, *, first: bool, now: datetime | None) -> None:
    """The policy comes first and once, and the clock never runs backwards."""
    if first is not isinstance(event, SetPolicy):
        raise PolicyFirst("规则 10：第一行应为 policy，且只能出现一次。")
    if now is not None and event.at < now:
        raise BackwardsTime(f"时间倒退：{event.at.isoformat()} 早于上一行，请按时间顺序排列。")
