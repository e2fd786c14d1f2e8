"""Statements of payment channels and their lines, the reckoning of each day, and the differences it finds."""

from alembic import op

from models.migrations import guards

revision = "0022_statement"
down_revision = "0021_case"

ACCOUNTS = "account IN ('TRADE', 'BASIC', 'OPERATION', 'FEES', 'WALLET')"
ENTRY = """
    at timestamptz NOT NULL,
    way text NOT NULL,
    business text NOT NULL,
    amount_fen bigint NOT NULL,
    fee_millifen bigint NOT NULL,
    balance_fen bigint,
    number text COLLATE "C" NOT NULL,
    reference text COLLATE "C" NOT NULL,
    words text NOT NULL,
    state text NOT NULL,
    digest bytea NOT NULL,
"""
TABLES = (
    f"""
CREATE TABLE statement (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_statement PRIMARY KEY,
    source text NOT NULL CONSTRAINT ck_statement_source CHECK (source IN ('download', 'upload')),
    layout text NOT NULL,
    account text NOT NULL CONSTRAINT ck_statement_account CHECK ({ACCOUNTS}),
    file_name text NOT NULL,
    stored_name text COLLATE "C" NOT NULL CONSTRAINT uq_statement_stored_name UNIQUE,
    sha256 text COLLATE "C" NOT NULL,
    size_bytes bigint NOT NULL,
    state text NOT NULL CONSTRAINT ck_statement_state
        CHECK (state IN ('reading', 'read', 'taking', 'taken', 'failed', 'cancelled')),
    job_id bigint,
    first_on date,
    last_on date,
    lines_claimed bigint,
    lines_read bigint NOT NULL,
    lines_refused bigint NOT NULL,
    lines_new bigint NOT NULL,
    in_fen bigint NOT NULL,
    out_fen bigint NOT NULL,
    findings jsonb NOT NULL,
    failure text NOT NULL,
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    read_at timestamptz,
    taken_at timestamptz,
    CONSTRAINT ck_statement_taken CHECK ((state = 'taken') = (taken_at IS NOT NULL)),
    CONSTRAINT ck_statement_days CHECK (last_on >= first_on),
    CONSTRAINT ck_statement_counts CHECK (lines_read >= 0 AND lines_refused >= 0 AND lines_new >= 0)
)
""",
    f"""
CREATE TABLE statement_draft (
    statement_id bigint NOT NULL CONSTRAINT fk_statement_draft_statement_id_statement REFERENCES statement,
    n bigint NOT NULL,
    {ENTRY}
    CONSTRAINT pk_statement_draft PRIMARY KEY (statement_id, n)
)
""",
    f"""
CREATE TABLE statement_line (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_statement_line PRIMARY KEY,
    statement_id bigint NOT NULL CONSTRAINT fk_statement_line_statement_id_statement REFERENCES statement,
    n bigint NOT NULL,
    account text NOT NULL CONSTRAINT ck_statement_line_account CHECK ({ACCOUNTS}),
    copy bigint NOT NULL,
    {ENTRY}
    CONSTRAINT uq_statement_line_account_digest_copy UNIQUE (account, digest, copy),
    CONSTRAINT ck_statement_line_way CHECK (way IN ('in', 'out', 'none')),
    CONSTRAINT ck_statement_line_business
        CHECK (business IN ('payment', 'refund', 'payout', 'payout_back', 'fee', 'other')),
    CONSTRAINT ck_statement_line_amount CHECK (amount_fen >= 0),
    CONSTRAINT ck_statement_line_digest CHECK (octet_length(digest) = 16)
)
""",
    """
CREATE TABLE reckoning (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_reckoning PRIMARY KEY,
    day date NOT NULL CONSTRAINT uq_reckoning_day UNIQUE,
    at timestamptz NOT NULL,
    runs bigint NOT NULL CONSTRAINT ck_reckoning_runs CHECK (runs > 0),
    payouts bigint NOT NULL,
    payouts_fen bigint NOT NULL,
    channel_payouts bigint,
    channel_payouts_fen bigint,
    payments bigint NOT NULL,
    payments_fen bigint NOT NULL,
    channel_payments bigint,
    channel_payments_fen bigint,
    refunds bigint NOT NULL,
    refunds_fen bigint NOT NULL,
    channel_refunds bigint,
    channel_refunds_fen bigint,
    custody_fen bigint NOT NULL,
    channel_fen bigint
)
""",
    """
CREATE TABLE difference (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_difference PRIMARY KEY,
    day date NOT NULL,
    kind text NOT NULL CONSTRAINT ck_difference_kind
        CHECK (kind IN ('missing_here', 'missing_there', 'amount', 'state', 'duplicate', 'balance')),
    business text NOT NULL CONSTRAINT ck_difference_business
        CHECK (business IN ('payment', 'refund', 'payout', 'balance')),
    number text COLLATE "C" NOT NULL,
    subject text COLLATE "C" NOT NULL,
    line_id bigint CONSTRAINT fk_difference_line_id_statement_line REFERENCES statement_line,
    ours_fen bigint,
    theirs_fen bigint,
    ours_state text NOT NULL,
    theirs_state text NOT NULL,
    state text NOT NULL CONSTRAINT ck_difference_state CHECK (state IN ('open', 'gone', 'resolved')),
    found_at timestamptz NOT NULL,
    owner text,
    owned_at timestamptz,
    note text NOT NULL,
    resolution text NOT NULL,
    resolved_by text,
    ended_at timestamptz,
    CONSTRAINT uq_difference_day_kind_business_number UNIQUE (day, kind, business, number),
    CONSTRAINT ck_difference_ended CHECK ((state = 'open') = (ended_at IS NULL)),
    CONSTRAINT ck_difference_resolved CHECK (
        (state = 'resolved') = (resolved_by IS NOT NULL) AND (state <> 'resolved' OR btrim(resolution) <> '')),
    CONSTRAINT ck_difference_owned CHECK ((owner IS NULL) = (owned_at IS NULL))
)
""",
)
INDEXES = (
    "CREATE UNIQUE INDEX uq_statement_file ON statement (account, sha256) WHERE state NOT IN ('failed', 'cancelled')",
    "CREATE INDEX ix_statement_account_first_on_last_on ON statement (account, first_on, last_on)",
    "CREATE INDEX ix_statement_state_id ON statement (state, id)",
    "CREATE INDEX ix_statement_line_at_id ON statement_line (at, id)",
    "CREATE INDEX ix_statement_line_number_business ON statement_line (number, business)",
    "CREATE INDEX ix_statement_line_reference ON statement_line (reference)",
    "CREATE INDEX ix_statement_line_account_at_n ON statement_line (account, at, n)",
    "CREATE INDEX ix_statement_line_statement_id_n ON statement_line (statement_id, n)",
    "CREATE INDEX ix_difference_state_id ON difference (state, id)",
    "CREATE INDEX ix_difference_number ON difference (number)",
)


def upgrade() -> None:
    for statement in (*TABLES, *INDEXES):
        op.execute(statement)
    guards.audited("statement", ignore=("lines_read",))
    guards.audited("reckoning")
    guards.audited_in_bulk("statement_draft", key=("statement_id", "n"))
    guards.audited_in_bulk("difference")
    guards.append_only("statement_line")


def downgrade() -> None:
    for table in ("difference", "reckoning", "statement_line", "statement_draft", "statement"):
        op.execute(f"DROP TABLE {table}")
