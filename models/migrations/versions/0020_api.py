"""Who signs in to the mini-program, with which sessions, and the answers that repeated requests get again."""

from alembic import op

from models.migrations import guards

revision = "0020_api"
down_revision = "0019_desk_region"

TABLES = (
    """
CREATE TABLE member_identity (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_member_identity PRIMARY KEY,
    openid text COLLATE "C" CONSTRAINT uq_member_identity_openid UNIQUE
        CONSTRAINT ck_member_identity_openid CHECK (openid ~ '^[0-9A-Za-z_-]{6,64}$'),
    member_id bigint CONSTRAINT uq_member_identity_member_id UNIQUE
        CONSTRAINT fk_member_identity_member_id_member REFERENCES member,
    made_at timestamptz NOT NULL,
    agreement_id bigint CONSTRAINT fk_member_identity_agreement_id_agreement REFERENCES agreement,
    accepted_at timestamptz,
    accepted_ip text,
    accepted_agent text,
    ended_at timestamptz,
    CONSTRAINT ck_member_identity_ended CHECK ((openid IS NULL) = (ended_at IS NOT NULL)),
    CONSTRAINT ck_member_identity_accepted
        CHECK (num_nulls(agreement_id, accepted_at, accepted_ip, accepted_agent) IN (0, 4))
)
""",
    """
CREATE TABLE member_session (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_member_session PRIMARY KEY,
    identity_id bigint NOT NULL CONSTRAINT fk_member_session_identity_id_member_identity REFERENCES member_identity,
    code_digest text NOT NULL CONSTRAINT uq_member_session_code_digest UNIQUE,
    opened_at timestamptz NOT NULL,
    refreshed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    generation bigint NOT NULL CONSTRAINT ck_member_session_generation CHECK (generation > 0),
    ip text NOT NULL,
    user_agent text NOT NULL,
    ended_at timestamptz,
    why text CONSTRAINT ck_member_session_why CHECK (why IN ('signed_out', 'reused', 'cancelled')),
    CONSTRAINT ck_member_session_ended CHECK ((ended_at IS NULL) = (why IS NULL))
)
""",
    """
CREATE TABLE kept_answer (
    identity_id bigint NOT NULL CONSTRAINT fk_kept_answer_identity_id_member_identity REFERENCES member_identity,
    key text COLLATE "C" NOT NULL CONSTRAINT ck_kept_answer_key CHECK (length(key) BETWEEN 8 AND 128),
    digest bytea NOT NULL CONSTRAINT ck_kept_answer_digest CHECK (octet_length(digest) = 32),
    status smallint NOT NULL,
    body bytea NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_kept_answer PRIMARY KEY (identity_id, key)
)
""",
)
INDEXES = (
    "CREATE INDEX ix_member_session_identity_id_id ON member_session (identity_id, id)",
    "CREATE INDEX ix_kept_answer_at ON kept_answer (at)",
)


def upgrade() -> None:
    for statement in (*TABLES, *INDEXES):
        op.execute(statement)
    guards.audited("member_identity", redact=("openid", "accepted_ip", "accepted_agent"))
    guards.audited("member_session", redact=("code_digest", "ip", "user_agent"))


def downgrade() -> None:
    for table in ("kept_answer", "member_session", "member_identity"):
        op.execute(f"DROP TABLE {table}")
