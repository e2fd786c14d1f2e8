"""The shop as the synchronisation reads it, over its real clients: silence told from what is not there."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

from jobs.gateways.http import Refused, Retryable
from jobs.gateways.shop import Silent, Unknown
from jobs.gateways.shop_after_sale import ShopAfterSales
from jobs.gateways.shop_order import ShopOrders, Span
from jobs.gateways.shop_product import ShopProducts

MISSING = frozenset({"100002", "10020050", "10020052"})
"""Codes of an order or a product that is not there; of the first one source is sure, the others are memory [L]."""
Found = TypeVar("Found")


class WeChatShop:
    """Orders, after-sales and products of one shop."""

    def __init__(self, orders: ShopOrders, cases: ShopAfterSales, products: ShopProducts) -> None:
        self._orders, self._cases, self._products = orders, cases, products

    def changed(self, *, begins: int, ends: int) -> Iterator[str]:
        return _each(self._orders.changed(Span(begins=begins, ends=ends)))

    def created(self, *, begins: int, ends: int) -> Iterator[str]:
        return _each(self._orders.created(Span(begins=begins, ends=ends)))

    def order(self, number: str) -> Mapping[str, Any]:
        return _one(lambda: self._orders.get(number)).model_dump(exclude_unset=True)

    def cases(self, *, begins: int, ends: int) -> Iterator[str]:
        return _each(self._cases.changed(begins=begins, ends=ends))

    def case(self, number: str) -> Mapping[str, Any]:
        return _one(lambda: self._cases.get(number)).model_dump(exclude_unset=True)

    def product(self, number: str) -> Mapping[str, Any]:
        return _one(lambda: self._products.get(number)).model_dump(exclude_unset=True)


def _one(ask: Callable[[], Found]) -> Found:
    try:
        return ask()
    except Retryable as error:
        raise Silent(error.code) from error
    except Refused as refusal:
        raise (Unknown if refusal.code in MISSING else Silent)(refusal.code) from refusal


def _each(found: Iterator[str]) -> Iterator[str]:
    """Page by page; a page that does not come ends the walk loudly, so that nobody takes it for the end."""
    while True:
        try:
            number = next(found, None)
        except (Retryable, Refused) as error:
            raise Silent(error.code) from error
        if number is None:
            return
        yield number
