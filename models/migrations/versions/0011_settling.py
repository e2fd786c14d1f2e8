"""Settlement, set by set: one engine for an order and for an evening's hundred thousand."""

from alembic import op

from models.migrations import booking, ripening, settling

revision = "0011_settling"
down_revision = "0010_approval"


def upgrade() -> None:
    for statement in (
        *booking.TYPES,
        settling.TYPE,
        *booking.FUNCTIONS,
        *settling.FUNCTIONS,
        *ripening.FUNCTIONS,
    ):
        op.execute(statement)


def downgrade() -> None:
    for name in (*ripening.NAMES, *settling.NAMES, *booking.NAMES):
        op.execute(f"DROP FUNCTION {name}")
    for name in ("settled", "drafted", "drafted_leg"):
        op.execute(f"DROP TYPE {name}")
