"""What the policy lint is told of the platform as it stands: measured, never typed in."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.queries import tree

# Who has how many below, as far as levels could ever pay and one beyond: the reference line of R09.
_CHAINS = """
    WITH RECURSIVE below AS (
        SELECT m.id AS root, m.id, 0 AS level FROM member m WHERE m.qualified_at IS NOT NULL
        UNION ALL
        SELECT b.root, m.id, b.level + 1 FROM below b JOIN member m ON m.sponsor_id = b.id WHERE b.level < 3),
    chains AS (SELECT root, count(*) AS people, max(level) AS levels FROM below WHERE level > 0 GROUP BY root)
    SELECT people, levels FROM chains ORDER BY levels >= 3 DESC, people DESC LIMIT 1
"""
_SHARES = """
    SELECT coalesce(max(level), 0) AS paid_level_max,
           coalesce(10000 * sum(amount_fen - reversed_fen) FILTER (WHERE level > 1)
                    / nullif(sum(amount_fen - reversed_fen), 0), 0)::bigint AS override_bps
    FROM share WHERE kind IN ('level', 'seed') AND member_id IS NOT NULL
"""
# Of the first purchase of each member who buys at all, how many were made to be admitted.
_EXPERIENCE = """
    SELECT coalesce(10000 * count(*) FILTER (WHERE kind = 'admission') / nullif(count(*), 0), 0)::bigint FROM (
        SELECT DISTINCT ON (buyer_id) kind FROM shop_order WHERE buyer_id IS NOT NULL AND paid_at IS NOT NULL
        ORDER BY buyer_id, paid_at, id) AS first_purchases
"""
_REFUNDS = """
    SELECT coalesce(max(extract(day FROM :at - goods_back_at)), 0)::bigint FROM after_sale
    WHERE ended_at IS NULL AND goods_back_at <= :at
"""
_PAYEES = """
    SELECT count(*) FROM withdrawal w JOIN member m ON m.id = w.member_id
    WHERE w.state = 'SUCCESS' AND m.real_name_at IS NULL AND m.position IS NULL
"""
_FAKE = "SELECT count(*) FROM shop_order WHERE is_held"


def facts(at: datetime) -> dict[str, Any]:
    """The measured facts by the names that `models.rules.lint.Facts` gives them."""
    chain = db.session.execute(sa.text(_CHAINS)).one_or_none()
    shares = db.session.execute(sa.text(_SHARES)).one()
    return {
        "paid_level_max": shares.paid_level_max,
        "override_bps": shares.override_bps,
        "people": chain.people if chain else 0,
        "chain_levels": chain.levels if chain else 0,
        "experience_first_bps": _number(_EXPERIENCE),
        "refund_wait_days": _number(_REFUNDS, at=at),
        "unnamed_payees": _number(_PAYEES),
        "fake_trade_open": _number(_FAKE),
        "tree_anomalies": sum(1 for _ in tree.differences()),
    }


def _number(query: str, **told: Any) -> int:
    return int(db.session.scalar(sa.text(query), told) or 0)
