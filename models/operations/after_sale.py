"""A buyer's case: opened, answered, ended; the order's pending shares wait for it (rules §5.5)."""

from collections.abc import Callable
from datetime import date, datetime

from models.base import db
from models.errors import Conflict, Missing
from models.operations import errand, outbox, share
from models.operations import order as orders
from models.queries import after_sale as queries
from models.queries import errand as wechat
from models.rules import after_sale as rules
from models.rules import errand as there
from models.rules.after_sale import Kind, State
from models.rules.order import State as OrderState
from models.tables.after_sale import AfterSale
from models.tables.order import Refund

ASK_THERE = (
    "规则 5.6：这是微信小店的订单，钱只能由小店退回：请买家在小店申请售后，申请会自动出现在售后台，再在那里退款。"
)


class AlreadyOpen(Conflict):
    """The order has another case open."""


class NoCase(Missing):
    """No case has this id."""


def open_(*, number: str, kind: Kind, words: str, at: datetime, day: Callable[[datetime], date]) -> AfterSale:
    """Begin a case in the buyer's words; asked again, it is the same case. ``day`` gives an instant's Shanghai day."""
    order = orders.by_number(number)
    same = queries.of_order(order.id)
    if same is not None:
        if same.kind != kind:
            raise AlreadyOpen(f"规则 5.5：订单 {number} 已有一笔售后在处理，请先处理完再申请。")
        return same
    received_on = day(order.completed_at) if order.completed_at else None
    rules.check_opens(kind=kind, order=OrderState(order.state), received_on=received_on, today=day(at))
    # Whoever releases a share holds its owner's lock and not the order's: with both, none slips through.
    share.of_order(order)
    case = AfterSale(order_id=order.id, kind=kind, reason=words, state=State.OPENED, opened_at=at)
    db.session.add(case)
    db.session.flush()
    outbox.emit("after_sale.opened", subject=orders.subject(order), after_sale_id=case.id)
    return case


def accept(*, after_sale_id: int, at: datetime, is_told: bool = False) -> AfterSale:
    """Say yes: the goods may come back, the shares go on waiting. A return of the shop is agreed to there as well,
    unless ``is_told``: then the shop said so first."""
    case = _locked(after_sale_id)
    rules.check_open(State(case.state), among=rules.OPEN)
    case.state, case.accepted_at = State.ACCEPTED, case.accepted_at or at
    db.session.flush()
    behind = wechat.live_case(case.id)
    if behind is not None and behind.kind == there.RETURN and not is_told:
        _answer(case, there.Kind.CASE_ACCEPT, at)
    return case


def take_back(*, after_sale_id: int, at: datetime) -> AfterSale:
    """The goods are back: from here the days to pay the money back run."""
    case = _locked(after_sale_id)
    rules.check_open(State(case.state), among={State.ACCEPTED})
    case.goods_back_at = case.goods_back_at or at
    db.session.flush()
    return case


def refuse(*, after_sale_id: int, answer: str, at: datetime) -> AfterSale:
    """Say no, with a reason that the buyer reads; never to a return in the window."""
    case = _locked(after_sale_id)
    rules.check_open(State(case.state), among={State.OPENED})
    rules.check_refuses(kind=Kind(case.kind), reason=answer)
    behind = wechat.live_case(case.id)
    if behind is not None and there.is_live(behind.status):
        _answer(case, there.Kind.CASE_REJECT, at, answer)
    return _end(case, State.REFUSED, answer, at)


def end_as_there(*, after_sale_id: int, answer: str, at: datetime) -> AfterSale:
    """End a case that was refused in the shop; a return in the window, which we never refuse, is closed."""
    case = _locked(after_sale_id)
    rules.check_open(State(case.state), among=rules.OPEN)
    return _end(case, State.CLOSED if case.kind == Kind.NO_REASON else State.REFUSED, answer, at)


def close(*, after_sale_id: int, at: datetime, answer: str = "") -> AfterSale:
    """End a case that is settled or was taken back; closing it again changes nothing."""
    case = _locked(after_sale_id)
    if case.state == State.CLOSED:
        return case
    rules.check_open(State(case.state), among=rules.OPEN)
    return _end(case, State.CLOSED, answer, at)


def pay_back(*, after_sale_id: int, amount_fen: int, at: datetime, answer: str = "") -> AfterSale:
    """Refund the order and end the case with it (rules §5.6); the goods may be back or never have left.

    Of an order of the shop the shop refunds: it is asked to, and the case ends once it has.
    """
    case = _locked(after_sale_id)
    rules.check_open(State(case.state), among=rules.OPEN)
    if _is_shops(case.order_id):
        return _have_paid_back(case, amount_fen, at)
    orders.refund(number=orders.number_of(case.order_id), amount_fen=amount_fen, at=at)
    return _end(case, State.CLOSED, answer, at)


def _have_paid_back(case: AfterSale, amount_fen: int, at: datetime) -> AfterSale:
    behind = wechat.live_case(case.id)
    if behind is None:
        raise there.PaidBackByShop(ASK_THERE)
    there.check_refund(
        is_return=behind.kind == there.RETURN, status=behind.status, asked_fen=behind.amount_fen, amount_fen=amount_fen
    )
    case.state, case.accepted_at = State.ACCEPTED, case.accepted_at or at
    db.session.flush()
    _answer(case, there.Kind.CASE_REFUND, at)
    return case


def give_back(*, number: str, amount_fen: int, at: datetime) -> Refund:
    """Refund an order without a case (rules §5.6); one of the shop's only the shop refunds (facts/wechat §3.5)."""
    if _is_shops(orders.by_number(number).id):
        raise there.PaidBackByShop(ASK_THERE)
    return orders.refund(number=number, amount_fen=amount_fen, at=at)


def _is_shops(order_id: int) -> bool:
    source = wechat.source(order_id)
    return source is not None and source.channel == "shop"


def _answer(case: AfterSale, kind: there.Kind, at: datetime, words: str = "") -> None:
    errand.owe(kind=kind, subject=f"case:{case.id}", order_id=case.order_id, words=words, at=at)


def tell_overdue(*, at: datetime, day: Callable[[datetime], date]) -> int:
    """Tell, once a case, that the money of goods that came back is due by law and still not paid; how many cases."""
    told = 0
    for case in queries.goods_back():
        if rules.refund_due(day(case.goods_back_at or at)) >= day(at) or queries.is_told(
            "after_sale.refund_due", case.id
        ):
            continue
        outbox.emit("after_sale.refund_due", subject=queries.subject(case.id), after_sale_id=case.id)
        told += 1
    return told


def _end(case: AfterSale, state: State, answer: str, at: datetime) -> AfterSale:
    case.state, case.answer, case.ended_at = state, answer, at
    db.session.flush()
    number = orders.number_of(case.order_id)
    share.ripen(order_id=case.order_id, at=at, key=f"after-sale:{case.id}:{number}")
    outbox.emit("after_sale.ended", subject=f"order:{number}", after_sale_id=case.id, state=str(state))
    return case


def _locked(after_sale_id: int) -> AfterSale:
    """The case under its order's lock, which every step of an order takes first."""
    case = db.session.get(AfterSale, after_sale_id)
    if case is None:
        raise NoCase("规则 5.5：没有这笔售后，请刷新列表。")
    orders.by_number(orders.number_of(case.order_id))
    db.session.refresh(case)
    return case
