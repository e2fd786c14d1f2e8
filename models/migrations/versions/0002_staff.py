"""Staff, their sessions and tokens."""

revision = "0002_staff"
down_revision = "0001_audit"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
