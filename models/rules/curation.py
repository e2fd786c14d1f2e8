"""What a product came to lately, and what a week's look at it proposes."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from models.errors import Conflict
from models.rules.product import ProductState, rate_bps

DAYS = 30
WEEK = 7
DROP_WINDOW_DAYS = 100
"""Fewer days in windows than this say nothing about a product's conversion."""

DROP_CONVERSION_BPS = 50
"""Below one order in two hundred days in a window a product is proposed to be dropped."""

ADD_ORDERS = 5
"""Orders in thirty days from which a product outside the windows is a candidate."""

ADD_REFUND_BPS = 1_500
"""A candidate's refunds stay below this share of its sales."""


class Kind(StrEnum):
    DROP = "drop"
    ADD = "add"


class ProposalState(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    APPLIED = "applied"


class Decided(Conflict):
    """Somebody has decided the proposal already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What was counted of a product: sales of imported and own orders, its windows, its margin at the worst."""

    orders_7: int = 0
    sales_7_fen: int = 0
    orders_30: int = 0
    sales_30_fen: int = 0
    refund_30_fen: int = 0
    buyers_30: int = 0
    returning_30: int = 0
    windows: int = 0
    window_days_30: int = 0
    own_orders_30: int = 0

    @property
    def refund_bps(self) -> int:
        """Refunds of the sales of thirty days."""
        return rate_bps(self.refund_30_fen, self.sales_30_fen)

    @property
    def repurchase_bps(self) -> int:
        """Buyers with paid orders on two or more distinct days, of all buyers (rules 7.1)."""
        return rate_bps(self.returning_30, self.buyers_30)

    @property
    def conversion_bps(self) -> int:
        """Own orders a day in a window."""
        return rate_bps(self.own_orders_30, self.window_days_30)


def monday(day: date) -> date:
    """The week of a day, by its Monday."""
    return day - timedelta(days=day.isoweekday() - 1)


def proposed(figures: Figures, *, state: str, stock: int, margin_fen: int) -> Kind | None:
    """Drop what stands in windows and hardly sells; add what sells elsewhere, keeps its buyers and loses nothing."""
    if state == ProductState.LISTED and figures.windows:
        is_shown_enough = figures.window_days_30 >= DROP_WINDOW_DAYS
        return Kind.DROP if is_shown_enough and figures.conversion_bps < DROP_CONVERSION_BPS else None
    sells = figures.orders_30 >= ADD_ORDERS and figures.refund_bps < ADD_REFUND_BPS
    return Kind.ADD if sells and state != ProductState.RETIRED and stock > 0 and margin_fen > 0 else None
