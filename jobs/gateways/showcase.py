"""Windows of promoters as the shop's interface lets them be filled and emptied: one call a window, no batch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from models.rules.listing import Outcome, Shown, Source


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A product as we know it, for comparison."""

    product: str
    stock: int
    price_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """A product of a window as the shop's interface shows it."""

    product: str
    shown: Shown
    stock: int
    price_fen: int


class Silent(Exception):
    """No answer came: what was asked for happened or not, and asking again is harmless."""


class Unauthorised(Exception):
    """The window's owner has not let us manage it (10024011)."""


class Refused(Exception):
    """The interface will not do it, and says why."""


class Windows(Protocol):
    """What an agency may do with the windows of the promoters who let it."""

    def add(self, *, window: str, product: str) -> Source:
        """Put a product into a window, or find it there; who put it there. `Unauthorised`, `Refused` or `Silent`."""

    def remove(self, *, window: str, product: str) -> Outcome:
        """Take a product out of a window; what is not there counts as removed. `Silent` without an answer."""

    def look(self, *, window: str, products: Sequence[Known]) -> Sequence[Reported]:
        """How these products stand in a window now. `Unauthorised` or `Silent`."""
