"""A waybill written down wrongly is corrected: what it was before is kept, and WeChat is told of it."""

from alembic import op

revision = "0039_waybill"
down_revision = "0038_turnover"

KINDS = "'case_accept', 'case_refund', 'case_reject', 'parcel', 'shipping'"


def upgrade() -> None:
    op.execute("ALTER TABLE parcel ADD COLUMN formerly text[] NOT NULL DEFAULT '{}'")
    op.execute("ALTER TABLE parcel ALTER COLUMN formerly DROP DEFAULT")
    _kinds(f"{KINDS}, 'waybill'")


def downgrade() -> None:
    _kinds(KINDS)
    op.execute("ALTER TABLE parcel DROP COLUMN formerly")


def _kinds(kinds: str) -> None:
    op.execute("ALTER TABLE errand DROP CONSTRAINT ck_errand_kind")
    op.execute(f"ALTER TABLE errand ADD CONSTRAINT ck_errand_kind CHECK (kind IN ({kinds}))")
