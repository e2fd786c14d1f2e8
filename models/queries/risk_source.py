"""What the risk rules are told of orders, members, withdrawals and sign-ins: read once, from where it is kept."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from models.base import db

_ORDERS = sa.text(
    """
    SELECT o.id, o.number, o.placed_at, o.buyer_id, o.buyer, o.seller_id, s.sponsor_id, o.paid_fen, o.region_code,
           o.address, i.openid, p.phone
    FROM shop_order o JOIN member s ON s.id = o.seller_id
    LEFT JOIN member_identity i ON i.member_id = o.buyer_id LEFT JOIN person p ON p.member_id = o.buyer_id
    WHERE o.id = ANY (:ids) ORDER BY o.id
    """
)
_REFUNDS = sa.text(
    """
    SELECT o.id, o.number, o.buyer_id, o.buyer, o.seller_id, s.sponsor_id, r.n, r.amount_fen, r.at
    FROM refund r JOIN shop_order o ON o.id = r.order_id JOIN member s ON s.id = o.seller_id
    WHERE (r.order_id, r.n) IN (SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:ns AS bigint[])))
    ORDER BY o.id, r.n
    """
)
_JOINS = sa.text(
    """
    SELECT m.id, m.sponsor_id, m.registered_at, c.ip, i.openid, p.phone, s.depth
    FROM member m LEFT JOIN member_identity i ON i.member_id = m.id LEFT JOIN person p ON p.member_id = m.id
    LEFT JOIN seat s ON s.member_id = m.id
    LEFT JOIN LATERAL (SELECT ip FROM consent c WHERE c.member_id = m.id AND c.accepted_at <= m.registered_at
                       ORDER BY c.id DESC LIMIT 1) c ON true
    WHERE m.id = ANY (:ids) ORDER BY m.id
    """
)
_PAYOUTS = sa.text(
    """
    SELECT w.number, w.member_id, w.amount_fen, w.requested_at, i.openid
    FROM withdrawal w LEFT JOIN member_identity i ON i.member_id = w.member_id
    WHERE w.number = ANY (:numbers) ORDER BY w.id
    """
)
_SIGN_INS = sa.text(
    """
    SELECT s.id, i.member_id, s.opened_at, s.ip, i.openid
    FROM member_session s JOIN member_identity i ON i.id = s.identity_id
    WHERE s.id = ANY (:ids) AND i.member_id IS NOT NULL ORDER BY s.id
    """
)

_SHOWCASES = sa.text(
    """
    SELECT c.id, c.member_id, c.at, c.kind, c.reason, m.sponsor_id, i.openid, p.phone
    FROM standing_change c JOIN member m ON m.id = c.member_id
    LEFT JOIN member_identity i ON i.member_id = m.id LEFT JOIN person p ON p.member_id = m.id
    WHERE c.member_id = ANY (:ids) AND c.kind IN ('qualified', 'closed', 'reopened', 'bound') ORDER BY c.id
    """
)
# A picture is known by the first one that it is a twin of: a new cut of the same photo is the same picture.
_PROOFS = sa.text(
    """
    WITH RECURSIVE up AS (
        SELECT id, id AS first, twin_id FROM proof WHERE id = ANY (:ids)
        UNION ALL SELECT u.id, t.id, t.twin_id FROM up u JOIN proof t ON t.id = u.twin_id)
    SELECT p.id, p.member_id, p.seller_id, coalesce(p.judged_at, p.submitted_at) AS at, p.paid_fen, f.sha256,
           f.member_id AS first_member_id, f.submitted_at AS first_at, f.seller_id AS first_seller_id
    FROM up JOIN proof p ON p.id = up.id JOIN proof f ON f.id = up.first
    WHERE up.twin_id IS NULL ORDER BY p.id
    """
)


def orders(ids: Sequence[int]) -> Sequence[Any]:
    """What an order says of its buyer, its seller and where it goes."""
    return db.session.execute(_ORDERS, {"ids": list(ids)}).all()


def refunds(of: Sequence[tuple[int, int]]) -> Sequence[Any]:
    """Refunds by (order id, n)."""
    return db.session.execute(_REFUNDS, {"ids": [one for one, _ in of], "ns": [n for _, n in of]}).all()


def joins(ids: Sequence[int]) -> Sequence[Any]:
    """Registrations by member id, with the address of the consent given then."""
    return db.session.execute(_JOINS, {"ids": list(ids)}).all()


def payouts(numbers: Sequence[str]) -> Sequence[Any]:
    """Withdrawals by number."""
    return db.session.execute(_PAYOUTS, {"numbers": list(numbers)}).all()


def sign_ins(ids: Sequence[int]) -> Sequence[Any]:
    """Sessions that members opened."""
    return db.session.execute(_SIGN_INS, {"ids": list(ids)}).all()


def showcases(member_ids: Sequence[int]) -> Sequence[Any]:
    """When these members' showcases opened, closed and opened again."""
    return db.session.execute(_SHOWCASES, {"ids": list(member_ids)}).all()


def proofs(ids: Sequence[int]) -> Sequence[Any]:
    """Pictures that were judged, by id, with the first picture that each is a twin of, or itself."""
    return db.session.execute(_PROOFS, {"ids": list(ids)}).all()
