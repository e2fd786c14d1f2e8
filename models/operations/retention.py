"""Erasing what is kept no longer (PIPL 19 and 47): personal data goes, the facts of the ledger stay under a code."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.rules import retention as rules
from models.tables.handout import Erasure
from models.tables.proof import Proof
from models.tables.strike import Appeal

BATCH = 5_000
PICTURES = 200

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
    "callback": """
        UPDATE inbound SET content = '{}', ip = '' WHERE id IN (
            SELECT id FROM inbound WHERE received_at < :before AND state IN ('done', 'ignored')
            AND (content <> '{}' OR ip <> '') ORDER BY id LIMIT :batch)
    """,
    "import_row": """
        DELETE FROM raw_line WHERE (import_id, row_number) IN (
            SELECT l.import_id, l.row_number FROM raw_line l JOIN import_run r ON r.id = l.import_id
            WHERE r.created_at < :before ORDER BY l.import_id, l.row_number LIMIT :batch)
    """,
    "history_buyer": """
        UPDATE history_line SET buyer = NULL WHERE id IN (
            SELECT id FROM history_line WHERE ordered_at < :before AND buyer IS NOT NULL ORDER BY id LIMIT :batch)
    """,
    "complaint": f"""
        UPDATE complaint SET words = '{rules.GONE}', outcome = '{rules.GONE}' WHERE id IN (
            SELECT id FROM complaint WHERE closed_at < :before AND words <> '{rules.GONE}' ORDER BY id LIMIT :batch)
    """,
    "appeal": f"""
        UPDATE appeal SET words = '{rules.GONE}', answer = '{rules.GONE}' WHERE id IN (
            SELECT id FROM appeal WHERE decided_at < :before AND words <> '{rules.GONE}' ORDER BY id LIMIT :batch)
    """,
    "after_sale": f"""
        UPDATE after_sale SET reason = '{rules.GONE}', answer = '{rules.GONE}' WHERE id IN (
            SELECT id FROM after_sale WHERE ended_at < :before AND reason <> '{rules.GONE}' ORDER BY id LIMIT :batch)
    """,
}
# What lies in tables that only grow is emptied by functions of the owner; each keeps to the law's shortest time itself.
FUNCTIONS: dict[str, Any] = {
    "member_note": sa.func.forget_notes,
    "complaint_message": sa.func.forget_messages,
    "case_step": sa.func.forget_case_steps,
    "case_snooze": sa.func.forget_case_snoozes,
    "proof_step": sa.func.forget_proof_steps,
    "risk_device": sa.func.forget_devices,
    "risk_signal": sa.func.forget_signals,
    "risk_tie": sa.func.forget_ties,
}
ERASED = (*STATEMENTS, *FUNCTIONS)
"""Every kind that the night erases, ties after the events that show them."""


def erase(*, key: str, at: datetime) -> int:
    """Erase a batch of one kind of data whose time is over; how many rows. What was erased is kept as a count."""
    before = rules.of(key).before(at)
    told = {"at": at, "before": before, "batch": BATCH}
    if key in FUNCTIONS:
        rows = db.session.scalar(sa.select(FUNCTIONS[key](before, BATCH))) or 0
    else:
        rows = len(db.session.execute(sa.text(f"{STATEMENTS[key]} RETURNING 1"), told).all())
    if rows:
        db.session.add(Erasure(kind=key, at=at, before=before, rows=rows))
        db.session.flush()
    return rows


def forget_pictures(*, at: datetime) -> list[str]:
    """Let go of pictures of evidence decided a month ago, unless an appeal is open; the names of their files.

    Digest and outline stay, so that no picture serves twice (rules §3.3).
    """
    before = rules.of("proof_picture").before(at)
    appealed = sa.exists().where(Appeal.subject == sa.func.concat("proof:", Proof.id), Appeal.state == "open")
    over = (
        sa.select(Proof.id, Proof.picture)
        .where(Proof.state.in_(("passed", "rejected")), Proof.picture != "", ~appealed)
        .where(Proof.decided_at < before)
        .order_by(Proof.id).limit(PICTURES).with_for_update(skip_locked=True, of=Proof)
    )  # fmt: skip
    found = db.session.execute(over).all()
    if found:
        db.session.execute(sa.update(Proof).where(Proof.id.in_([row.id for row in found])).values(picture=""))
        db.session.add(Erasure(kind="proof_picture", at=at, before=before, rows=len(found)))
        db.session.flush()
    return [row.picture for row in found]
