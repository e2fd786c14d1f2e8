"""Orders and registrations with signals, by short calls, and what the rules see of them."""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from models import Order, RiskDecision, RiskEvent, db
from models.operations import order, risk, risk_event, risk_intake
from models.operations.risk_event import Fact, Signals, Who
from models.queries import feature as features
from models.rules.risk_feature import Kind
from tests.operations import world

AT = world.AT + timedelta(days=40)


def bought(number: str, buyer: str | None, at: datetime = AT, seller: str = "M-10", **facts: Any) -> int:
    """An order with signals, paid at one instant; the number of its event."""
    names = ("ip", "device", "payer", "phone", "address")
    signals = Signals(**{name: facts.pop(name) for name in names if name in facts})
    purchase = world.purchase(number, seller, buyer=buyer, signals=signals, **facts)
    order.place(purchase=purchase, at=at)
    return db.session.scalars(sa.select(RiskEvent.id).where(RiskEvent.kind == "place", RiskEvent.ref == number)).one()


def returned(number: str, at: datetime, amount_fen: int = 9_900) -> int:
    """A refund of an order; the number of its event."""
    made = order.refund(number=number, amount_fen=amount_fen, at=at)
    return risk_intake.refunds(of=[(made.order_id, made.n)], at=at)[0]


def happened(kind: Kind, ref: str, at: datetime = AT, **facts: Any) -> int:
    """Anything else; the number of its event."""
    names = ("ip", "device", "payer", "phone", "payee", "picture")
    signals = Signals(**{name: facts.pop(name) for name in names if name in facts})
    return risk_event.record(facts=[Fact(kind=kind, ref=ref, at=at, signals=signals, **facts)], at=at)[0]


def member(member_id: int) -> Who:
    return Who(member_id=member_id)


def seen(event_id: int) -> dict[str, int]:
    """The features of an event."""
    return features.of([event_id])[0].values


def decided(event_id: int, at: datetime = AT) -> RiskDecision:
    """The event's decision, made now if need be."""
    risk.score(event_ids=[event_id], at=at)
    return db.session.scalars(sa.select(RiskDecision).where(RiskDecision.event_id == event_id)).one()


def found(number: str) -> Order:
    return db.session.scalars(sa.select(Order).where(Order.number == number)).one()
