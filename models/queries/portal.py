"""What a member sees of the platform: its own rows, and of others no more than a masked name."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from models.base import db
from models.tables.after_sale import AfterSale
from models.tables.listing import Listing
from models.tables.member import Matrix, Member
from models.tables.order import Order, OrderLine, Refund
from models.tables.parcel import Parcel, ParcelTrack
from models.tables.payout import RegionAgent, Withdrawal
from models.tables.person import Person
from models.tables.placement import Seat
from models.tables.product import Product, ProductStat

NEWEST = 2**63 - 1

# Shares of orders and paid dividends, the newest first; `key` tells rows of one instant apart.
_EARNINGS = sa.text(
    """
    SELECT * FROM (
        SELECT o.completed_at AS at, concat('s', lpad(o.id::text, 19, '0'), lpad(s.n::text, 5, '0')) AS key, s.kind,
               s.amount_fen, s.reversed_fen, s.level, s.rate_bps, s.bucket, s.region_code, o.number, o.policy_id,
               o.kind AS order_kind,
               CASE s.kind WHEN 'region' THEN o.settled_fen ELSE o.commission_fen * o.settled_fen / o.paid_fen END
               AS base_fen, NULL AS month
        FROM share s JOIN shop_order o ON o.id = s.order_id
        WHERE s.member_id = :member AND s.kind IN ('level', 'region', 'seed')
        UNION ALL
        SELECT b.paid_at, concat('d', lpad(d.id::text, 24, '0')), 'dividend', d.amount_fen, 0, NULL, d.bps,
               'available', NULL, NULL, NULL, NULL, d.base_fen, to_char(d.of_month, 'YYYY-MM')
        FROM dividend_line d JOIN dividend_bill b ON b.id = d.bill_id
        WHERE d.member_id = :member AND d.state = 'paid' AND b.paid_at IS NOT NULL) AS earned
    WHERE (CAST(:kind AS text) IS NULL OR kind = :kind) AND at >= :since AND at < :until
      AND (at, key) < (CAST(:before AS timestamptz), CAST(:before_key AS text))
    ORDER BY at DESC, key DESC LIMIT :limit
    """
)


def earnings(*, member_id: int, kind: str | None, span: tuple[datetime, datetime], before: Any, limit: int) -> Any:
    """What somebody earned in [since, until), from before (instant, key) on."""
    told = {"member": member_id, "kind": kind, "since": span[0], "until": span[1], "limit": limit}
    return db.session.execute(_EARNINGS, told | {"before": before[0], "before_key": before[1]}).all()


def names(member_ids: Sequence[int]) -> dict[int, tuple[str, str | None]]:
    """Code and nickname of members by their ids, for masking."""
    found = (
        sa.select(Member.id, Member.code, Person.nickname)
        .outerjoin(Person, Person.member_id == Member.id)
        .where(Member.id.in_(member_ids))
    )
    return {row.id: (row.code, row.nickname) for row in db.session.execute(found)}


_DOSSIER = sa.text(
    """
    SELECT m.code, m.standing, m.showcase, m.rank, m.registered_at, m.lapse_at, m.qualified_at, m.real_name_at,
           p.nickname, p.phone, s.code AS sponsor, n.nickname AS sponsor_name,
           EXISTS (
               SELECT FROM agreement_in_force(:at) a
               WHERE NOT EXISTS (SELECT FROM consent c WHERE c.member_id = m.id AND c.agreement_id = a.id)
           ) AS owes_consent
    FROM member m LEFT JOIN person p ON p.member_id = m.id
    LEFT JOIN member s ON s.id = m.sponsor_id LEFT JOIN person n ON n.member_id = s.id
    WHERE m.id = :member
    """
)


def dossier(member_id: int, *, at: datetime) -> Any:
    """A member's own facts with its sponsor's code and nickname, and whether it owes a consent, in one row."""
    return db.session.execute(_DOSSIER, {"member": member_id, "at": at}).one()


def seat_with_parent(member_id: int) -> Any:
    """A member's seat and whose it hangs under."""
    above = aliased(Seat)
    found = sa.select(Seat.id, Seat.slot, Seat.depth, above.member_id.label("parent_member_id"))
    found = found.outerjoin(above, above.id == Seat.parent_id).where(Seat.member_id == member_id)
    return db.session.execute(found).one_or_none()


_WITHIN = sa.text(
    """
    WITH RECURSIVE above AS (
        SELECT id, parent_id, 0 AS distance FROM seat WHERE id = :node
        UNION ALL
        SELECT s.id, s.parent_id, a.distance + 1 FROM above a JOIN seat s ON s.id = a.parent_id
        WHERE a.id <> :mine AND a.distance < :levels)
    SELECT distance FROM above WHERE id = :mine
    """
)


def distance(*, mine: int, node: int, levels: int) -> int | None:
    """How many levels a seat lies below one's own, None if it does not lie within so many."""
    found: int | None = db.session.scalar(_WITHIN, {"mine": mine, "node": node, "levels": levels})
    return found


def spilled(seat_id: int) -> Sequence[Any]:
    """Who was placed right below by somebody else's invitation, and by whose."""
    mine = sa.select(Seat.member_id).where(Seat.id == seat_id).scalar_subquery()
    found = (
        sa.select(Seat.slot, Seat.placed_at, Seat.member_id, Member.sponsor_id)
        .join(Member, Member.id == Seat.member_id)
        .where(Seat.parent_id == seat_id, Member.position.is_(None))
        .where(Member.sponsor_id.is_distinct_from(mine))
    )
    return db.session.execute(found.order_by(Seat.slot)).all()


def orders(*, member_id: int, is_seller: bool, before: int, limit: int) -> Sequence[Order]:
    """Orders somebody bought or sold, the newest first."""
    whose = Order.seller_id if is_seller else Order.buyer_id
    chosen = sa.select(Order).where(whose == member_id, Order.id < before)
    return db.session.scalars(chosen.order_by(Order.id.desc()).limit(limit)).all()


def order(*, member_id: int, number: str) -> Order | None:
    """An order that somebody bought or sold."""
    mine = sa.or_(Order.buyer_id == member_id, Order.seller_id == member_id)
    return db.session.scalars(sa.select(Order).where(Order.number == number, mine)).one_or_none()


def refunds(order_id: int) -> Sequence[Refund]:
    return db.session.scalars(sa.select(Refund).where(Refund.order_id == order_id).order_by(Refund.n)).all()


def lines(order_id: int) -> Sequence[OrderLine]:
    """What was bought, kind by kind."""
    return db.session.scalars(sa.select(OrderLine).where(OrderLine.order_id == order_id).order_by(OrderLine.n)).all()


def parcels(order_id: int) -> Sequence[Parcel]:
    """The parcels of an order as they left."""
    return db.session.scalars(sa.select(Parcel).where(Parcel.order_id == order_id).order_by(Parcel.id)).all()


def tracks(order_id: int) -> Sequence[Any]:
    """What carriers said of an order's parcels, the newest first."""
    columns = (Parcel.id, Parcel.carrier, Parcel.waybill, Parcel.state, Parcel.sent_at, ParcelTrack.at)
    found = sa.select(*columns, ParcelTrack.words, ParcelTrack.state.label("track_state"))
    found = found.outerjoin(ParcelTrack, ParcelTrack.parcel_id == Parcel.id).where(Parcel.order_id == order_id)
    return db.session.execute(found.order_by(Parcel.id, ParcelTrack.n.desc())).all()


def after_sale(*, member_id: int, case_id: int) -> tuple[AfterSale, Order] | None:
    """A case about an order that somebody bought."""
    found = sa.select(AfterSale, Order).join(Order, Order.id == AfterSale.order_id)
    row = db.session.execute(found.where(AfterSale.id == case_id, Order.buyer_id == member_id)).one_or_none()
    return (row[0], row[1]) if row else None


def withdrawals(*, member_id: int, before: int, limit: int) -> Sequence[Withdrawal]:
    """Somebody's withdrawals, the newest first."""
    chosen = sa.select(Withdrawal).where(Withdrawal.member_id == member_id, Withdrawal.id < before)
    return db.session.scalars(chosen.order_by(Withdrawal.id.desc()).limit(limit)).all()


def agencies(member_id: int) -> Sequence[RegionAgent]:
    """Regions somebody asked for, has or had, the newest first."""
    chosen = sa.select(RegionAgent).where(RegionAgent.member_id == member_id)
    return db.session.scalars(chosen.order_by(RegionAgent.id.desc()).limit(100)).all()


def _offered(member_id: int) -> sa.Select[Product, int]:
    """Products on sale of the merchant in whose network somebody is."""
    merchant = (
        sa.select(Matrix.merchant_id).join(Member, Member.matrix_id == Matrix.id).where(Member.id == member_id)
    ).scalar_subquery()  # fmt: skip
    return (
        sa.select(Product, sa.func.coalesce(ProductStat.repurchase_bps, 0).label("repurchase_bps"))
        .outerjoin(ProductStat, ProductStat.product_id == Product.id)
        .where(Product.merchant_id == merchant, Product.state == "listed")
    )


def products(*, member_id: int, sort: str, category: str | None, before: Any, limit: int) -> Sequence[Any]:
    """The selection centre, the highest commission or repurchase first."""
    by = Product.commission_fen if sort == "commission" else sa.func.coalesce(ProductStat.repurchase_bps, 0)
    chosen = _offered(member_id)
    if category is not None:
        chosen = chosen.where(Product.category == category)
    if before is not None:
        chosen = chosen.where(sa.tuple_(by, Product.id) < sa.tuple_(sa.literal(before[0]), sa.literal(before[1])))
    return db.session.execute(chosen.order_by(by.desc(), Product.id.desc()).limit(limit)).all()


def product(*, member_id: int, product_id: int) -> Any:
    """One product that somebody may sell."""
    return db.session.execute(_offered(member_id).where(Product.id == product_id)).one_or_none()


def after_sales(*, member_id: int, limit: int) -> Sequence[Any]:
    """Somebody's cases as a buyer, each with its order's number, the newest first."""
    found = sa.select(AfterSale, Order.number).join(Order, Order.id == AfterSale.order_id)
    return db.session.execute(
        found.where(Order.buyer_id == member_id).order_by(AfterSale.id.desc()).limit(limit)
    ).all()  # fmt: skip


def is_listed(*, member_id: int, product_id: int) -> bool:
    """Whether a product was ever asked for somebody's window."""
    found = sa.exists().where(Listing.member_id == member_id, Listing.product_id == product_id)
    return bool(db.session.scalar(sa.select(found)))
