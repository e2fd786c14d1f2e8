"""After-sales: what a buyer may ask for, the statutory clocks, and when money waits for the answer."""

from datetime import date, timedelta
from enum import StrEnum

from models.errors import Conflict, Forbidden, Invalid
from models.rules.order import SETTLABLE
from models.rules.order import State as OrderState

RETURN_DAYS = 7
"""Days in which goods may be returned without a reason, from the day after the receipt (消费者权益保护法第25条)."""

REFUND_DAYS = 7
"""Days in which the money is due once the goods are back (same article)."""


class Kind(StrEnum):
    """What the buyer asks for it with: no reason at all, or goods that are faulty, wrong or missing."""

    NO_REASON = "no_reason"
    QUALITY = "quality"
    WRONG_GOODS = "wrong_goods"
    NOT_RECEIVED = "not_received"


class State(StrEnum):
    OPENED = "opened"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    CLOSED = "closed"


OPEN = {State.OPENED, State.ACCEPTED}
"""While one of these, the order's pending shares wait (rules 5.5)."""


class NothingBought(Conflict):
    """The order is not paid, or was undone."""


class WindowOver(Conflict):
    """The days to return goods without a reason are over."""


class MustAccept(Forbidden):
    """A return in the window is the buyer's right."""


class NotOpen(Conflict):
    """The case is not where this step could happen."""


class NoReason(Invalid):
    """A refusal is told with its reason."""


def return_until(received_on: date) -> date:
    """The last day on which goods received on a day may be sent back without a reason."""
    return received_on + timedelta(days=RETURN_DAYS)


def refund_due(goods_back_on: date) -> date:
    """The last day on which the money of goods that came back is in time."""
    return goods_back_on + timedelta(days=REFUND_DAYS)


def check_opens(*, kind: Kind, order: OrderState, received_on: date | None, today: date) -> None:
    """A case is about goods that were paid; without a reason, within the days after the receipt (rules 3.5, 5.5)."""
    if order not in SETTLABLE | {OrderState.COMPLETED}:
        raise NothingBought(f"规则 5.5：订单处于 {order}，不能申请售后。")
    if kind is Kind.NO_REASON and received_on is not None and today > return_until(received_on):
        raise WindowOver(f"规则 3.5：七日无理由退货已于 {return_until(received_on)} 截止，请按质量问题申请。")


def check_refuses(*, kind: Kind, reason: str) -> None:
    """A return in the window is never refused; anything else with a reason that the buyer reads (rules 3.5)."""
    if kind is Kind.NO_REASON:
        raise MustAccept("规则 3.5：期限内的七日无理由退货不能拒绝，请同意退货。")
    if not reason.strip():
        raise NoReason("规则 5.5：拒绝售后须写明理由。")


def check_open(state: State, *, among: set[State]) -> None:
    """Refuse a step of a case that is somewhere else."""
    if state not in among:
        raise NotOpen(f"规则 5.5：该售后处于 {state}，不能执行此操作，请刷新后查看。")
