"""The life of an order: from, to, and which repeated or late events change nothing."""

from datetime import datetime, timedelta
from enum import StrEnum

from models import money
from models.errors import Conflict, Invalid
from models.rules.compliance import check_amount
from models.rules.policy import Policy
from models.rules.share import Person
from models.rules.standing import Showcase


class Scene(StrEnum):
    SHORT_VIDEO = "short_video"
    LIVE = "live"
    SHARE_LINK = "share_link"
    SHOWCASE = "showcase"


class State(StrEnum):
    PENDING_PAYMENT = "pending_payment"
    DEPOSIT_PAID = "deposit_paid"
    BALANCE_DUE = "balance_due"
    PAID = "paid"
    SHIPPED = "shipped"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    REFUNDED = "refunded"


class Event(StrEnum):
    PAY = "pay"
    PAY_DEPOSIT = "pay_deposit"
    CALL_BALANCE = "call_balance"
    SHIP = "ship"
    COMPLETE = "complete"
    CANCEL = "cancel"
    REFUND = "refund"


BEFORE = {State.PENDING_PAYMENT, State.DEPOSIT_PAID, State.BALANCE_DUE}
"""Not wholly paid yet."""

SETTLABLE = {State.PAID, State.SHIPPED}
"""Paid in full and waiting for the receipt."""

UNDONE = {State.CANCELLED, State.REFUNDED}
"""Nothing of it was bought in the end."""

MOVES: dict[tuple[State, Event], State] = {
    (State.PENDING_PAYMENT, Event.PAY): State.PAID,
    (State.PENDING_PAYMENT, Event.PAY_DEPOSIT): State.DEPOSIT_PAID,
    (State.PENDING_PAYMENT, Event.CANCEL): State.CANCELLED,
    (State.DEPOSIT_PAID, Event.CALL_BALANCE): State.BALANCE_DUE,
    (State.DEPOSIT_PAID, Event.PAY): State.PAID,
    (State.DEPOSIT_PAID, Event.CANCEL): State.CANCELLED,
    (State.BALANCE_DUE, Event.PAY): State.PAID,
    (State.BALANCE_DUE, Event.CANCEL): State.CANCELLED,
    (State.PAID, Event.SHIP): State.SHIPPED,
    (State.PAID, Event.COMPLETE): State.COMPLETED,
    (State.SHIPPED, Event.COMPLETE): State.COMPLETED,
    (State.PAID, Event.REFUND): State.REFUNDED,
    (State.SHIPPED, Event.REFUND): State.REFUNDED,
    (State.COMPLETED, Event.REFUND): State.REFUNDED,
}
"""What moves an order; ``REFUND`` stands for the refund that makes it whole."""

PASSED: dict[Event, set[State]] = {
    Event.PAY: {State.PAID, State.SHIPPED, State.COMPLETED, State.REFUNDED},
    Event.PAY_DEPOSIT: set(State) - {State.PENDING_PAYMENT, State.CANCELLED},
    Event.CALL_BALANCE: set(State) - {State.PENDING_PAYMENT, State.DEPOSIT_PAID, State.CANCELLED},
    Event.SHIP: {State.SHIPPED, State.COMPLETED, State.REFUNDED},
    Event.COMPLETE: {State.COMPLETED, State.REFUNDED},
    Event.CANCEL: {State.CANCELLED},
    Event.REFUND: {State.REFUNDED},
}
"""States in which an event has nothing left to do: it came twice or late, and is no error (rules 5.1)."""


class OutOfTurn(Conflict):
    """The order is not where this event could happen."""


class NotSelling(Conflict):
    """The seller's showcase takes no new orders."""


class TooMuch(Conflict):
    """More than what is left of an order cannot be refunded."""


class BadShare(Invalid):
    """Cost and commission are parts of a sale, never negative."""


def after(state: State, event: Event) -> State:
    """The state that an event leads to; the same state if it came twice or late (rules 5.1)."""
    if (state, event) in MOVES:
        return MOVES[state, event]
    if state in PASSED[event]:
        return state
    raise OutOfTurn(f"规则 5.1：订单处于 {state}，不能执行 {event}，请先核对订单状态。")


def check_terms(*, paid_fen: int, cost_fen: int, commission_fen: int) -> None:
    """The amounts of a new order (rules 5.1)."""
    check_amount(paid_fen, "规则 5.1：实付金额", least_fen=1)
    check_amount(cost_fen, "规则 5.1：成本")
    check_amount(commission_fen, "规则 5.1：佣金")


def check_deposit(*, is_presale: bool, deposit_fen: int, paid_fen: int) -> None:
    """A deposit is part of the price of a presale, and of nothing else (rules 5.1)."""
    check_amount(deposit_fen, "规则 5.1：定金")
    if deposit_fen and not is_presale:
        raise BadShare("规则 5.1：只有预售订单有定金，请改为预售或去掉定金。")
    if deposit_fen >= paid_fen:
        raise BadShare(f"规则 5.1：定金须少于订单金额 {money.yuan(paid_fen)}。")


def balance_fen(state: State, *, paid_fen: int, deposit_fen: int) -> int:
    """What is still to be paid of an order that waits for money (rules 5.1)."""
    return paid_fen if state is State.PENDING_PAYMENT else paid_fen - deposit_fen


def check_seller(seller: Person) -> None:
    """A closed or not open showcase takes no new orders (rules 5.2)."""
    if seller.showcase is not Showcase.OPEN:
        raise NotSelling(f"规则 5.2：{seller.code} 的橱窗未开通或已关闭，不能接新订单。")


def check_refund(*, state: State, paid_fen: int, refunded_fen: int, amount_fen: int) -> None:
    """A refund is always accepted as far as money is left on a paid order (rules 3.5, 5.6)."""
    check_amount(amount_fen, "规则 5.6：退款金额", least_fen=1)
    if state not in SETTLABLE | {State.COMPLETED}:
        raise OutOfTurn(f"规则 5.6：订单处于 {state}，没有可退的款项。")
    if refunded_fen + amount_fen > paid_fen:
        raise TooMuch(f"规则 5.6：本单还可退 {money.yuan(paid_fen - refunded_fen)}，不能退 {money.yuan(amount_fen)}。")


def confirms_at(shipped_at: datetime, policy: Policy) -> datetime:
    """The instant at which receipt confirms itself (rules 5.1)."""
    return shipped_at + timedelta(days=policy.auto_confirm_days)
