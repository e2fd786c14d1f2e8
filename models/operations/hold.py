"""What a risk decision does to an order's money: held, cleared, or confirmed as fraud."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict
from models.operations import order as orders
from models.operations import share, strike
from models.queries import after_sale
from models.queries import ledger as books
from models.queries import member as members
from models.queries import policy as policies
from models.rules.share import Bucket
from models.tables.order import Order

BY = "system:rules"


class NotHeld(Conflict):
    """No review is open on the order."""


class FraudAlready(Conflict):
    """The decision on the order was made: there is nothing left to hold."""


class NotFraud(Conflict):
    """Nothing was confirmed on the order."""


def hold(*, number: str, at: datetime) -> None:
    """Hold the shares of a suspicious order, and those still to come (rules §8.2); once is enough."""
    order = orders.by_number(number)
    if order.is_fraud:
        raise FraudAlready(f"规则 8.2：订单 {number} 已确认为欺诈，不能再扣留；如判断有误，请通过申诉撤销。")
    if not order.is_held:
        _hold([order], at)


def hold_many(*, ids: Sequence[int], at: datetime) -> None:
    """`hold` for many orders by id, all locked in the order of ids; held ones and confirmed frauds stay as they are."""
    chosen = sa.select(Order).where(Order.id.in_(ids)).order_by(Order.id).with_for_update()
    found = db.session.scalars(chosen.execution_options(populate_existing=True))
    new = [order for order in found if not order.is_held and not order.is_fraud]
    if new:
        _hold(new, at)


def _hold(found: Sequence[Order], at: datetime) -> None:
    for order in found:
        order.is_held = True
    db.session.flush()
    rows, people = share.of_orders([order.id for order in found], Bucket.PENDING)
    for order in found:
        draft = share.Draft()
        for row in rows[order.id]:
            draft.move(row, people[row.member_id or 0].code, Bucket.HELD, "hold")
        if draft.legs:
            _book_nth(order, draft, "hold", at)


def clear(*, number: str, at: datetime) -> None:
    """Release what a hold kept: the order is clean (rules §8.2)."""
    order = _held(number)
    order.is_held = False
    db.session.flush()
    policy, is_open = policies.of(order.policy_id), after_sale.is_open(order.id)
    rows, people = share.of_order(order, Bucket.HELD)
    draft = share.Draft()
    for row in rows:
        share.release(draft, order, row, people[row.member_id or 0], policy, at, is_open=is_open)
    _book_nth(order, draft, "clear", at)


def confirm_fraud(*, number: str, at: datetime, by: str = BY) -> None:
    """Every member share of the order goes to the house; a strike for the seller, from ``by`` (rules §8.2)."""
    order = _held(number)
    order.is_held, order.is_fraud = False, True
    db.session.flush()
    rows, people = share.of_order(order)
    draft = share.Draft()
    for row in rows:
        if row.member_id is None or row.bucket is None:
            continue
        left = row.amount_fen - row.reversed_fen
        draft.take_share(row, people[row.member_id].code, left, "fraud")
        draft.add("platform:house", left, "fraud", reason="fraud")
        people[row.member_id].earned_fen -= left
        row.bucket, row.account, row.reason = None, "platform:house", "fraud"
    _book_nth(order, draft, "fraud", at)
    seller = members.locked([order.seller_id])[order.seller_id]
    strike.give(seller=seller, order=order, at=at, by=by)


def undo_fraud(*, number: str, at: datetime) -> None:
    """What was confirmed turned out wrong: each member share comes back from the house, to where it belongs now."""
    order = orders.by_number(number)
    if not order.is_fraud:
        raise NotFraud(f"规则 8.2：订单 {number} 没有被确认为欺诈，无可撤销。")
    order.is_fraud = False
    db.session.flush()
    policy, is_open = policies.of(order.policy_id), after_sale.is_open(order.id)
    rows, people = share.of_order(order)
    draft = share.Draft()
    for row in rows:
        if row.member_id is None or row.reason != "fraud":
            continue
        owner, left = people[row.member_id], row.amount_fen - row.reversed_fen
        draft.add("platform:house", -left, "fraud", reason="fraud")
        row.bucket, row.account, row.reason = Bucket.HELD, share.account(owner.code, Bucket.HELD), None
        draft.add(row.account, left, "release", level=row.level)
        share.release(draft, order, row, owner, policy, at, is_open=is_open)
        owner.earned_fen += left
    _book_nth(order, draft, "restore", at)


def _held(number: str) -> Order:
    order = orders.by_number(number)
    if not order.is_held:
        raise NotHeld(f"规则 8.2：订单 {number} 不在核查中，没有可作的结论。")
    return order


def _book_nth(order: Order, draft: share.Draft, kind: str, at: datetime) -> None:
    subject = orders.subject(order)
    n = books.count(subject, kind) + 1
    draft.book(key=f"{kind}:{order.number}:{n}", kind=kind, subject=subject, at=at)
    db.session.flush()
