"""Postings booked by the thousand: what migration 0011's functions draft is written in three statements."""

# A function entered with these settings walks from a few rows to their neighbours by index, however many rows the
# tables have: what the planner would choose for a small table stays chosen when it has grown within a session.
WALKS = (
    "SET plan_cache_mode = force_generic_plan SET enable_seqscan = off SET enable_hashjoin = off"
    " SET enable_mergejoin = off SET enable_material = off"
)

# A leg in the making, and the posting that it is of. ``member_id`` and ``region_code`` are of the share beside it.
TYPES = (
    """
CREATE TYPE drafted_leg AS (
    account text, bucket text, amount_fen bigint, cause text, level smallint, rate_bps bigint, base_fen bigint,
    reason text, member_id bigint, region_code text)
""",
    """
CREATE TYPE drafted AS (
    id bigint, key text, digest bytea, kind text, subject text, at timestamptz, facts jsonb, legs drafted_leg[])
""",
)

# The legs' text as `rules.ledger.text` writes it and `verify` reads it back; nothing of no leg. What is said by `||`
# alone is written out into the statement that asks for it.
LINE = """
CREATE FUNCTION leg_line(leg drafted_leg) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT leg.account || E'\\x1f' || leg.amount_fen::text || E'\\x1f' || leg.cause || E'\\x1f'
        || coalesce(leg.level::text, '') || E'\\x1f' || coalesce(leg.rate_bps::text, '') || E'\\x1f'
        || coalesce(leg.base_fen::text, '') || E'\\x1f' || leg.reason
$$
"""

# Who has drafted took the shared lock of `posting_open` before the ids were drawn.
BOOK = """
CREATE FUNCTION postings_book(drafts drafted[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO posting (id, key, digest, kind, subject, at, facts) OVERRIDING SYSTEM VALUE
    SELECT d.id, d.key, d.digest, d.kind, d.subject, d.at, d.facts FROM unnest(drafts) d;
    INSERT INTO account (code, bucket, is_hot, balance_fen)
    SELECT l.account, l.bucket, l.is_hot, CASE WHEN l.is_hot THEN NULL ELSE 0 END
    FROM (SELECT DISTINCT b.account, b.bucket FROM unnest(drafts) d, LATERAL unnest(d.legs) b) u
    CROSS JOIN LATERAL (SELECT u.account, u.bucket,
        u.bucket IN ('custody', 'clearing', 'supplier', 'margin', 'house', 'reserve') AS is_hot) l
    WHERE NOT EXISTS (SELECT FROM account a WHERE a.code = l.account) ORDER BY l.account
    ON CONFLICT (code) DO NOTHING;
    INSERT INTO leg (posting_id, n, account_id, amount_fen, cause, level, rate_bps, base_fen, reason)
    SELECT d.id, l.n, a.id, l.amount_fen, l.cause, l.level, l.rate_bps, l.base_fen, l.reason
    FROM unnest(drafts) d, LATERAL unnest(d.legs) WITH ORDINALITY AS l (
        account, bucket, amount_fen, cause, level, rate_bps, base_fen, reason, member_id, region_code, n)
    JOIN account a ON a.code = l.account;
END $$
"""

FUNCTIONS = (LINE, BOOK)
NAMES = ("postings_book(drafted[])", "leg_line(drafted_leg)")
