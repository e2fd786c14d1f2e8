"""The shop as the synchronisation reads it: which orders and cases changed, how one stands, how a product stands."""

from collections.abc import Iterator, Mapping
from typing import Any, Protocol


class Silent(Exception):
    """No answer: asking again is harmless."""


class Unknown(Exception):
    """The shop has nothing of this number."""


class Shop(Protocol):
    """Reading the shop. Moments are Unix seconds, both ends of a span included; ids are text."""

    def changed(self, *, begins: int, ends: int) -> Iterator[str]:
        """Orders that changed within a span, in no order, some perhaps twice. `Silent`."""

    def created(self, *, begins: int, ends: int) -> Iterator[str]:
        """Orders that were made within a span. `Silent`."""

    def order(self, number: str) -> Mapping[str, Any]:
        """An order as `order/get` tells it. `Silent` or `Unknown`."""

    def cases(self, *, begins: int, ends: int) -> Iterator[str]:
        """After-sales that changed within a span. `Silent`."""

    def case(self, number: str) -> Mapping[str, Any]:
        """An after-sale as `getaftersaleorder` tells it. `Silent` or `Unknown`."""

    def product(self, number: str) -> Mapping[str, Any]:
        """A product as `product/get` tells it. `Silent` or `Unknown`."""
