"""Withdrawals of a month by their state, from an index alone."""

from alembic import op

revision = "0041_withdrawn"
down_revision = "0040_bulk"


def upgrade() -> None:
    op.execute("CREATE INDEX ix_withdrawal_month_state ON withdrawal (month, state) INCLUDE (amount_fen)")


def downgrade() -> None:
    op.execute("DROP INDEX ix_withdrawal_month_state")
