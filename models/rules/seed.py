"""Seed promoters (种子达人): who sells enough to be proposed, and which step follows which (rules 7.2)."""

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

from models.errors import Conflict

ORDERS_A_DAY = 5
WINDOW_DAYS = 7
ORDERS_LEAST = ORDERS_A_DAY * WINDOW_DAYS


class Seed(StrEnum):
    """Where a candidate is."""

    TAGGED = "tagged"
    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    NAMED = "named"
    DROPPED = "dropped"


class OutOfTurn(Conflict):
    """The candidate is not where this step could happen."""


_WORDS = {
    Seed.TAGGED: "已标记", Seed.PROPOSED: "已推荐", Seed.ACCEPTED: "商家已接受", Seed.DECLINED: "商家已谢绝",
    Seed.NAMED: "已授予", Seed.DROPPED: "已放弃",
}  # fmt: skip
PROPOSABLE = (Seed.TAGGED, Seed.DECLINED)
ANSWERABLE = (Seed.PROPOSED,)
NAMEABLE = (Seed.ACCEPTED,)
DROPPABLE = (Seed.TAGGED, Seed.PROPOSED, Seed.ACCEPTED, Seed.DECLINED)


def since(until: datetime) -> datetime:
    """Where the window begins that ends at an instant, [since, until)."""
    return until - timedelta(days=WINDOW_DAYS)


def is_candidate(orders: int) -> bool:
    """On average 5 or more completed orders sold a day over 7 days."""
    return orders >= ORDERS_LEAST


def check_step(state: Seed, allowed: Collection[Seed]) -> None:
    """Refuse a step out of its turn."""
    if state not in allowed:
        raise OutOfTurn(f"规则 7.2：该候选{_WORDS[state]}，不能执行此操作，请刷新后查看。")
