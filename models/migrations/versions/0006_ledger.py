"""The ledger: accounts, postings, legs, snapshots of the hot accounts, sealed blocks."""

from alembic import op

from models.migrations import guards
from models.migrations.booking import WALKS

revision = "0006_ledger"
down_revision = "0005_view"

TABLES = (
    """
CREATE TABLE account (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_account PRIMARY KEY,
    code text COLLATE "C" NOT NULL CONSTRAINT uq_account_code UNIQUE,
    bucket text NOT NULL CONSTRAINT ck_account_bucket CHECK (
        bucket IN ('custody', 'clearing', 'supplier', 'margin', 'house', 'reserve', 'withheld', 'deposit',
                   'pending', 'locked', 'frozen', 'held', 'available', 'payout', 'debt')),
    is_hot boolean NOT NULL,
    balance_fen bigint,
    CONSTRAINT ck_account_hot CHECK (is_hot = (balance_fen IS NULL)),
    CONSTRAINT ck_account_floor CHECK (CASE WHEN bucket = 'debt' THEN balance_fen <= 0 ELSE balance_fen >= 0 END)
) WITH (fillfactor = 80)
""",
    """
CREATE TABLE posting (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_posting PRIMARY KEY,
    key text COLLATE "C" NOT NULL CONSTRAINT uq_posting_key UNIQUE,
    digest bytea NOT NULL CONSTRAINT ck_posting_digest CHECK (octet_length(digest) = 32),
    kind text NOT NULL,
    subject text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL,
    facts jsonb NOT NULL,
    actor text NOT NULL DEFAULT coalesce(nullif(current_setting('qianxing.actor', true), ''), 'db:' || session_user),
    request_id text NOT NULL DEFAULT coalesce(current_setting('qianxing.request_id', true), '')
)
""",
    """
CREATE TABLE leg (
    posting_id bigint NOT NULL,
    n smallint NOT NULL,
    account_id bigint NOT NULL,
    amount_fen bigint NOT NULL CONSTRAINT ck_leg_amount CHECK (amount_fen <> 0 AND abs(amount_fen) <= 1000000000000),
    cause text NOT NULL,
    level smallint CONSTRAINT ck_leg_three_levels CHECK (level BETWEEN 1 AND 3),
    rate_bps bigint,
    base_fen bigint,
    reason text NOT NULL,
    CONSTRAINT pk_leg PRIMARY KEY (account_id, posting_id, n)
)
""",
    """
CREATE TABLE snapshot (
    account_id bigint NOT NULL CONSTRAINT fk_snapshot_account_id_account REFERENCES account,
    posting_id bigint NOT NULL,
    balance_fen bigint NOT NULL,
    CONSTRAINT pk_snapshot PRIMARY KEY (account_id, posting_id)
)
""",
    """
CREATE TABLE block (
    id bigint CONSTRAINT pk_block PRIMARY KEY,
    last_posting_id bigint NOT NULL CONSTRAINT uq_block_last_posting_id UNIQUE,
    postings bigint NOT NULL,
    hash bytea NOT NULL CONSTRAINT ck_block_hash CHECK (octet_length(hash) = 32),
    sealed_at timestamptz NOT NULL
)
""",
)

# Who seals needs one instant without a posting in flight: every poster shares this lock before its id is drawn.
OPEN = """
CREATE FUNCTION posting_open() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(7310003);
    RETURN NULL;
END $$
"""

# The one definition of what a repeat must agree with; `verify` writes the legs' text from the rows again.
DIGEST = """
CREATE FUNCTION posting_digest(kind text, facts jsonb, legs text) RETURNS bytea LANGUAGE sql STABLE AS $$
    SELECT sha256(convert_to(kind || E'\\n' || facts::text || E'\\n' || legs, 'UTF8'))
$$
"""

# One statement posts all legs of its postings: each must sum to zero, and the balances move in account order, so that
# two postings wait for each other and never deadlock. Its posting and its account must be there, and nothing lets them
# go; a foreign key would say so leg by leg, and lock the row of a hot account for every order that touches it. The
# accounts are named by an array: with IN, the order they are locked in may be that of a walk through all of them.
BALANCE = f"""
CREATE FUNCTION leg_balance() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
{WALKS} AS $$
DECLARE
    wrong bigint;
BEGIN
    SELECT posting_id INTO wrong FROM posted GROUP BY posting_id HAVING sum(amount_fen) <> 0 OR count(*) < 2 LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'the legs of posting % do not sum to zero', wrong USING ERRCODE = 'check_violation';
    END IF;
    IF EXISTS (SELECT FROM (SELECT DISTINCT posting_id FROM posted) l WHERE NOT EXISTS (
                   SELECT FROM posting p WHERE p.id = l.posting_id))
       OR EXISTS (SELECT FROM (SELECT DISTINCT account_id FROM posted) l WHERE NOT EXISTS (
                   SELECT FROM account a WHERE a.id = l.account_id)) THEN
        RAISE EXCEPTION 'a leg of no posting or of no account' USING ERRCODE = 'foreign_key_violation';
    END IF;
    PERFORM 1 FROM account
    WHERE NOT is_hot AND id = ANY (ARRAY(SELECT DISTINCT account_id FROM posted)) ORDER BY id FOR NO KEY UPDATE;
    UPDATE account SET balance_fen = balance_fen + moved.fen
    FROM (SELECT account_id, sum(amount_fen) AS fen FROM posted GROUP BY account_id) AS moved
    WHERE account.id = moved.account_id AND NOT account.is_hot;
    RETURN NULL;
END $$
"""

# One call books a posting: nothing under a key that is taken, new accounts opened empty, all legs at once, since
# a posting is summed up at the end of the statement that writes its legs.
BOOK = f"""
CREATE FUNCTION posting_book(
    key_ text, kind_ text, subject_ text, at_ timestamptz, facts_ jsonb, text_ text,
    codes text[], buckets text[], hot boolean[], amounts bigint[], causes text[], levels smallint[], rates bigint[],
    bases bigint[], reasons text[])
RETURNS bigint LANGUAGE plpgsql {WALKS} AS $$
DECLARE
    made bigint;
BEGIN
    INSERT INTO posting (key, digest, kind, subject, at, facts)
    VALUES (key_, posting_digest(kind_, facts_, text_), kind_, subject_, at_, facts_)
    ON CONFLICT (key) DO NOTHING RETURNING id INTO made;
    IF made IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM account_open(codes, buckets, hot);
    INSERT INTO leg (posting_id, n, account_id, amount_fen, cause, level, rate_bps, base_fen, reason)
    SELECT made, l.n, a.id, l.amount_fen, l.cause, l.level, l.rate_bps, l.base_fen, l.reason
    FROM unnest(codes, amounts, causes, levels, rates, bases, reasons)
         WITH ORDINALITY AS l (code, amount_fen, cause, level, rate_bps, base_fen, reason, n)
    JOIN account a ON a.code = l.code;
    RETURN made;
END $$
"""

OPEN_ACCOUNT = f"""
CREATE FUNCTION account_open(codes text[], buckets text[], hot boolean[]) RETURNS void LANGUAGE sql {WALKS} AS $$
    INSERT INTO account (code, bucket, is_hot, balance_fen)
    SELECT DISTINCT w.code, w.bucket, w.is_hot, CASE WHEN w.is_hot THEN NULL ELSE 0 END
    FROM unnest(codes, buckets, hot) AS w (code, bucket, is_hot)
    WHERE NOT EXISTS (SELECT FROM account a WHERE a.code = w.code) ORDER BY w.code
    ON CONFLICT (code) DO NOTHING
$$
"""

# A balance is moved by its legs and by nothing else.
FIXED = """
CREATE FUNCTION account_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        IF NEW.balance_fen <> 0 THEN
            RAISE EXCEPTION 'an account opens empty' USING ERRCODE = 'check_violation';
        END IF;
    ELSIF TG_OP = 'DELETE' OR pg_trigger_depth() < 2
        OR (NEW.id, NEW.code, NEW.bucket, NEW.is_hot) IS DISTINCT FROM (OLD.id, OLD.code, OLD.bucket, OLD.is_hot) THEN
        RAISE EXCEPTION 'a balance moves by its legs alone' USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NEW;
END $$
"""

TRIGGERS = (
    "CREATE TRIGGER posting_open BEFORE INSERT ON posting FOR EACH STATEMENT EXECUTE FUNCTION posting_open()",
    "CREATE TRIGGER leg_balance AFTER INSERT ON leg REFERENCING NEW TABLE AS posted"
    " FOR EACH STATEMENT EXECUTE FUNCTION leg_balance()",
    "CREATE TRIGGER account_fixed BEFORE INSERT OR UPDATE OR DELETE ON account"
    " FOR EACH ROW EXECUTE FUNCTION account_fixed()",
)


def upgrade() -> None:
    for table in TABLES:
        op.execute(table)
    op.execute("CREATE INDEX ix_posting_at_id ON posting (at, id)")
    op.execute("CREATE INDEX ix_posting_subject_id ON posting (subject, id)")
    op.execute("CREATE INDEX ix_leg_posting_id ON leg USING brin (posting_id)")
    for statement in (DIGEST, OPEN, BALANCE, FIXED, OPEN_ACCOUNT, BOOK, *TRIGGERS):
        op.execute(statement)
    for table in ("posting", "leg", "snapshot", "block"):
        guards.append_only(table)
    guards.as_app(f"REVOKE UPDATE, DELETE, TRUNCATE ON account FROM {guards.APP_ROLE};")


def downgrade() -> None:
    for table in ("block", "snapshot", "leg", "posting", "account"):
        op.execute(f"DROP TABLE {table}")
    for function in ("account_fixed", "leg_balance", "posting_open"):
        op.execute(f"DROP FUNCTION {function}()")
    op.execute("DROP FUNCTION posting_digest(text, jsonb, text)")
    op.execute("DROP FUNCTION account_open(text[], text[], boolean[])")
    op.execute("DROP FUNCTION posting_book")
