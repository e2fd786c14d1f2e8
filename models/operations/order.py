"""The life of an order: placed, paid, shipped, completed and settled, cancelled, refunded."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Missing
from models.operations import admission, commission, outbox, risk_intake, share, standing, team
from models.operations.risk_event import Signals
from models.queries import admission as candidates
from models.queries import ledger as books
from models.queries import member as members
from models.queries import policy as policies
from models.queries import switch as switches
from models.rules import admission as tasks
from models.rules import order as life
from models.rules import region_share
from models.rules.commission import Kind
from models.rules.policy import Policy
from models.rules.standing import Standing
from models.rules.switch import MoneyJob
from models.tables.member import Member
from models.tables.order import Order, OrderLine, Refund


class NumberReused(Conflict):
    """The number names another order already."""


class NoOrder(Missing):
    """No order has this number."""


class NoDeposit(Conflict):
    """The order is no presale with a deposit."""


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """What was ordered, as it stands at payment. Amounts in fen; the region is the address's six-digit code.

    ``signals`` is what came with the order beside it, for the risk rules; it is no part of what was ordered.
    """

    number: str
    seller: str
    paid_fen: int
    cost_fen: int
    commission_fen: int
    buyer: str | None = None
    kind: Kind = Kind.NORMAL
    scene: life.Scene = life.Scene.SHARE_LINK
    region: str | None = None
    freight_fen: int = 0
    deposit_fen: int = 0
    address: dict[str, Any] = field(default_factory=dict)
    lines: Sequence[OrderLine] = ()
    signals: Signals | None = None

    def digest(self) -> bytes:
        """SHA-256 of everything ordered: a repeat agrees with it."""
        body = {name: value for name, value in vars(self).items() if name not in ("lines", "signals")}
        body["lines"] = [[line.product_code, line.quantity, line.price_fen] for line in self.lines]
        return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).digest()


def subject(order: Order) -> str:
    """How the ledger, events and jobs name an order."""
    return f"order:{order.number}"


def by_number(number: str, *, is_locked: bool = True) -> Order:
    """The order with a number, under its row lock."""
    chosen = sa.select(Order).where(Order.number == number).execution_options(populate_existing=True)
    order = db.session.scalars(chosen.with_for_update() if is_locked else chosen).one_or_none()
    if order is None:
        raise NoOrder(f"没有编号为 {number} 的订单。")
    return order


def number_of(order_id: int) -> str:
    """The number of an order by its id."""
    return db.session.scalars(sa.select(Order.number).where(Order.id == order_id)).one()


def place(*, purchase: Purchase, at: datetime) -> Order:
    """Take in a paid order; the same order again changes nothing (rules §5.1, §5.2)."""
    there = _there(purchase)
    if there is not None:
        return pay(number=there.number, at=at)
    order = _record(purchase, life.State.PAID, at)
    _collect(order, "pay", order.paid_fen, at)
    outbox.emit("order.paid", subject=subject(order), order_id=order.id)
    return order


def await_payment(*, purchase: Purchase, at: datetime) -> Order:
    """Take in an order that nobody paid yet; the same order again changes nothing (rules §5.1)."""
    there = _there(purchase)
    if there is not None:
        return there
    order = _record(purchase, life.State.PENDING_PAYMENT, at)
    outbox.emit("order.placed", subject=subject(order), order_id=order.id)
    return order


def _there(purchase: Purchase) -> Order | None:
    there = db.session.scalars(sa.select(Order).where(Order.number == purchase.number)).one_or_none()
    if there is not None and bytes(there.digest) != purchase.digest():
        raise NumberReused(f"规则 5.1：订单号 {purchase.number} 已存在且内容不同，请核对。")
    return there


def _record(purchase: Purchase, state: life.State, at: datetime) -> Order:
    seller = members.by_code(purchase.seller)
    life.check_terms(paid_fen=purchase.paid_fen, cost_fen=purchase.cost_fen, commission_fen=purchase.commission_fen)
    life.check_deposit(
        is_presale=purchase.kind is Kind.PRESALE, deposit_fen=purchase.deposit_fen, paid_fen=purchase.paid_fen
    )
    life.check_seller(members.person(seller))
    if purchase.region is not None:
        region_share.check_known(purchase.region)
    buyer = _buyer(purchase.buyer)
    if purchase.kind is Kind.ADMISSION:
        _check_admission(purchase, buyer)
    policy_id, _ = policies.in_force(at)
    order = Order(
        number=purchase.number, kind=purchase.kind, scene=purchase.scene, state=state, seller_id=seller.id,
        buyer_id=buyer.id if buyer else None, buyer=purchase.buyer, paid_fen=purchase.paid_fen,
        deposit_fen=purchase.deposit_fen, freight_fen=purchase.freight_fen, cost_fen=purchase.cost_fen,
        commission_fen=purchase.commission_fen, region_code=purchase.region, address=purchase.address,
        policy_id=policy_id, digest=purchase.digest(), placed_at=at,
        paid_at=at if state is life.State.PAID else None,
    )  # fmt: skip
    db.session.add(order)
    db.session.flush()
    for line in purchase.lines:
        line.order_id = order.id
        db.session.add(line)
    if purchase.signals is not None:
        risk_intake.orders(ids=[order.id], at=at, signals={order.id: purchase.signals})
    return order


def _collect(order: Order, kind: str, amount_fen: int, at: datetime) -> None:
    """Money of a buyer comes in, or goes back when negative; the settlement empties what lies in clearing."""
    draft = share.Draft()
    draft.add("custody", -amount_fen, "payment")
    draft.add("clearing", amount_fen, "payment")
    draft.book(key=f"{kind}:{order.number}", kind=kind, subject=subject(order), at=at, policy=order.policy_id)


def pay(*, number: str, at: datetime) -> Order:
    """The whole price is there, or the balance of a presale: the policy of now is the order's for ever (rules §5.1)."""
    order = by_number(number)
    if order.state == life.State.CANCELLED:
        return _give_back(order, "late-pay", order.paid_fen - _deposit_of(order), at)
    before, after = life.State(order.state), life.after(life.State(order.state), life.Event.PAY)
    if after is not before:
        order.state, order.paid_at = after, at
        order.policy_id, _ = policies.in_force(at)
        left = life.balance_fen(before, paid_fen=order.paid_fen, deposit_fen=order.deposit_fen)
        _collect(order, "pay", left, at)
        outbox.emit("order.paid", subject=subject(order), order_id=order.id)
    return order


def pay_deposit(*, number: str, at: datetime) -> Order:
    """The deposit of a presale came in; late or again, it changes nothing (rules §5.1)."""
    order = by_number(number)
    if not order.deposit_fen:
        raise NoDeposit(f"规则 5.1：订单 {number} 没有定金，请按全款支付。")
    if order.state == life.State.CANCELLED:
        return order if _deposit_of(order) else _give_back(order, "late-deposit", order.deposit_fen, at)
    before, after = life.State(order.state), life.after(life.State(order.state), life.Event.PAY_DEPOSIT)
    if after is not before:
        order.state = after
        _collect(order, "pay-deposit", order.deposit_fen, at)
        outbox.emit("order.deposit_paid", subject=subject(order), order_id=order.id)
    return order


def _deposit_of(order: Order) -> int:
    """The deposit that an order took in before it was cancelled; it went back with the cancellation."""
    return order.deposit_fen if books.is_booked(f"pay-deposit:{order.number}") else 0


def _give_back(order: Order, kind: str, amount_fen: int, at: datetime) -> Order:
    """Money for an order that was cancelled: taken in, owed back and told, once; the order stays cancelled."""
    if not books.is_booked(f"{kind}:{order.number}"):
        _collect(order, kind, amount_fen, at)
        _collect(order, f"{kind}-back", -amount_fen, at)
        outbox.emit("order.refund_due", subject=subject(order), order_id=order.id, amount_fen=amount_fen)
    return order


def call_balance(*, number: str) -> Order:
    """The goods of a presale are there: the buyer is reminded of the balance, once (rules §5.1)."""
    order = by_number(number)
    before, after = life.State(order.state), life.after(life.State(order.state), life.Event.CALL_BALANCE)
    if after is not before:
        order.state = after
        outbox.emit("order.balance_due", subject=subject(order), order_id=order.id)
    return order


def cancel(*, number: str, at: datetime) -> Order:
    """End an order that was never paid in full; a deposit goes back whole (rules §5.1)."""
    order = by_number(number)
    before, after = life.State(order.state), life.after(life.State(order.state), life.Event.CANCEL)
    if after is not before:
        order.state = after
        left = life.balance_fen(before, paid_fen=order.paid_fen, deposit_fen=order.deposit_fen)
        _collect(order, "cancel", left - order.paid_fen, at)
        outbox.emit("order.cancelled", subject=subject(order), order_id=order.id)
    return order


def _buyer(code: str | None) -> Member | None:
    return db.session.scalars(sa.select(Member).where(Member.code == code)).one_or_none() if code else None


def _check_admission(purchase: Purchase, buyer: Member | None) -> None:
    asked, bought = candidates.passed(buyer.id) if buyer else ([], [])
    tasks.check_order(
        buyer=Standing(buyer.standing) if buyer else None,
        tasks=asked,
        seller=purchase.seller,
        paid_fen=purchase.paid_fen,
        purchases=bought,
    )


def ship(*, number: str, at: datetime) -> Order:
    """The parcel left: the receipt confirms itself some days later. Late or again, it changes nothing."""
    order = by_number(number)
    before, after = life.State(order.state), life.after(life.State(order.state), life.Event.SHIP)
    if after is not before:
        order.state, order.shipped_at = after, at
        order.confirm_at = life.confirms_at(at, policies.of(order.policy_id))
    db.session.flush()
    return order


def complete(*, number: str, at: datetime) -> Order:
    """The receipt is confirmed: settle once, and let the purchase do what it does for its buyer (rules §5.2)."""
    done = commission.settle(number=number, at=at)
    order = by_number(number, is_locked=False)
    if done is None:
        state = life.State(order.state)
        if life.after(state, life.Event.COMPLETE) is not state:
            switches.check(MoneyJob.SETTLE)
        return order
    after_completion(done, at=at, order=order)
    return order


def after_completion(done: commission.Done, *, at: datetime, order: Order | None = None) -> None:
    """What completed orders may change beyond money: the buyer of a single one, and ranks."""
    if not done.changing and not done.ranked:
        return
    _, current = policies.in_force(at)
    if order is not None and order.buyer_id is not None and order.buyer_id in done.changing:
        _after_purchase(order, members.locked([order.buyer_id])[order.buyer_id], current, at)
    team.evaluate(member_ids=done.ranked, policy=current, at=at)


def _after_purchase(order: Order, buyer: Member, policy: Policy, at: datetime) -> None:
    """What a completed order does for a buyer who is a member (rules §3.4, §4.4)."""
    if order.kind == Kind.ADMISSION:
        if buyer.standing == Standing.CANDIDATE and tasks.is_complete(*candidates.passed(buyer.id)):
            admission.qualify(member_id=buyer.id, at=at)
    elif buyer.suspended_at is not None:
        standing.revive(member=buyer, at=at, policy=policy)


def refund(*, number: str, amount_fen: int, at: datetime) -> Refund:
    """Pay back part or all of an order, whatever it is (rules §5.6): never refused but for more than is left."""
    order = by_number(number)
    life.check_refund(
        state=life.State(order.state), paid_fen=order.paid_fen, refunded_fen=order.refunded_fen, amount_fen=amount_fen
    )
    order.refunded_fen += amount_fen
    n = 1 + (db.session.scalar(sa.select(sa.func.count()).where(Refund.order_id == order.id)) or 0)
    draft = share.Draft()
    draft.add("custody", amount_fen, "refund")
    if order.completed_at is None:
        draft.add("clearing", -amount_fen, "refund")
    else:
        commission.reverse(order=order, draft=draft, amount_fen=amount_fen)
        team.add(member=db.session.get_one(Member, order.seller_id), sales_fen=-amount_fen)
    facts = {"reverses": f"settle:{order.number}"} if order.completed_at else {}
    posting_id = draft.book(key=f"refund:{order.number}:{n}", kind="refund", subject=subject(order), at=at, **facts)
    made = Refund(order_id=order.id, n=n, amount_fen=amount_fen, at=at, posting_id=posting_id)
    db.session.add(made)
    if order.refunded_fen == order.paid_fen:
        order.state = life.after(life.State(order.state), life.Event.REFUND)
        order.confirm_at = None
        _undo_task(order, at)
    outbox.emit("order.refunded", subject=subject(order), order_id=order.id, n=n)
    db.session.flush()
    return made


def _undo_task(order: Order, at: datetime) -> None:
    if order.kind != Kind.ADMISSION or order.buyer_id is None:
        return
    buyer = members.locked([order.buyer_id])[order.buyer_id]
    _, policy = policies.in_force(at)
    if tasks.refund_closes(Standing(buyer.standing), policy):
        standing.close_showcase(member=buyer, at=at, reason="admission_refund")
