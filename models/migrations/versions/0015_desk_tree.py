"""What the desks of matrices and the tree keep."""

revision = "0015_desk_tree"
down_revision = "0014_product"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
