"""Showcases as their owners name them, checked by somebody before they count."""

from alembic import op

from models.migrations import guards

revision = "0031_binding"
down_revision = "0030_errand"

TABLE = """
CREATE TABLE binding (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_binding PRIMARY KEY,
    member_id bigint NOT NULL CONSTRAINT fk_binding_member_id_member REFERENCES member,
    account text COLLATE "C" NOT NULL CONSTRAINT ck_binding_account
        CHECK (account ~ '^sph[A-Za-z0-9_-]{1,61}$'),
    state text NOT NULL CONSTRAINT ck_binding_state
        CHECK (state IN ('waiting', 'bound', 'refused', 'withdrawn')),
    words text NOT NULL,
    asked_at timestamptz NOT NULL,
    ended_at timestamptz,
    decided_by text,
    CONSTRAINT ck_binding_ended CHECK ((state = 'waiting') = (ended_at IS NULL)),
    CONSTRAINT ck_binding_words CHECK ((state = 'refused') = (words <> ''))
)
"""
INDEXES = (
    "CREATE UNIQUE INDEX uq_binding_waiting ON binding (member_id) WHERE state = 'waiting'",
    "CREATE INDEX ix_binding_member_id_id ON binding (member_id, id)",
    "CREATE INDEX ix_binding_state_id ON binding (state, id)",
)
KINDS = (
    "'registered', 'lapsed', 'qualified', 'unlocked', 'passed', 'failed', 'frozen', 'exited', 'revived', 'ranked',"
    " 'unranked', 'closed', 'reopened', 'seed', 'strike', 'reminded'"
)


def _allow(kinds: str) -> None:
    op.execute("ALTER TABLE standing_change DROP CONSTRAINT ck_standing_change_kind")
    op.execute(f"ALTER TABLE standing_change ADD CONSTRAINT ck_standing_change_kind CHECK (kind IN ({kinds}))")


def upgrade() -> None:
    op.execute(TABLE)
    for statement in INDEXES:
        op.execute(statement)
    guards.audited("binding", redact=("account",))
    _allow(f"{KINDS}, 'stated', 'bound', 'refused'")


def downgrade() -> None:
    op.execute("DROP TABLE binding")
    op.execute("ALTER TABLE standing_change DISABLE TRIGGER USER")
    op.execute("DELETE FROM standing_change WHERE kind IN ('stated', 'bound', 'refused')")
    op.execute("ALTER TABLE standing_change ENABLE TRIGGER USER")
    _allow(KINDS)
