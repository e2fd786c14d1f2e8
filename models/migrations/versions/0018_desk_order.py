"""What the desk of orders keeps."""

revision = "0018_desk_order"
down_revision = "0017_desk_money"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
