"""Shares of many orders made available at once: rules §5.5, debts first (§5.6), as `models/rules/share.py` says it."""

from models.migrations.booking import WALKS

# Orders that are locked, in this order: what lies pending of those without a hold or an open after-sale is released.
# What one share has paid of a debt, the next ones of the same member need not.
RIPEN = f"""
CREATE FUNCTION shares_ripen(ids bigint[], ats timestamptz[], keys text[]) RETURNS void
LANGUAGE plpgsql {WALKS} AS $$
DECLARE
    drafts drafted[];
BEGIN
    SELECT array_agg(a.id ORDER BY a.n), array_agg(a.at ORDER BY a.n), array_agg(a.key ORDER BY a.n)
    INTO ids, ats, keys
    FROM unnest(ids, ats, keys) WITH ORDINALITY AS a (id, at, key, n)
    JOIN shop_order o ON o.id = a.id AND NOT o.is_held
    WHERE NOT EXISTS (SELECT FROM after_sale s WHERE s.order_id = a.id AND s.ended_at IS NULL);
    IF ids IS NULL THEN
        RETURN;
    END IF;
    PERFORM FROM member WHERE id = ANY (ARRAY(
        SELECT member_id FROM share WHERE order_id = ANY (ids) AND member_id IS NOT NULL))
    ORDER BY id FOR NO KEY UPDATE;
    PERFORM pg_advisory_xact_lock_shared(7310003);
    SELECT array_agg((nextval('posting_id_seq'), made.key, posting_digest('mature', '{{}}', made.text), 'mature',
        made.subject, made.at, '{{}}', made.legs)::drafted) INTO drafts
    FROM (
        SELECT x.key, x.subject, x.at, array_agg(l.leg ORDER BY x.n, l.turn) AS legs,
               string_agg(leg_line(l.leg), E'\\n' ORDER BY x.n, l.turn) AS text
        FROM (
            SELECT w.*, least(w.upto, w.owed) - least(w.upto - w.fen, w.owed) AS paid
            FROM (
                SELECT a.n AS turn, a.key, a.at, 'order:' || o.number AS subject, s.n, s.level,
                       'member:' || m.code || ':' AS name, s.amount_fen - s.reversed_fen AS fen,
                       -coalesce(d.balance_fen, 0) AS owed,
                       sum(s.amount_fen - s.reversed_fen) OVER (PARTITION BY m.id ORDER BY a.n, s.n)::bigint AS upto
                FROM unnest(ids, ats, keys) WITH ORDINALITY AS a (id, at, key, n)
                JOIN shop_order o ON o.id = a.id
                JOIN share s ON s.order_id = a.id AND s.bucket = 'pending'
                JOIN member m ON m.id = s.member_id
                LEFT JOIN account d ON d.code = 'member:' || m.code || ':' || 'debt') w) x
        CROSS JOIN LATERAL (
            SELECT v.turn, v.leg FROM (VALUES
                (1, (x.name || 'pending', 'pending', -x.fen, 'mature', x.level, NULL, NULL, '', NULL,
                    NULL)::drafted_leg),
                (2, (x.name || 'debt', 'debt', x.paid, 'mature', NULL, NULL, NULL, 'debt_paid', NULL,
                    NULL)::drafted_leg),
                (3, (x.name || 'available', 'available', x.fen - x.paid, 'mature', NULL, NULL, NULL, '', NULL,
                    NULL)::drafted_leg)) AS v (turn, leg)
            WHERE (v.leg).amount_fen <> 0) l
        GROUP BY x.turn, x.key, x.subject, x.at ORDER BY x.turn) made;
    UPDATE share s SET bucket = 'available', account = 'member:' || m.code || ':' || 'available' FROM member m
    WHERE s.order_id = ANY (ids) AND s.bucket = 'pending' AND m.id = s.member_id;
    IF drafts IS NOT NULL THEN
        PERFORM postings_book(drafts);
    END IF;
END $$
"""

# Orders whose days are over by the instants given; an order that is not due stays as it is.
MATURE = f"""
CREATE FUNCTION shares_mature(ids bigint[], ats timestamptz[]) RETURNS void LANGUAGE plpgsql {WALKS} AS $$
DECLARE
    keys text[];
BEGIN
    PERFORM FROM shop_order WHERE id = ANY (ids) ORDER BY id FOR UPDATE;
    SELECT array_agg(a.id ORDER BY a.n), array_agg(a.at ORDER BY a.n), array_agg('mature:' || o.number ORDER BY a.n)
    INTO ids, ats, keys
    FROM unnest(ids, ats) WITH ORDINALITY AS a (id, at, n) JOIN shop_order o ON o.id = a.id AND o.mature_at <= a.at;
    UPDATE shop_order SET mature_at = NULL WHERE id = ANY (ids);
    PERFORM shares_ripen(ids, ats, keys) WHERE ids IS NOT NULL;
END $$
"""

FUNCTIONS = (RIPEN, MATURE)
NAMES = ("shares_mature(bigint[], timestamptz[])", "shares_ripen(bigint[], timestamptz[], text[])")
