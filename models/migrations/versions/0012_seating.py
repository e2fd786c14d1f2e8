"""Registration and placement, set by set."""

revision = "0012_seating"
down_revision = "0011_settling"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
