"""What the boards ask of own orders: the sums of a day from an index alone, the orders of a category."""

from alembic import op

revision = "0036_board"
down_revision = "0035_forget"


def upgrade() -> None:
    op.execute("DROP INDEX ix_shop_order_paid_at_id")
    op.execute("CREATE INDEX ix_shop_order_paid_at_id ON shop_order (paid_at, id) INCLUDE (paid_fen, refunded_fen)")
    op.execute("CREATE INDEX ix_order_line_category_order_id ON order_line (category, order_id)")


def downgrade() -> None:
    op.execute("DROP INDEX ix_order_line_category_order_id")
    op.execute("DROP INDEX ix_shop_order_paid_at_id")
    op.execute("CREATE INDEX ix_shop_order_paid_at_id ON shop_order (paid_at, id)")
