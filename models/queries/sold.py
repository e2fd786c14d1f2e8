"""What somebody sold, as it may be shown to others: own completed orders of goods, no admission, nothing in doubt."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.queries.movement import WITHIN, Part

# A buyer comes back on another day of Shanghai's. What one buys from oneself is no sale (facts: R08).
_SOLD = """
    WITH sold AS (
        SELECT o.seller_id, coalesce('m' || o.buyer_id, 'b' || o.buyer) AS who,
               (o.paid_at AT TIME ZONE 'Asia/Shanghai')::date AS day
        FROM shop_order o JOIN member s ON s.id = o.seller_id
        WHERE o.completed_at >= :since AND o.completed_at < :until AND o.state = 'completed'
          AND o.kind <> 'admission' AND NOT o.is_held AND NOT o.is_fraud AND s.position IS NULL
          AND o.buyer_id IS DISTINCT FROM o.seller_id {narrowed}),
    by_buyer AS (
        SELECT seller_id, who, count(*) AS orders, count(DISTINCT day) AS days FROM sold GROUP BY seller_id, who)
    SELECT seller_id, sum(orders)::bigint AS orders, count(who) AS buyers,
           count(who) FILTER (WHERE days > 1) AS returning
    FROM by_buyer GROUP BY seller_id
"""
_ALL = sa.text(_SOLD.format(narrowed=""))
_OF = sa.text(_SOLD.format(narrowed="AND o.seller_id = ANY (:sellers)"))


def counted(*, since: datetime, until: datetime, sellers: Sequence[int] | None = None) -> Sequence[Any]:
    """Orders, buyers and buyers who came back of each seller with any, of orders completed in [since, until)."""
    if sellers is None:
        return db.session.execute(_ALL, {"since": since, "until": until}).all()
    return db.session.execute(_OF, {"since": since, "until": until, "sellers": list(sellers)}).all()


_EARNED = """
    SELECT sum(s.amount_fen - s.reversed_fen)::bigint AS fen
    FROM share s JOIN shop_order o ON o.id = s.order_id JOIN member m ON m.id = s.member_id
    WHERE o.completed_at >= :since AND o.completed_at < :until AND s.kind IN ('level', 'seed') AND NOT o.is_fraud
      AND m.position IS NULL AND m.qualified_at IS NOT NULL AND m.qualified_at < :until {within}
    GROUP BY s.member_id
"""
_PROMOTERS = """
    SELECT count(*) FROM member m
    WHERE m.position IS NULL AND m.qualified_at < :until AND m.standing <> 'exited' {within}
"""


def earned(*, since: datetime, until: datetime, of: Part | None = None) -> tuple[list[int], int]:
    """What each promoter with any got of orders completed in a period, in fen; and how many promoters there are."""
    is_all = of is None or of.is_all
    told = {"since": since, "until": until} | ({} if of is None or is_all else of.told())
    within = "" if is_all else f"AND {WITHIN}"
    fen = list(db.session.scalars(sa.text(_EARNED.format(within=within)), told))
    return fen, max(len(fen), db.session.scalar(sa.text(_PROMOTERS.format(within=within)), told) or 0)
