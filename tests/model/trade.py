"""What happens to orders: payment, receipt, settlement, refunds, risk decisions."""

from datetime import datetime

from models.errors import Conflict
from models.rules import admission, commission, region_share
from models.rules import order as life
from models.rules import refund as takeback
from models.rules.commission import Kind, RowKind, Terms, Upline
from models.rules.compliance import LEVELS_MAX
from models.rules.scenario import PlaceOrder, Refund
from models.rules.share import matures_at
from tests.model import people, shares
from tests.model.ledger import Posting
from tests.model.state import Booked, Due, Order, World

STRIKES = 3


def place(world: World, event: PlaceOrder) -> None:
    seller = world.member(event.seller)
    body = (event.seller, event.buyer, event.kind, event.scene, event.paid, event.cost, event.commission, event.region)
    if event.order in world.orders:
        if world.orders[event.order].body == body:
            return
        raise Conflict(f"规则 5.1：订单号 {event.order} 已存在且内容不同，请核对。")
    life.check_terms(paid_fen=event.paid, cost_fen=event.cost, commission_fen=event.commission)
    life.check_seller(seller.person())
    if event.region is not None:
        region_share.check_known(event.region)
    if event.kind is Kind.ADMISSION:
        _check_admission(world, event)
    world.orders[event.order] = Order(
        code=event.order,
        seller=event.seller,
        buyer=event.buyer,
        kind=event.kind,
        paid_fen=event.paid,
        cost_fen=event.cost,
        commission_fen=event.commission,
        region=event.region,
        body=body,
        paid_at=event.at,
    )
    world.ledger.post(f"pay:{event.order}", [("custody", -event.paid), ("clearing", event.paid)])


def _check_admission(world: World, event: PlaceOrder) -> None:
    buyer = world.members.get(event.buyer or "")
    admission.check_order(
        buyer=buyer.standing if buyer else None,
        tasks=buyer.tasks if buyer else (),
        seller=event.seller,
        paid_fen=event.paid,
        purchases=people.purchases(world, buyer) if buyer else (),
    )


def ship(world: World, code: str, at: datetime) -> None:
    order = world.order(code)
    before, order.state = order.state, life.after(order.state, life.Event.SHIP)
    if order.state is not before:
        order.shipped_at = at
        world.plan(life.confirms_at(at, world.policy), Due.CONFIRM, code, code)


def complete(world: World, code: str, at: datetime) -> None:
    order = world.order(code)
    before, order.state = order.state, life.after(order.state, life.Event.COMPLETE)
    if order.state is before:
        return
    order.completed_at = at
    _settle(world, order)
    world.plan(matures_at(at, world.policy), Due.MATURE, code, code)
    people.after_purchase(world, order, at)
    people.evaluate_ranks(world)


def _terms(order: Order) -> Terms:
    return Terms(
        kind=order.kind,
        paid_fen=order.paid_fen,
        cost_fen=order.cost_fen,
        commission_fen=order.commission_fen,
        paid_at=order.paid_at,
        refunded_fen=order.refunded_fen,
        region=order.region,
        marks=order.marks,
    )


def _upline(world: World, order: Order) -> Upline:
    seller = world.members[order.seller]
    distance = None
    if order.kind is Kind.ADMISSION and order.buyer is not None:
        above = enumerate(world.ancestors(world.members[order.buyer]), 1)
        distance = next((far for far, one in above if one is seller), None)
    return Upline(people=[one.person() for one in world.upline(seller, LEVELS_MAX)], distance=distance)


def _settle(world: World, order: Order) -> None:
    terms = _terms(order)
    order.settled_fen = terms.settled_fen
    merchant = world.matrices[world.members[order.seller].network].merchant
    posting = Posting(world.ledger)
    posting.add("clearing", -terms.settled_fen)
    for row in commission.settle(terms, _upline(world, order), world.agents, world.policy):
        account = _account(row, merchant)
        posting.add(account, row.amount_fen)
        order.rows.append(
            Booked(row.kind, account, row.amount_fen, member=row.member, level=row.level, bucket=row.bucket)
        )
    posting.book(f"settle:{order.code}")
    assert order.completed_at is not None
    for member in sorted({row.member for row in order.rows if row.member}):
        amount = sum(row.amount_fen for row in order.rows if row.member == member)
        shares.earn(world, member, amount, order.completed_at)


def _account(row: commission.Row, merchant: str) -> str:
    if row.member is not None and row.bucket is not None:
        return shares.account(row.member, row.bucket)
    if row.kind is RowKind.COST:
        return f"supplier:{merchant}"
    return {RowKind.HOUSE: "platform:house", RowKind.RESERVE: "platform:reserve"}.get(row.kind, "platform:margin")


def refund(world: World, event: Refund) -> None:
    order = world.order(event.order)
    life.check_refund(
        state=order.state, paid_fen=order.paid_fen, refunded_fen=order.refunded_fen, amount_fen=event.amount
    )
    order.refunds.append((event.at, event.amount))
    posting = Posting(world.ledger)
    posting.add("custody", event.amount)
    if order.completed_at is None:
        posting.add("clearing", -event.amount)
    else:
        _reverse(world, order, posting, event.amount)
    posting.book(f"refund:{order.code}:{len(order.refunds)}")
    if order.refunded_fen == order.paid_fen:
        order.state = life.after(order.state, life.Event.REFUND)
        _undo_task(world, order)


def _reverse(world: World, order: Order, posting: Posting, amount_fen: int) -> None:
    rows = [row for row in order.rows if row.kind is not RowKind.MARGIN]
    parts = takeback.reversals_fen(
        [(row.amount_fen, row.reversed_fen) for row in rows],
        settled_fen=order.settled_fen,
        refunded_fen=order.refunded_after_fen,
    )
    for row, part in zip(rows, parts, strict=True):
        shares.take_row(posting, row, part)
        row.reversed_fen += part
        if row.member is not None and row.bucket is not None:
            world.members[row.member].earnings_fen -= part
    posting.add("platform:margin", sum(parts) - amount_fen)


def _undo_task(world: World, order: Order) -> None:
    buyer = world.members.get(order.buyer or "")
    if order.kind is Kind.ADMISSION and buyer and admission.refund_closes(buyer.standing, world.policy):
        people.close_showcase(world, buyer)


def hold(world: World, code: str, at: datetime) -> None:
    order = world.order(code)
    if order.fraud:
        raise Conflict(f"规则 8.2：订单 {code} 已确认为欺诈，不能再扣留。")
    if not order.held:
        shares.hold(world, order, at)


def clear(world: World, code: str, at: datetime) -> None:
    order = world.order(code)
    _check_held(order)
    shares.clear(world, order, at)


def confirm_fraud(world: World, code: str) -> None:
    order = world.order(code)
    _check_held(order)
    shares.confirm_fraud(world, order)
    seller = world.members[order.seller]
    seller.strikes += 1
    if seller.strikes >= STRIKES:
        people.close_showcase(world, seller)


def _check_held(order: Order) -> None:
    if not order.held:
        raise Conflict(f"规则 8.2：订单 {order.code} 不在核查中，没有可作的结论。")


def on_hold(world: World, member: str) -> bool:
    return any(order.held for order in world.orders.values() if order.seller == member)
