"""Saved views and exports."""

revision = "0005_view"
down_revision = "0004_importing"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
