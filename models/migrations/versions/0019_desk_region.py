"""How an agency comes about and what is kept of its deposit: application, contract, agreed deduction."""

from alembic import op

revision = "0019_desk_region"
down_revision = "0018_desk_order"

COLUMNS = (
    "applied_at timestamptz",
    "contract text",
    "signed_at timestamptz",
    "agreed_fen bigint NOT NULL DEFAULT 0",
)
CHECKS = {
    "signed": "(contract IS NULL) = (signed_at IS NULL)",
    "agreed": "agreed_fen BETWEEN 0 AND deposit_fen",
    "begun": "state <> 'active' OR begins_at IS NOT NULL",
}


def upgrade() -> None:
    for column in COLUMNS:
        op.execute(f"ALTER TABLE region_agent ADD COLUMN {column}")
    op.execute("ALTER TABLE region_agent ALTER COLUMN agreed_fen DROP DEFAULT")
    for name, check in CHECKS.items():
        op.execute(f"ALTER TABLE region_agent ADD CONSTRAINT ck_region_agent_{name} CHECK ({check})")
    op.execute(
        "CREATE UNIQUE INDEX uq_region_agent_applied ON region_agent (region_code, member_id) WHERE state = 'applied'"
    )
    op.execute("CREATE INDEX ix_region_agent_ends_at ON region_agent (ends_at) WHERE state = 'active'")
    op.execute("CREATE INDEX ix_share_region ON share (member_id, order_id) WHERE kind = 'region'")


def downgrade() -> None:
    op.execute("DROP INDEX ix_share_region")
    op.execute("DROP INDEX ix_region_agent_ends_at")
    op.execute("DROP INDEX uq_region_agent_applied")
    for name in CHECKS:
        op.execute(f"ALTER TABLE region_agent DROP CONSTRAINT ck_region_agent_{name}")
    for column in COLUMNS:
        op.execute(f"ALTER TABLE region_agent DROP COLUMN {column.partition(' ')[0]}")
