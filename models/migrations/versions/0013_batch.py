"""Batches over a list, and what each row came to."""

revision = "0013_batch"
down_revision = "0012_seating"


def upgrade() -> None:
    """Nothing yet."""


def downgrade() -> None:
    """Nothing yet."""
