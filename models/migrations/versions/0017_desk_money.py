"""What the desk of money keeps: a kill-switch for each money job, and the indexes of its lists."""

from alembic import op

from models.migrations import guards

revision = "0017_desk_money"
down_revision = "0016_desk_member"

SWITCH = """
CREATE TABLE money_switch (
    job text CONSTRAINT pk_money_switch PRIMARY KEY
        CONSTRAINT ck_money_switch_job CHECK (job IN ('settle', 'mature', 'dividend', 'transfer')),
    is_off boolean NOT NULL,
    reason text NOT NULL,
    off_at timestamptz,
    off_by text,
    asked_by text,
    on_at timestamptz,
    on_by text,
    CONSTRAINT ck_money_switch_two_people CHECK (on_by <> asked_by),
    CONSTRAINT ck_money_switch_off CHECK (
        CASE WHEN is_off THEN off_at IS NOT NULL AND off_by IS NOT NULL AND on_by IS NULL AND btrim(reason) <> ''
        ELSE off_at IS NULL OR (on_at IS NOT NULL AND on_by IS NOT NULL AND asked_by IS NOT NULL) END)
)
"""

ROWS = """
INSERT INTO money_switch (job, is_off, reason)
SELECT job, false, '' FROM unnest(ARRAY['settle', 'mature', 'dividend', 'transfer']) AS job
"""

# The legs of one posting lie in one place: narrow ranges make finding them a matter of a few blocks.
INDEXES = (
    "DROP INDEX ix_leg_posting_id",
    "CREATE INDEX ix_leg_posting_id ON leg USING brin (posting_id) WITH (pages_per_range = 8)",
    "CREATE INDEX ix_account_hot ON account (id) WHERE is_hot",
    "CREATE INDEX ix_withdrawal_requested_at ON withdrawal (requested_at)",
    "CREATE INDEX ix_account_bucket_id ON account (bucket, id)",
    "CREATE INDEX ix_withdrawal_month_id ON withdrawal (month, id)",
    "CREATE INDEX ix_posting_rare ON posting (kind, id) WHERE kind NOT IN ('pay', 'settle', 'mature')",
)

UNDONE = (
    "DROP INDEX ix_posting_rare",
    "DROP INDEX ix_withdrawal_month_id",
    "DROP INDEX ix_account_bucket_id",
    "DROP INDEX ix_withdrawal_requested_at",
    "DROP INDEX ix_account_hot",
    "DROP INDEX ix_leg_posting_id",
    "CREATE INDEX ix_leg_posting_id ON leg USING brin (posting_id)",
    "DROP TABLE money_switch",
)


def upgrade() -> None:
    for statement in (SWITCH, ROWS, *INDEXES):
        op.execute(statement)
    guards.audited("money_switch")


def downgrade() -> None:
    for statement in UNDONE:
        op.execute(statement)
