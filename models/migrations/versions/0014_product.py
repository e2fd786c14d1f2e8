"""Products, and where they are listed."""

revision = "0014_product"
down_revision = "0013_batch"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
