"""Cases in the order of their clocks: by when they want to be done, paused ones behind, closed ones last."""

from alembic import op

revision = "0032_case_urgency"
down_revision = "0031_binding"

URGENCY = """
CREATE FUNCTION case_urgency(closed_at timestamptz, paused_at timestamptz, due_at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT CASE WHEN closed_at IS NOT NULL THEN timestamptz '9999-01-01 00:00:00+00'
        WHEN paused_at IS NOT NULL THEN timestamptz '9998-01-01 00:00:00+00' ELSE due_at END
$$
"""
CALLED = "case_urgency(closed_at, paused_at, due_at)"


def upgrade() -> None:
    op.execute(URGENCY)
    op.execute(f"CREATE INDEX ix_review_case_urgency ON review_case ({CALLED}, id)")
    op.execute(f"CREATE INDEX ix_review_case_queue_urgency ON review_case (queue, {CALLED}, id)")


def downgrade() -> None:
    op.execute("DROP INDEX ix_review_case_queue_urgency")
    op.execute("DROP INDEX ix_review_case_urgency")
    op.execute("DROP FUNCTION case_urgency(timestamptz, timestamptz, timestamptz)")
