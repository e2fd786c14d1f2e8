"""The first verdict on a buyer's case: what the rules say before a person looks, each with its reason in words.

It advises, and never refuses by itself: a return in the window is a right (rules 3.5), the rest is for a person.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from models.rules.after_sale import Kind, return_until

OFTEN_ORDERS = 5
"""Orders in thirty days from which a buyer's share of returns says something (rules 8.1 `return_rate`)."""

OFTEN_BPS = 3_000
"""Share of returned orders that asks for a look (rules 8.1 `return_rate`)."""


class Advice(StrEnum):
    """What to do first."""

    ACCEPT = "accept"  # goods back, then the money
    PAY_BACK = "pay_back"  # the money at once: nothing is there to send back
    LOOK = "look"  # a person decides


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of a case; the last thirty days of its buyer, amounts in fen."""

    kind: Kind
    today: date
    received_on: date | None
    has_left: bool
    is_delivered: bool
    is_held: bool
    buyer_orders: int
    buyer_returns: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """One advice with the reasons it rests on, for the person who decides."""

    advice: Advice
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Line:
    """One rule: the first that holds decides."""

    holds: Callable[[Facts], bool]
    advice: Advice
    reason: Callable[[Facts], str]


def _in_window(facts: Facts) -> bool:
    return facts.received_on is None or facts.today <= return_until(facts.received_on)


def _often(facts: Facts) -> bool:
    return facts.buyer_orders >= OFTEN_ORDERS and facts.buyer_returns * 10_000 >= facts.buyer_orders * OFTEN_BPS


_LINES = (
    _Line(
        lambda f: not f.has_left, Advice.PAY_BACK,
        lambda f: "商品尚未发出，可直接退款，无需退货。",
    ),
    _Line(
        lambda f: f.kind is Kind.NO_REASON and _in_window(f), Advice.ACCEPT,
        lambda f: (
            f"七日无理由期内（截至 {return_until(f.received_on)}），依法应当同意。"
            if f.received_on
            else "尚未确认收货，七日无理由期还未开始计算，依法应当同意。"
        ),
    ),
    _Line(
        lambda f: f.kind is Kind.NOT_RECEIVED and not f.is_delivered, Advice.PAY_BACK,
        lambda f: "物流没有签收记录，可以直接退款；包裹退回后另行处理。",
    ),
    _Line(
        lambda f: f.kind is Kind.NOT_RECEIVED, Advice.LOOK,
        lambda f: "物流显示已签收，而买家称未收到：请向承运商核实签收凭证。",
    ),
    _Line(
        lambda f: _in_window(f) and not f.is_held and not _often(f), Advice.ACCEPT,
        lambda f: "仍在收货后七日内，商品问题按退货处理，同意后等待退回。",
    ),
    _Line(
        lambda f: True, Advice.LOOK,
        lambda f: "已过收货后七日，请查看凭证后决定。" if not _in_window(f) else "请查看凭证后决定。",
    ),
)  # fmt: skip


def first_verdict(facts: Facts) -> Verdict:
    """What the first rule that holds advises, and what else whoever decides should know."""
    line = next(line for line in _LINES if line.holds(facts))
    beside = []
    if facts.is_held:
        beside.append("订单正在风控处理中：分润已暂缓，退款不受影响。")
    if _often(facts):
        beside.append(f"买家近 30 天 {facts.buyer_orders} 单中有 {facts.buyer_returns} 单退款，比例偏高。")
    return Verdict(line.advice, (line.reason(facts), *beside))
