"""The weekly flow: plans that name stand-ins for broken nodes, and who stands in now."""

from alembic import op

from models.migrations import guards

revision = "0015_desk_tree"
down_revision = "0014_product"

TABLES = (
    """
CREATE TABLE flow_plan (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_flow_plan PRIMARY KEY,
    matrix_id bigint NOT NULL CONSTRAINT fk_flow_plan_matrix_id_matrix REFERENCES matrix,
    state text NOT NULL CONSTRAINT ck_flow_plan_state CHECK (state IN ('planned', 'applied', 'undone', 'dropped')),
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    applied_at timestamptz,
    undone_at timestamptz,
    top_before_bps bigint NOT NULL,
    top_after_bps bigint NOT NULL,
    CONSTRAINT ck_flow_plan_applied CHECK ((state IN ('applied', 'undone')) = (applied_at IS NOT NULL)),
    CONSTRAINT ck_flow_plan_undone CHECK ((state = 'undone') = (undone_at IS NOT NULL)),
    CONSTRAINT ck_flow_plan_shares CHECK (top_before_bps BETWEEN 0 AND 10000 AND top_after_bps BETWEEN 0 AND 10000)
)
""",
    """
CREATE TABLE flow_line (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_flow_line PRIMARY KEY,
    plan_id bigint NOT NULL CONSTRAINT fk_flow_line_plan_id_flow_plan REFERENCES flow_plan,
    gap_id bigint NOT NULL CONSTRAINT fk_flow_line_gap_id_member REFERENCES member,
    stand_in_id bigint NOT NULL CONSTRAINT fk_flow_line_stand_in_id_member REFERENCES member,
    why text NOT NULL CONSTRAINT ck_flow_line_why CHECK (why IN ('exited', 'closed')),
    distance bigint NOT NULL,
    sales bigint NOT NULL,
    effect_fen bigint NOT NULL,
    is_active boolean NOT NULL,
    CONSTRAINT ck_flow_line_figures CHECK (distance > 0 AND sales > 0 AND effect_fen >= 0),
    CONSTRAINT ck_flow_line_other CHECK (gap_id <> stand_in_id)
)
""",
)
INDEXES = (
    "CREATE UNIQUE INDEX uq_flow_plan_open ON flow_plan (matrix_id) WHERE state = 'planned'",
    "CREATE INDEX ix_flow_line_plan_id ON flow_line (plan_id)",
    "CREATE UNIQUE INDEX uq_flow_line_gap ON flow_line (gap_id) WHERE is_active",
    "CREATE UNIQUE INDEX uq_flow_line_stand_in ON flow_line (stand_in_id) WHERE is_active",
)


def upgrade() -> None:
    for statement in (*TABLES, *INDEXES):
        op.execute(statement)
    for table in ("flow_plan", "flow_line"):
        guards.audited(table)


def downgrade() -> None:
    for table in ("flow_line", "flow_plan"):
        op.execute(f"DROP TABLE {table}")
