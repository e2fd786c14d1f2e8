"""Cases and reviewers for tests, by short calls."""

from datetime import UTC, datetime

from models import Case, Order, Staff, db
from models.operations import case, case_decision, casework
from models.operations import order as orders
from models.rules.case import Hit
from tests import people
from tests.operations import world

AT = datetime(2026, 12, 4, 2, tzinfo=UTC)
"""A Friday, ten in the morning in Shanghai."""
SAME_IP = Hit("same_ip", "同一 IP 在 24 小时内有 3 个买家", weight=40, features={"buyers": 3})
BURST = Hit("burst", "一小时内下了 12 单", weight=30, features={"orders": 12})
REASON = "same_people: 收货人与卖家同住"


def opened(subject: str = "ring:1", *reasons: Hit | str, at: datetime = AT, **facts) -> Case:
    """A case of the first review about a ring, by one hit."""
    facts = {"queue": "first_review", "group": "sharing", "stake_fen": 10_000, "score": 60, "by": "t"} | facts
    return case.open_case(subject=subject, reasons=reasons or (SAME_IP,), at=at, **facts)


def reviewer(*roles: str) -> Staff:
    """Somebody who decides cases."""
    return people.person(*(roles or ("reviewer",)))


def taken(of: Case, by: Staff, at: datetime = AT) -> Case:
    """The case in somebody's hands."""
    return casework.claim(case_id=of.id, staff_id=by.id, at=at)


def suspect(number: str = "o1", seller: str = "M-10", **facts) -> Order:
    """An order completed in the tests' network, which must be there."""
    return world.completed(number, seller, **{"at": AT} | facts)


def held(number: str = "o1", **facts) -> Case:
    """A case that holds the money of a new order."""
    made = suspect(number)
    return opened(f"order:{made.id}", orders=[made.id], **facts)


def order(number: str) -> Order:
    """An order as it stands now."""
    db.session.expire_all()
    return orders.by_number(number)


def decide(of: Case, by: Staff, verdict: str, at: datetime = AT, *, why: str = REASON) -> Case:
    """A verdict by whoever has the case in hand."""
    return case_decision.decide(
        case_id=of.id, staff_id=by.id, lease=of.lease, verdict=verdict, why=why, at=at
    )  # fmt: skip
