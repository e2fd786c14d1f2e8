"""What lies in which parcel of an order, and what of it is still to be sent."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from models.base import db
from models.rules import parcel as rules
from models.tables.order import OrderLine
from models.tables.parcel import Parcel, ParcelItem


@dataclass(frozen=True, slots=True)
class Packing:
    """An order's lines by number, and of each of its parcels how many pieces of which line it holds."""

    ordered: dict[int, int] = field(default_factory=dict)
    parcels: dict[int, dict[int, int]] = field(default_factory=dict)

    @property
    def left(self) -> dict[int, int]:
        """The pieces of each line that wait to be sent."""
        return rules.left(self.ordered, self.parcels.values())

    @property
    def sent(self) -> dict[int, int]:
        """The pieces of each line that have left."""
        left = self.left
        return {n: pieces - left.get(n, 0) for n, pieces in self.ordered.items()} if self.parcels else {}


def packings(order_ids: Collection[int]) -> Mapping[int, Packing]:
    """What lies where, order by order; in two statements however many orders there are."""
    found = {order_id: Packing() for order_id in order_ids}
    lines = sa.select(OrderLine.order_id, OrderLine.n, OrderLine.quantity).where(OrderLine.order_id.in_(found))
    for order_id, n, quantity in db.session.execute(lines.order_by(OrderLine.order_id, OrderLine.n)):
        found[order_id].ordered[n] = quantity
    items = (
        sa.select(Parcel.order_id, Parcel.id, ParcelItem.n, ParcelItem.pieces)
        .outerjoin(ParcelItem, ParcelItem.parcel_id == Parcel.id).where(Parcel.order_id.in_(found))
    )  # fmt: skip
    for order_id, parcel_id, n, pieces in db.session.execute(items.order_by(Parcel.id, ParcelItem.n)):
        held = found[order_id].parcels.setdefault(parcel_id, {})
        if n is not None:
            held[n] = pieces
    return found


def packing(order_id: int) -> Packing:
    """What lies where of one order."""
    return packings([order_id])[order_id]
