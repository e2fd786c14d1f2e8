"""What waits for a second person."""

from alembic import op

from models.migrations import guards

revision = "0010_approval"
down_revision = "0009_after_sale"

APPROVAL = """
CREATE TABLE approval (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_approval PRIMARY KEY,
    kind text NOT NULL CONSTRAINT ck_approval_kind CHECK (kind ~ '^[a-z_]+\\.[a-z_]+$'),
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

# Whoever could rewrite the maker or the payload could approve their own request, or something nobody saw.
HOLD = (
    """
CREATE FUNCTION approval_hold() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'approval %: what was asked for never changes', OLD.id
        USING ERRCODE = 'integrity_constraint_violation';
END $$
""",
    """
CREATE TRIGGER hold_approval BEFORE UPDATE ON approval FOR EACH ROW
WHEN ((OLD.kind, OLD.payload, OLD.digest, OLD.reason, OLD.made_at, OLD.made_by, OLD.expires_at)
    IS DISTINCT FROM (NEW.kind, NEW.payload, NEW.digest, NEW.reason, NEW.made_at, NEW.made_by, NEW.expires_at)
    OR (OLD.state <> 'open' AND OLD.state <> NEW.state))
EXECUTE FUNCTION approval_hold()
""",
)

SET_ASIDE = """
CREATE TABLE set_aside (
    id bigint GENERATED ALWAYS AS IDENTITY,
    kind smallint NOT NULL,
    subject bigint NOT NULL,
    due_at timestamptz NOT NULL,
    failures bigint NOT NULL,
    error text NOT NULL,
    first_at timestamptz NOT NULL,
    try_at timestamptz NOT NULL,
    CONSTRAINT pk_set_aside PRIMARY KEY (id),
    CONSTRAINT uq_set_aside_kind_subject UNIQUE (kind, subject),
    CONSTRAINT ck_set_aside_kind CHECK (kind BETWEEN 0 AND 3),
    CONSTRAINT ck_set_aside_failures CHECK (failures > 0),
    CONSTRAINT ck_set_aside_error CHECK (btrim(error) <> '')
)
"""


def upgrade() -> None:
    for statement in (APPROVAL, *INDEXES, *HOLD, SET_ASIDE):
        op.execute(statement)
    guards.audited("approval")
    guards.audited("set_aside")


def downgrade() -> None:
    op.execute("DROP TABLE set_aside")
    op.execute("DROP TABLE approval")
    op.execute("DROP FUNCTION approval_hold()")
