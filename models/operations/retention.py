"""Erasing what is kept no longer (PIPL 19 and 47): personal data goes, the facts of the ledger stay under a code."""

from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.rules import retention as rules
from models.tables.handout import Erasure

BATCH = 5_000

# One statement a kind; each erases a batch of what is over and is harmless when repeated. What somebody still quarrels
# about stays: an order with an open case, a complaint without an end.
_QUARREL = """
    AND NOT EXISTS (SELECT FROM after_sale a WHERE a.order_id = o.id AND a.ended_at IS NULL)
    AND NOT EXISTS (SELECT FROM complaint c WHERE c.subject = o.number AND c.closed_at IS NULL)
"""
_OVER = "o.state IN ('completed', 'cancelled', 'refunded') AND coalesce(o.completed_at, o.placed_at) < :before"
STATEMENTS: dict[str, str] = {
    "session_device": """
        UPDATE member_session SET ip = '', user_agent = '' WHERE id IN (
            SELECT id FROM member_session WHERE coalesce(ended_at, expires_at) < :before
            AND (ip <> '' OR user_agent <> '') ORDER BY id LIMIT :batch)
    """,
    "stranger": """
        UPDATE member_identity SET openid = NULL, ended_at = :at, agreement_id = NULL, accepted_at = NULL,
            accepted_ip = NULL, accepted_agent = NULL
        WHERE id IN (SELECT i.id FROM member_identity i WHERE i.member_id IS NULL AND i.openid IS NOT NULL
            AND i.made_at < :before AND NOT EXISTS (
                SELECT FROM member_session s WHERE s.identity_id = i.id AND s.refreshed_at >= :before)
            ORDER BY i.id LIMIT :batch)
    """,
    "lapsed_person": """
        UPDATE person SET nickname = NULL, phone = NULL, real_name = NULL WHERE id IN (
            SELECT p.id FROM person p JOIN member m ON m.id = p.member_id WHERE m.standing = 'lapsed'
            AND num_nonnulls(p.nickname, p.phone, p.real_name) > 0
            AND NOT EXISTS (SELECT FROM standing_change c WHERE c.member_id = m.id AND c.at >= :before)
            AND NOT EXISTS (SELECT FROM complaint c WHERE c.member_id = m.id AND c.closed_at IS NULL)
            ORDER BY p.id LIMIT :batch)
    """,
    "order_address": f"""
        UPDATE shop_order SET address = '{{}}' WHERE id IN (
            SELECT o.id FROM shop_order o WHERE {_OVER} AND o.address <> '{{}}' {_QUARREL} ORDER BY o.id LIMIT :batch)
    """,
    "order_buyer": f"""
        UPDATE shop_order SET buyer = NULL WHERE id IN (
            SELECT o.id FROM shop_order o WHERE {_OVER} AND o.buyer IS NOT NULL {_QUARREL} ORDER BY o.id LIMIT :batch)
    """,
}


def erase(*, key: str, at: datetime) -> int:
    """Erase a batch of one kind of data whose time is over; how many rows. What was erased is kept as a count."""
    before = rules.of(key).before(at)
    told = {"at": at, "before": before, "batch": BATCH}
    rows = len(db.session.execute(sa.text(f"{STATEMENTS[key]} RETURNING 1"), told).all())
    if rows:
        db.session.add(Erasure(kind=key, at=at, before=before, rows=rows))
        db.session.flush()
    return rows
