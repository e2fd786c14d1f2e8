"""Where an order came in, and the newest that WeChat told of it."""

from dataclasses import dataclass
from datetime import datetime

from models.base import db
from models.tables.inbound import OrderSource


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What one of WeChat's two sides says of an order: its number there, the payment's, the buyer, and when."""

    channel: str
    number: str
    transaction: str
    openid: str
    status: str
    at: datetime


def note(*, order_id: int, told: Told) -> OrderSource:
    """Write down where an order came from; older news than what is known change nothing."""
    found = db.session.get(OrderSource, order_id, with_for_update=True, populate_existing=True)
    if found is None:
        found = OrderSource(
            order_id=order_id, channel=told.channel, number=told.number, transaction=told.transaction,
            openid=told.openid, status=told.status, told_at=told.at,
        )  # fmt: skip
        db.session.add(found)
    elif told.at >= found.told_at:
        found.status, found.told_at = told.status, told.at
        found.transaction = told.transaction or found.transaction
        found.openid = told.openid or found.openid
    db.session.flush()
    return found
