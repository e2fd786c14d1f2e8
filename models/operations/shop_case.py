"""The shop's after-sales: decided at our desk, followed here, and booked once the shop has paid back."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from models.base import db
from models.errors import DomainError
from models.operations import after_sale
from models.operations import order as orders
from models.queries import after_sale as cases
from models.queries import inbound as sources
from models.rules import errand as rules
from models.rules.after_sale import Kind, State
from models.rules.errand import REFUNDED
from models.rules.order import SETTLABLE
from models.rules.order import State as OrderState
from models.tables.after_sale import AfterSale
from models.tables.order import Order
from models.tables.shop import ShopCase

PAID, OVER, REFUSED_THERE = "小店已退款", "售后已在小店结束", "已在小店拒绝"


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A case as the shop tells it; amount in fen. ``status`` may be a word that is not documented yet.

    ``deadline_at`` is when the shop refunds by itself unless somebody acts; ``words`` are the buyer's.
    """

    number: str
    order_number: str
    status: str
    amount_fen: int
    at: datetime
    kind: str = ""
    reason: str = ""
    words: str = ""
    deadline_at: datetime | None = None


def fold(*, told: Told, at: datetime, day: Callable[[datetime], date]) -> str:
    """Write a case down, let our desk decide it, and book its refund once the money went back; what came of it, in one
    word. ``day`` gives an instant's Shanghai day."""
    source = sources.source("shop", told.order_number)
    if source is None:
        return "no order"
    order = orders.by_number(orders.number_of(source.order_id))
    found = db.session.scalars(
        sa.select(ShopCase).where(ShopCase.number == told.number).with_for_update()
        .execution_options(populate_existing=True)
    ).one_or_none()  # fmt: skip
    if found is None:
        found = ShopCase(
            number=told.number, order_id=order.id, status=told.status, amount_fen=told.amount_fen, told_at=told.at,
            kind=told.kind, reason=told.reason, deadline_at=told.deadline_at,
        )  # fmt: skip
        db.session.add(found)
    elif told.at >= found.told_at:
        found.status, found.amount_fen, found.told_at = told.status, told.amount_fen, told.at
        found.kind, found.reason, found.deadline_at = told.kind, told.reason, told.deadline_at
    db.session.flush()
    _bring_to_the_desk(found, order, told.words, at, day)
    state = "written" if found.status not in REFUNDED or found.refund_n is not None else _booked(found, order, at)
    _follow(found, at)
    return state


def _bring_to_the_desk(
    found: ShopCase, order: Order, words: str, at: datetime, day: Callable[[datetime], date]
) -> None:
    """What waits in the shop waits at our desk: as the buyer's case that is open already, or as a new one; one that we
    refused comes back once the shop has moved it since."""
    ours = db.session.get(AfterSale, found.after_sale_id) if found.after_sale_id else None
    if not rules.is_live(found.status) or (ours is not None and (not ours.ended_at or found.told_at <= ours.ended_at)):
        return
    same = cases.of_order(order.id)
    if same is None:
        same = _opened(order.number, rules.kind_of(found.reason), words or found.reason, at, day)
    if same is not None:
        found.after_sale_id = same.id
        db.session.flush()


def _opened(number: str, kind: Kind, words: str, at: datetime, day: Callable[[datetime], date]) -> AfterSale | None:
    """A case of ours; one whose days are over by our rules is looked at as a fault; of an order that is over, none."""
    for one in (kind, Kind.QUALITY):
        try:
            return after_sale.open_(number=number, kind=one, words=words[:200], at=at, day=day)
        except DomainError:
            continue
    return None


def _follow(found: ShopCase, at: datetime) -> None:
    """Our case goes where the shop's has gone."""
    ours = db.session.get(AfterSale, found.after_sale_id, populate_existing=True) if found.after_sale_id else None
    if ours is None or ours.ended_at is not None:
        return
    if found.status in rules.ENDED:
        after_sale.close(after_sale_id=ours.id, at=at, answer=PAID if found.status in REFUNDED else OVER)
    elif found.status.startswith(rules.REJECTED):
        after_sale.end_as_there(after_sale_id=ours.id, answer=REFUSED_THERE, at=at)
    elif found.status == rules.ON_THE_WAY_BACK and ours.state == State.OPENED:
        after_sale.accept(after_sale_id=ours.id, at=at, is_told=True)


def _booked(found: ShopCase, order: Order, at: datetime) -> str:
    """Never more than is left of the order: what the shop paid beyond it is a difference of the shop's funds."""
    left = order.paid_fen - order.refunded_fen
    amount = min(found.amount_fen, left)
    if amount <= 0 or OrderState(order.state) not in SETTLABLE | {OrderState.COMPLETED}:
        return "nothing left"
    made = orders.refund(number=order.number, amount_fen=amount, at=min(found.told_at, at))
    found.refund_n, found.refunded_at = made.n, at
    db.session.flush()
    return "refunded"
