"""What a member earned, asked for as a file."""

from alembic import op

from models.migrations import guards

revision = "0033_earning"
down_revision = "0032_case_urgency"

TABLE = """
CREATE TABLE earning_export (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_earning_export PRIMARY KEY,
    member_id bigint NOT NULL CONSTRAINT fk_earning_export_member_id_member REFERENCES member,
    kind text CONSTRAINT ck_earning_export_kind CHECK (kind IN ('level', 'region', 'seed', 'dividend')),
    since timestamptz,
    until timestamptz,
    job_id bigint CONSTRAINT fk_earning_export_job_id_job REFERENCES job (id) ON DELETE SET NULL,
    rows bigint NOT NULL DEFAULT 0,
    bytes bigint NOT NULL DEFAULT 0,
    file text,
    created_at timestamptz NOT NULL,
    ready_at timestamptz,
    expires_at timestamptz,
    removed_at timestamptz,
    CONSTRAINT ck_earning_export_span CHECK (since < until),
    CONSTRAINT ck_earning_export_counts CHECK (rows >= 0 AND bytes >= 0),
    CONSTRAINT ck_earning_export_ready
        CHECK ((ready_at IS NULL) = (file IS NULL) AND (ready_at IS NULL) = (expires_at IS NULL))
)
"""
INDEXES = (
    "CREATE INDEX ix_earning_export_member_id_id ON earning_export (member_id, id)",
    "CREATE INDEX ix_earning_export_kept ON earning_export (expires_at)"
    " WHERE ready_at IS NOT NULL AND removed_at IS NULL",
)


def upgrade() -> None:
    for statement in (TABLE, *INDEXES):
        op.execute(statement)
    guards.audited("earning_export")


def downgrade() -> None:
    op.execute("DROP TABLE earning_export")
