"""Sessions of the mini-program that staff ended."""

from alembic import op

revision = "0034_client"
down_revision = "0033_earning"

CHECK = "ck_member_session_why"
WHYS = "'signed_out', 'reused', 'cancelled'"


def _allow(whys: str) -> None:
    op.execute(f"ALTER TABLE member_session DROP CONSTRAINT {CHECK}")
    op.execute(f"ALTER TABLE member_session ADD CONSTRAINT {CHECK} CHECK (why IN ({whys}))")


def upgrade() -> None:
    _allow(f"{WHYS}, 'by_staff'")


def downgrade() -> None:
    op.execute("ALTER TABLE member_session DISABLE TRIGGER USER")
    op.execute("UPDATE member_session SET why = 'signed_out' WHERE why = 'by_staff'")
    op.execute("ALTER TABLE member_session ENABLE TRIGGER USER")
    _allow(WHYS)
