"""Settlement, set by set."""

revision = "0011_settling"
down_revision = "0010_approval"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
