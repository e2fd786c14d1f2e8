"""Merchants, shops, regions, imports and the history they bring."""

revision = "0004_importing"
down_revision = "0003_job"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
