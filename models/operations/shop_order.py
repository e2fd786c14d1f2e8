"""Folding the shop's orders into ours: whatever is read in whatever order and however often, the end is the same."""

import hashlib
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from models.base import db
from models.errors import Conflict, DomainError, Missing
from models.operations import order as orders
from models.operations import outbox, parcel, source
from models.operations.order import Purchase
from models.queries import admission as candidates
from models.queries import inbound as sources
from models.queries import shop as queries
from models.queries import switch as switches
from models.rules import admission as tasks
from models.rules import parcel as parcels
from models.rules import region
from models.rules import shop_order as rules
from models.rules.commission import Kind
from models.rules.order import BEFORE
from models.rules.order import State as OrderState
from models.rules.shop_order import NotYet, Sold
from models.rules.standing import Standing
from models.rules.switch import MoneyJob
from models.tables.member import Member
from models.tables.order import Order, OrderLine
from models.tables.shop import ShopAccount, StrayOrder

LOCK, WAITING = 7310031, ("open", "assigned")


class NoStray(Missing):
    """No stray order has this id."""


class NotStray(Conflict):
    """The order was taken in or dropped."""


class AccountTaken(Conflict):
    """The shop's account is another member's."""


def fold(*, sold: Sold, content: dict[str, Any], at: datetime) -> str:
    """Take an order of the shop in, or bring ours to where the shop's is; what came of it, in one word.

    ``NotYet`` while the shop works out who sold a paid order. What cannot be taken in becomes a stray order.
    """
    db.session.execute(sa.select(sa.func.pg_advisory_xact_lock(LOCK, sa.func.hashtext(sold.number))))
    known = sources.source("shop", sold.number)
    if known is not None and sold.told_at < known.told_at:
        return "older"
    if known is None:
        if not sold.is_paid and sold.status != rules.UNPAID:
            return "nothing"
        stray = _stray(sold.number)
        if stray is not None and stray.state == "dropped":
            return "dropped"
        if not sold.is_worked_out and (stray is None or stray.seller_id is None):
            raise NotYet("小店还在计算带货归属，稍后自动重读。")
        made = _taken_in(sold, content, stray, at)
        if made is None:
            return "stray"
        order_id, number = made.id, made.number
    else:
        order_id = known.order_id
        number = orders.number_of(order_id)
    _bring(sold, number, at)
    source.note(
        order_id=order_id,
        told=source.Told(
            channel="shop", number=sold.number, transaction=sold.transaction, openid=sold.openid,
            status=str(sold.status), at=sold.told_at,
        ),
    )  # fmt: skip
    return "folded"


def _bring(sold: Sold, number: str, at: datetime) -> None:
    """Every step that the shop's order has gone and ours has not; late and repeated ones change nothing."""
    ours = orders.by_number(number)
    if sold.status == rules.CANCELLED:
        if OrderState(ours.state) in BEFORE:
            orders.cancel(number=number, at=at)
        return
    if sold.is_paid and OrderState(ours.state) in BEFORE:
        orders.pay(number=number, at=min(sold.paid_at or at, at))
    _fold_parcels(sold, ours, at)
    if sold.shipped_at is not None:
        orders.ship(number=number, at=min(sold.shipped_at, at))
    # While settling is switched off, the receipt confirms itself once it is on again (rules §5.1).
    if sold.status == rules.DONE and not switches.is_off(MoneyJob.SETTLE):
        orders.complete(number=number, at=min(sold.received_at or sold.told_at, at))


def _fold_parcels(sold: Sold, ours: Order, at: datetime) -> None:
    """The shop's parcels; goods that it added to its order later, of which ours has no line, are left out."""
    if not sold.parcels:
        return
    known = set(db.session.scalars(sa.select(OrderLine.n).where(OrderLine.order_id == ours.id)))
    for one in sold.parcels:
        if parcels.WAYBILL.fullmatch(one.waybill):
            items = {n: pieces for n, pieces in one.items if n in known}
            told = parcel.Told(carrier=one.carrier, waybill=one.waybill, sent_at=min(one.sent_at, at), items=items)
            parcel.fold(order=ours, told=told)


def _taken_in(sold: Sold, content: dict[str, Any], stray: StrayOrder | None, at: datetime) -> Order | None:
    """The order placed or awaited here; none, and a stray one kept, where something of it is not known."""
    assigned = db.session.get(Member, stray.seller_id) if stray is not None and stray.seller_id else None
    seller = assigned or queries.seller(sold.sellers)
    if seller is None:
        _keep(sold, content, "no_seller", "小店给出的带货账号都没有对应的会员。", at)
        return None
    goods = queries.goods([line.code for line in sold.lines], matrix_id=seller.matrix_id)
    unknown = [line.title or line.code for line in sold.lines if line.code not in goods]
    if unknown or not sold.lines:
        named = "、".join(unknown) or "（空订单）"
        _keep(sold, content, "unknown_goods", f"选品中心没有这些商品：{named}。", at)
        return None
    try:
        with db.session.begin_nested():
            purchase = _purchase(sold, seller, goods)
            placed = min(sold.paid_at or at, at) if sold.is_paid else min(sold.placed_at, at)
            made = orders.place if sold.is_paid else orders.await_payment
            order = made(purchase=purchase, at=placed)
    except DomainError as refusal:
        _keep(sold, content, "refused", str(refusal), at)
        return None
    if stray is not None:
        stray.state, stray.ended_at = "taken", at
    db.session.flush()
    return order


def _purchase(sold: Sold, seller: Member, goods: dict[str, Any]) -> Purchase:
    """Cost and commission by our own terms of each product; the buyer by its account, never by its openid."""
    buyer = queries.member_of(sold.openid)
    place = region.resolve(sold.province, sold.city, sold.district)
    lines = [
        OrderLine(
            n=n, product_code=line.code, title=line.title or goods[line.code].title,
            category=goods[line.code].category, quantity=line.quantity, price_fen=line.paid_fen // line.quantity,
        )
        for n, line in enumerate(sold.lines, start=1)
    ]  # fmt: skip
    masked = "wx-" + hashlib.sha256(sold.openid.encode()).hexdigest()[:16] if sold.openid else None
    return Purchase(
        number=sold.number, seller=seller.code, paid_fen=sold.paid_fen, freight_fen=sold.freight_fen,
        cost_fen=sum(goods[line.code].cost_fen * line.quantity for line in sold.lines),
        commission_fen=sum(goods[line.code].commission_fen * line.quantity for line in sold.lines),
        buyer=buyer.code if buyer else masked, kind=_kind(sold, seller, buyer), scene=sold.scene,
        region=place.code, lines=lines,
        address={
            "province": sold.province, "city": sold.city, "district": sold.district, "hash": sold.address_hash
        },
    )  # fmt: skip


def _kind(sold: Sold, seller: Member, buyer: Member | None) -> Kind:
    """An ordinary purchase that passes a task of its buyer is an admission order (rules §3.2, §3.5)."""
    if sold.is_presale:
        return Kind.PRESALE
    if buyer is None or buyer.standing != Standing.CANDIDATE:
        return Kind.NORMAL
    asked, bought = candidates.passed(buyer.id)
    fits = seller.code in asked and tasks.PRICE_MIN_FEN <= sold.paid_fen <= tasks.PRICE_MAX_FEN
    is_taken = any(one.seller == seller.code and not one.refunded for one in bought)
    return Kind.ADMISSION if fits and not is_taken else Kind.NORMAL


def _stray(number: str) -> StrayOrder | None:
    chosen = sa.select(StrayOrder).where(StrayOrder.number == number).with_for_update()
    return db.session.scalars(chosen.execution_options(populate_existing=True)).one_or_none()


def _keep(sold: Sold, content: dict[str, Any], why: str, words: str, at: datetime) -> None:
    named = "、".join(f"{one.kind}:{one.account}" for one in sold.sellers)
    values = {
        "why": why,
        "state": "open",
        "words": words,
        "named": named,
        "paid_fen": sold.paid_fen,
        "content": content,
    }
    made = db.session.scalar(
        insert(StrayOrder).values(number=sold.number, found_at=at, **values)
        .on_conflict_do_update(
            constraint="uq_stray_order_number", set_=values, where=StrayOrder.state.in_(WAITING)
        ).returning(StrayOrder.id)
    )  # fmt: skip
    outbox.emit("order.stray", subject=f"shop:{sold.number}", stray_id=made, why=why)


def assign(*, stray_id: int, code: str, by: str, at: datetime) -> StrayOrder:
    """Say who sold a stray order; it is read again and taken in as that member's."""
    found = _open(stray_id)
    seller = queries.seller_by_code(code)
    found.seller_id, found.decided_by, found.state = seller.id, by, "assigned"
    db.session.flush()
    _read_again(found, by)
    return found


def assign_account(*, stray_id: int, code: str, by: str, at: datetime) -> StrayOrder:
    """Say who sold it, and that the shop's first account of it is that member's from now on."""
    found = assign(stray_id=stray_id, code=code, by=by, at=at)
    sold = rules.read(found.content)
    if sold.sellers and found.seller_id is not None:
        first = sold.sellers[0]
        bind(member_id=found.seller_id, kind=first.kind, account=first.account, by=by, at=at)
    return found


def bind(*, member_id: int, kind: rules.Kind, account: str, by: str, at: datetime) -> ShopAccount:
    """Know a member's showcase by an account of the shop's; the same again is the same."""
    there = db.session.scalars(
        sa.select(ShopAccount).where(ShopAccount.kind == kind, ShopAccount.account == account).with_for_update()
    ).one_or_none()
    if there is not None:
        if there.member_id != member_id:
            raise AccountTaken("规则 5.1：小店的这个账号已经绑定另一位会员，请先核对。")
        return there
    made = ShopAccount(member_id=member_id, kind=kind, account=account, at=at, by=by)
    db.session.add(made)
    db.session.flush()
    return made


def retry(*, stray_id: int, by: str) -> StrayOrder:
    """Read a stray order again: what was missing may be there now."""
    found = _open(stray_id)
    _read_again(found, by)
    return found


def drop(*, stray_id: int, by: str, at: datetime) -> StrayOrder:
    """It is none of ours: it is not taken in, whatever the shop tells of it later."""
    found = _open(stray_id)
    found.state, found.decided_by, found.ended_at = "dropped", by, at
    db.session.flush()
    return found


def _open(stray_id: int) -> StrayOrder:
    found = db.session.get(StrayOrder, stray_id, with_for_update=True, populate_existing=True)
    if found is None:
        raise NoStray("没有这笔未归属订单，请刷新列表。")
    if found.state not in WAITING:
        raise NotStray("这笔订单已经处理过，请刷新后查看。")
    return found


def _read_again(found: StrayOrder, by: str) -> None:
    outbox.request(
        "sync_order", payload={"number": found.number}, subject=f"shop:{found.number}", title="同步小店订单", by=by
    )
