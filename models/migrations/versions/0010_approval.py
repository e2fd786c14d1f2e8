"""What waits for a second person."""

from alembic import op

from models.migrations import guards

revision = "0010_approval"
down_revision = "0009_after_sale"

APPROVAL = """
CREATE TABLE approval (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_approval PRIMARY KEY,
    kind text NOT NULL CONSTRAINT ck_approval_kind CHECK (kind IN ('seat.move', 'ledger.adjust')),
    payload jsonb NOT NULL,
    digest bytea NOT NULL CONSTRAINT ck_approval_digest CHECK (octet_length(digest) = 32),
    reason text NOT NULL CONSTRAINT ck_approval_reason CHECK (btrim(reason) <> ''),
    state text NOT NULL CONSTRAINT ck_approval_state
        CHECK (state IN ('open', 'approved', 'refused', 'withdrawn', 'expired')),
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    expires_at timestamptz NOT NULL,
    ended_at timestamptz,
    decided_by text,
    note text NOT NULL,
    CONSTRAINT ck_approval_two_people CHECK (decided_by <> made_by),
    CONSTRAINT ck_approval_decided CHECK ((state IN ('approved', 'refused')) = (decided_by IS NOT NULL)),
    CONSTRAINT ck_approval_ended CHECK ((state = 'open') = (ended_at IS NULL)),
    CONSTRAINT ck_approval_in_time CHECK (state <> 'approved' OR ended_at < expires_at)
)
"""

INDEXES = (
    "CREATE UNIQUE INDEX uq_approval_open ON approval (kind, digest) WHERE state = 'open'",
    "CREATE INDEX ix_approval_state_id ON approval (state, id)",
)


def upgrade() -> None:
    for statement in (APPROVAL, *INDEXES):
        op.execute(statement)
    guards.audited("approval")


def downgrade() -> None:
    op.execute("DROP TABLE approval")
