"""What the desks of regions and policy keep."""

revision = "0019_desk_region"
down_revision = "0018_desk_order"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
