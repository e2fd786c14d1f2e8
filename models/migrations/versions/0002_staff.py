"""Staff, their sessions, their one-time links, and the counters against guessing."""

from alembic import op

from models.migrations import guards

revision = "0002_staff"
down_revision = "0001_audit"

STAFF = """
CREATE TABLE staff (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_staff PRIMARY KEY,
    code text NOT NULL CONSTRAINT uq_staff_code UNIQUE
        CONSTRAINT ck_staff_code CHECK (code ~ '^[a-z0-9][a-z0-9._-]{1,31}$'),
    name text NOT NULL,
    roles text[] NOT NULL CONSTRAINT ck_staff_roles CHECK (cardinality(roles) > 0 AND roles <@ ARRAY[
        'admin', 'operator', 'finance', 'reviewer', 'compliance', 'support', 'auditor', 'merchant']),
    merchant_id bigint,
    state text NOT NULL DEFAULT 'active' CONSTRAINT ck_staff_state CHECK (state IN ('active', 'disabled')),
    password_hash text,
    totp_secret text,
    totp_last_step bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT ck_staff_merchant CHECK ((roles = ARRAY['merchant']) = (merchant_id IS NOT NULL)),
    CONSTRAINT ck_staff_both_factors CHECK ((password_hash IS NULL) = (totp_secret IS NULL))
)
"""

SESSION = """
CREATE TABLE staff_session (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_staff_session PRIMARY KEY,
    staff_id bigint NOT NULL CONSTRAINT fk_staff_session_staff_id_staff REFERENCES staff (id),
    token_hash text NOT NULL CONSTRAINT uq_staff_session_token_hash UNIQUE,
    created_at timestamptz NOT NULL,
    last_seen_at timestamptz NOT NULL,
    authenticated_at timestamptz NOT NULL,
    ip text NOT NULL,
    user_agent text NOT NULL,
    ended_at timestamptz,
    ended_why text
)
"""

LINK = """
CREATE TABLE staff_link (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_staff_link PRIMARY KEY,
    kind text NOT NULL CONSTRAINT ck_staff_link_kind
        CHECK (kind IN ('bootstrap', 'welcome', 'authenticator', 'demo')),
    staff_id bigint CONSTRAINT fk_staff_link_staff_id_staff REFERENCES staff (id),
    token_hash text NOT NULL CONSTRAINT uq_staff_link_token_hash UNIQUE,
    totp_secret text NOT NULL,
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    CONSTRAINT ck_staff_link_staff CHECK ((kind = 'bootstrap') = (staff_id IS NULL))
)
"""

ATTEMPT = """
CREATE TABLE attempt (
    key text CONSTRAINT pk_attempt PRIMARY KEY,
    hits timestamptz[] NOT NULL,
    last_at timestamptz NOT NULL
)
"""


def upgrade() -> None:
    for table in (STAFF, SESSION, LINK, ATTEMPT):
        op.execute(table)
    op.execute("CREATE INDEX ix_staff_session_staff_id_id ON staff_session (staff_id, id)")
    op.execute("CREATE INDEX ix_staff_link_staff_id ON staff_link (staff_id)")
    op.execute("CREATE INDEX ix_attempt_last_at ON attempt (last_at)")
    guards.audited("staff", redact=("password_hash", "totp_secret"), ignore=("totp_last_step", "updated_at"))
    guards.audited("staff_session", redact=("token_hash",), ignore=("last_seen_at",))
    guards.audited("staff_link", redact=("token_hash", "totp_secret"))


def downgrade() -> None:
    for table in ("attempt", "staff_link", "staff_session", "staff"):
        op.execute(f"DROP TABLE {table}")
