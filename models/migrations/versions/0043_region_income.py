"""Region shares in the order of their orders: a list of them is walked without sorting."""

from alembic import op

revision = "0043_region_income"
down_revision = "0042_alert_rule"


def upgrade() -> None:
    op.execute("CREATE INDEX ix_share_region_order ON share (order_id, n) WHERE kind = 'region'")


def downgrade() -> None:
    op.execute("DROP INDEX ix_share_region_order")
