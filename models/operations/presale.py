"""Presales: the buyer is asked for the balance, and asked again."""

from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.operations import order as orders
from models.operations import outbox
from models.rules import order as life
from models.rules import parcel as rules
from models.tables.order import Order
from models.tables.parcel import BalanceReminder


def remind(*, number: str, at: datetime, by: str) -> Order:
    """Ask for the balance: the first time the order waits for it from now on (rules §5.1)."""
    order = orders.by_number(number)
    told = sa.select(BalanceReminder).where(BalanceReminder.order_id == order.id)
    last = db.session.scalars(told.order_by(BalanceReminder.n.desc()).limit(1)).one_or_none()
    rules.check_reminder(last_at=last.at if last else None, at=at)
    was = life.State(order.state)
    if was is not life.State.BALANCE_DUE:
        orders.call_balance(number=number)
    if order.state != life.State.BALANCE_DUE:
        raise life.OutOfTurn(f"规则 5.1：订单 {number} 处于 {order.state}，没有待付的尾款。")
    db.session.add(BalanceReminder(order_id=order.id, n=last.n + 1 if last else 1, at=at, by=by))
    if was is life.State.BALANCE_DUE:
        outbox.emit("order.balance_due", subject=orders.subject(order), order_id=order.id)
    db.session.flush()
    return order
