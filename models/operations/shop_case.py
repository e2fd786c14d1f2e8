"""The shop's after-sales: a refund that the shop has paid back is booked here, once, whatever its case is called."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.operations import order as orders
from models.queries import inbound as sources
from models.rules.order import SETTLABLE
from models.rules.order import State as OrderState
from models.tables.order import Order
from models.tables.shop import ShopCase

REFUNDED = frozenset({"MERCHANT_REFUND_SUCCESS", "MERCHANT_RETURN_SUCCESS"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A case as the shop tells it; amount in fen. ``status`` may be a word that is not documented yet."""

    number: str
    order_number: str
    status: str
    amount_fen: int
    at: datetime


def fold(*, told: Told, at: datetime) -> str:
    """Write a case down, and book its refund once the money went back; what came of it, in one word."""
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
            number=told.number, order_id=order.id, status=told.status, amount_fen=told.amount_fen, told_at=told.at
        )
        db.session.add(found)
    elif told.at >= found.told_at:
        found.status, found.amount_fen, found.told_at = told.status, told.amount_fen, told.at
    db.session.flush()
    if found.status not in REFUNDED or found.refund_n is not None:
        return "written"
    return _booked(found, order, at)


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
