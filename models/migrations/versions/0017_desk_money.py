"""What the desk of money keeps."""

revision = "0017_desk_money"
down_revision = "0016_desk_member"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
