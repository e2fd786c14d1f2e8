"""A small world for tests of operations: one matrix, an agreement, members and orders by short calls."""

import hashlib
from datetime import UTC, datetime
from typing import Any

from models import Matrix, Member, Order
from models.operations import admission, agreement, order
from models.queries import ledger as books
from models.rules.placement import Template
from tests import factories

AT = datetime(2026, 1, 1, 1, tzinfo=UTC)
TEXT = "推广协议第一版"


def acceptance(version: str = "1", text: str = TEXT) -> agreement.Acceptance:
    digest = hashlib.sha256(text.encode()).hexdigest()
    return agreement.Acceptance(version=version, sha256=digest, ip="10.1.2.3", user_agent="tests")


def network(template: Template = Template.LINEAR) -> Matrix:
    """Matrix `M` with its ten presets, and an agreement to accept."""
    agreement.publish(version="1", text=TEXT, effective_at=AT)
    return admission.make_matrix(code="M", merchant=factories.merchant(code="S"), template=template, at=AT, by="t")


def agreed(at: datetime) -> agreement.Acceptance:
    """The acceptance of the text that is asked for: an installation that several files share may ask for another."""
    asked = agreement.queries.current(at)
    return acceptance(asked.version, asked.text) if asked else acceptance()


def joins(code: str, inviter: str | None = None, at: datetime = AT) -> Member:
    """A candidate."""
    return admission.register(code=code, inviter=inviter, acceptance=agreed(at), at=at, by="t")


def member(code: str, inviter: str | None = None, at: datetime = AT) -> Member:
    """Somebody qualified with an open showcase."""
    return admission.qualify(member_id=joins(code, inviter, at).id, at=at)


def purchase(number: str = "o1", seller: str = "M-10", **facts: Any) -> order.Purchase:
    """¥99 with ¥40 of cost and ¥30 of commission."""
    terms = {"paid_fen": 9_900, "cost_fen": 4_000, "commission_fen": 3_000}
    return order.Purchase(number=number, seller=seller, **terms | facts)


def completed(number: str = "o1", seller: str = "M-10", at: datetime = AT, **facts: Any) -> Order:
    """An order paid, shipped and confirmed at one instant."""
    order.place(purchase=purchase(number, seller, **facts), at=at)
    order.ship(number=number, at=at)
    return order.complete(number=number, at=at)


def accounts() -> dict[str, int]:
    """What every account holds that holds something."""
    return {code: fen for code, fen in books.balances().items() if fen}
