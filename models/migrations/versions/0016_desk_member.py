"""What the desk of members keeps."""

revision = "0016_desk_member"
down_revision = "0015_desk_tree"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
