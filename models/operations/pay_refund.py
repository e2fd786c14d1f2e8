"""Refunds of own payments on their way through Pay: one number for ever, asked about before it is sent again."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from models.base import db
from models.errors import Missing
from models.rules import withdrawal as patience
from models.rules.inbound import check_agrees
from models.rules.pay_refund import FINAL, State, number_of
from models.tables.inbound import OrderSource, PayRefund
from models.tables.order import Order, Refund


class NoRefund(Missing):
    """No refund through Pay has this number."""


@dataclass(frozen=True, slots=True)
class Due:
    """A refund as Pay is told of it; ``trade`` is the payment's own number, amounts in fen."""

    number: str
    trade: str
    amount_fen: int
    total_fen: int
    sent_at: datetime | None


def owe(*, order_id: int, n: int, at: datetime) -> Due | None:
    """The refund of an order that was paid through our own Pay; none of one that the shop pays back, or that ended."""
    source = db.session.get(OrderSource, order_id)
    if source is None or source.channel != "pay":
        return None
    order, refund = db.session.get_one(Order, order_id), db.session.get_one(Refund, (order_id, n))
    db.session.execute(
        insert(PayRefund).values(
            order_id=order_id, n=n, number=number_of(order.number, n), amount_fen=refund.amount_fen,
            total_fen=order.paid_fen, state=State.DUE, reference="", reason="", asked_at=at,
        ).on_conflict_do_nothing()
    )  # fmt: skip
    made = db.session.get_one(PayRefund, (order_id, n), populate_existing=True)
    if made.ended_at is not None:
        return None
    return Due(made.number, source.number, made.amount_fen, made.total_fen, made.sent_at)


def mark_sent(*, number: str, seen: datetime | None, at: datetime) -> bool:
    """Take the one right to send a refund; no where another took it since ``seen``."""
    found = _locked(number)
    if found.ended_at is not None or found.sent_at != seen:
        return False
    if not patience.may_send(sent_at=found.sent_at, at=at):
        return False
    found.sent_at, found.state = at, State.SENT
    db.session.flush()
    return True


def record(*, number: str, state: str, reference: str, amount_fen: int, at: datetime, reason: str = "") -> PayRefund:
    """Write down what Pay says of a refund; an end is an end, and older news change nothing."""
    found = _locked(number)
    check_agrees(退款金额=(amount_fen, found.amount_fen))
    if found.ended_at is not None:
        return found
    found.state, found.reference, found.reason = State(state), reference or found.reference, reason or found.reason
    if State(state) in FINAL:
        found.ended_at = at
    db.session.flush()
    return found


def _locked(number: str) -> PayRefund:
    chosen = sa.select(PayRefund).where(PayRefund.number == number).with_for_update()
    found = db.session.scalars(chosen.execution_options(populate_existing=True)).one_or_none()
    if found is None:
        raise NoRefund(f"没有退款单号 {number}，请核对。")
    return found
