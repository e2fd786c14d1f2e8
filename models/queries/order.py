"""What is known of one order: its lines, shares, parcels, cases and the postings about it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.queries.parcel import Packing
from models.tables.after_sale import AfterSale
from models.tables.inbound import OrderSource
from models.tables.ledger import Leg, Posting
from models.tables.member import Matrix, Member
from models.tables.order import Order, OrderLine, Refund, Share
from models.tables.parcel import BalanceReminder, Parcel, ParcelItem, ParcelTrack


@dataclass(frozen=True)
class Dossier:
    """Everything about an order that its page tells, each part oldest first."""

    order: Order
    lines: Sequence[OrderLine]
    shares: Sequence[Any]
    refunds: Sequence[Refund]
    cases: Sequence[AfterSale]
    parcels: Sequence[Parcel]
    items: Sequence[ParcelItem]
    tracks: Sequence[ParcelTrack]
    reminders: Sequence[BalanceReminder]
    postings: Sequence[Any]
    source: OrderSource | None

    @property
    def packing(self) -> Packing:
        """What lies in which parcel, and what is still to be sent."""
        held: dict[int, dict[int, int]] = {one.id: {} for one in self.parcels}
        for item in self.items:
            held[item.parcel_id][item.n] = item.pieces
        return Packing({line.n: line.quantity for line in self.lines}, held)

    def goods(self, parcel_id: int) -> str:
        """What lies in a parcel, in words; nothing where it was not said."""
        held, titles = self.packing.parcels[parcel_id], {line.n: line.title for line in self.lines}
        return "、".join(f"{titles[n]}×{pieces}" for n, pieces in held.items())


def dossier(order_id: int) -> Dossier:
    """The order with all that belongs to it."""
    order = db.session.get_one(Order, order_id)
    parcels = _of(Parcel, Parcel.order_id == order_id, Parcel.id)
    return Dossier(
        order=order,
        lines=_of(OrderLine, OrderLine.order_id == order_id, OrderLine.n),
        shares=_shares(order_id),
        refunds=_of(Refund, Refund.order_id == order_id, Refund.n),
        cases=_of(AfterSale, AfterSale.order_id == order_id, AfterSale.id),
        parcels=parcels,
        items=_of(ParcelItem, ParcelItem.order_id == order_id, ParcelItem.n),
        tracks=_of(ParcelTrack, ParcelTrack.parcel_id.in_([one.id for one in parcels]), ParcelTrack.at),
        reminders=_of(BalanceReminder, BalanceReminder.order_id == order_id, BalanceReminder.n),
        postings=_postings(f"order:{order.number}"),
        source=db.session.get(OrderSource, order_id),
    )


def _of(table: Any, condition: sa.ColumnElement[bool], order: Any) -> Sequence[Any]:
    return db.session.scalars(sa.select(table).where(condition).order_by(order)).all()


def _shares(order_id: int) -> Sequence[Any]:
    """The rows of the settlement with their owners' codes."""
    columns = (
        Share.n, Share.kind, Share.account, Share.amount_fen, Share.reversed_fen, Share.level, Share.bucket,
        Share.reason, Share.region_code, Share.rate_bps, Member.code.label("member"),
    )  # fmt: skip
    found = sa.select(*columns).outerjoin(Member, Member.id == Share.member_id).where(Share.order_id == order_id)
    return db.session.execute(found.order_by(Share.n)).all()


def _postings(subject: str) -> Sequence[Any]:
    """Every posting about a subject, with what it moved in all."""
    moved = sa.cast(sa.func.sum(Leg.amount_fen).filter(Leg.amount_fen > 0), sa.BigInteger).label("moved_fen")
    found = sa.select(Posting.id, Posting.kind, Posting.at, moved).join(Leg, Leg.posting_id == Posting.id)
    found = found.where(Posting.subject == subject).group_by(Posting.id).order_by(Posting.id)
    return db.session.execute(found).all()


def settlement(number: str) -> Posting | None:
    """The posting that settled an order, once it is completed."""
    return db.session.scalars(sa.select(Posting).where(Posting.key == f"settle:{number}")).one_or_none()


def merchants_sellers(merchant_id: int) -> sa.Select[Any]:
    """The members who sell in a merchant's networks."""
    return sa.select(Member.id).join(Matrix, Matrix.id == Member.matrix_id).where(Matrix.merchant_id == merchant_id)


_KNOWN = sa.text("SELECT count(*) FROM shop_order WHERE number = ANY (:numbers)")


def are_known(numbers: Collection[str]) -> bool:
    """Whether each number is an order's."""
    asked = set(numbers)
    return bool(db.session.scalar(_KNOWN, {"numbers": list(asked)}) == len(asked))
