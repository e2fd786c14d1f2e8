"""Who sells like a seed promoter."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import db

# Presets sell for their merchant; who is named already, or waits for an answer, is not found again.
_SELLING = sa.text(
    """
    SELECT m.id, s.orders, s.sales_fen
    FROM (SELECT seller_id, count(*) AS orders, sum(paid_fen - refunded_fen)::bigint AS sales_fen FROM shop_order
          WHERE state = 'completed' AND completed_at >= :since AND completed_at < :until
          GROUP BY seller_id HAVING count(*) >= :least) s
    JOIN member m ON m.id = s.seller_id
    WHERE m.position IS NULL AND m.standing = 'active' AND m.showcase = 'open' AND m.seed_at IS NULL
      AND NOT EXISTS (SELECT 1 FROM seed_candidate c WHERE c.member_id = m.id
                      AND (c.ended_at IS NULL OR c.ended_at >= :since))
    ORDER BY m.id
    """
)


def selling(*, since: datetime, until: datetime, least: int) -> Sequence[Any]:
    """(id, orders, sales_fen) of active promoters with so many completed orders sold in [since, until).

    One who was let go within the window is not tagged for the same sales again.
    """
    return db.session.execute(_SELLING, {"since": since, "until": until, "least": least}).all()
