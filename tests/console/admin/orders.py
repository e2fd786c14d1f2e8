"""Orders as the pages about them need them."""

from datetime import timedelta
from typing import Any

from console import formatting
from models import AfterSale, Order
from models.operations import after_sale, order
from models.rules.after_sale import Kind
from models.rules.commission import Kind as Kinds
from tests.operations import world


def paid(number: str, **facts: Any) -> Order:
    """An order that waits to be sent."""
    return order.place(purchase=world.purchase(number, **facts), at=formatting.now() - timedelta(days=1))


def presale(number: str) -> Order:
    """A presale with its deposit paid."""
    at = formatting.now() - timedelta(days=1)
    order.await_payment(purchase=world.purchase(number, kind=Kinds.PRESALE, deposit_fen=1_000), at=at)
    return order.pay_deposit(number=number, at=at)


def opened(number: str, kind: Kind) -> AfterSale:
    """A case about an order that was received yesterday."""
    at = formatting.now() - timedelta(days=1)
    world.completed(number, at=at)
    return after_sale.open_(number=number, kind=kind, words="不想要了", at=at, day=lambda one: one.date())
