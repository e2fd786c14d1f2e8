"""Batches over a list, and what each row came to."""

from alembic import op

from models.migrations import guards

revision = "0013_batch"
down_revision = "0012_seating"

BATCH = """
CREATE TABLE batch (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_batch PRIMARY KEY,
    page text NOT NULL,
    title text NOT NULL,
    operation text NOT NULL,
    permission text NOT NULL,
    query text NOT NULL,
    is_filter boolean NOT NULL,
    reason text NOT NULL CONSTRAINT ck_batch_reason CHECK (btrim(reason) <> ''),
    rows bigint NOT NULL CONSTRAINT ck_batch_rows CHECK (rows > 0),
    amount_fen bigint,
    made_by text NOT NULL,
    staff_id bigint NOT NULL CONSTRAINT fk_batch_staff_id_staff REFERENCES staff,
    made_at timestamptz NOT NULL,
    job_id bigint CONSTRAINT fk_batch_job_id_job REFERENCES job,
    ended_at timestamptz
)
"""

ROW = """
CREATE TABLE batch_row (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_batch_row PRIMARY KEY,
    batch_id bigint NOT NULL CONSTRAINT fk_batch_row_batch_id_batch REFERENCES batch,
    row_id bigint NOT NULL,
    amount_fen bigint,
    outcome text NOT NULL DEFAULT 'waiting' CONSTRAINT ck_batch_row_outcome
        CHECK (outcome IN ('waiting', 'done', 'refused', 'cancelled')),
    result text NOT NULL DEFAULT '',
    ended_at timestamptz,
    CONSTRAINT ck_batch_row_ended CHECK ((outcome = 'waiting') = (ended_at IS NULL)),
    CONSTRAINT uq_batch_row_batch_id_row_id UNIQUE (batch_id, row_id)
)
"""

INDEXES = (
    "CREATE INDEX ix_batch_made_by_id ON batch (made_by, id)",
    "CREATE INDEX ix_batch_row_batch_id_outcome_id ON batch_row (batch_id, outcome, id)",
)

# A row that has its result keeps it: whoever would do it again, after a crash or by mistake, is stopped here.
ONCE = (
    """
CREATE FUNCTION batch_row_once() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    RAISE EXCEPTION 'batch row % has its result', OLD.id USING ERRCODE = 'integrity_constraint_violation';
END $$
""",
    """
CREATE TRIGGER once_batch_row BEFORE UPDATE ON batch_row FOR EACH ROW
WHEN (OLD.outcome <> 'waiting' OR (OLD.batch_id, OLD.row_id) IS DISTINCT FROM (NEW.batch_id, NEW.row_id))
EXECUTE FUNCTION batch_row_once()
""",
)


def upgrade() -> None:
    for statement in (BATCH, ROW, *INDEXES, *ONCE):
        op.execute(statement)
    guards.audited("batch")
    guards.audited_in_bulk("batch_row")


def downgrade() -> None:
    for statement in ("DROP TABLE batch_row", "DROP TABLE batch", "DROP FUNCTION batch_row_once()"):
        op.execute(statement)
