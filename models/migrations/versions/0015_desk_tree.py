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

# rules.flow.diverted: who receives each level share of an order, and where it lies, once stand-ins stand in. ``facts``
# names for each gap who received as that node.
STOOD = (
    "CREATE TYPE stood AS (ids bigint[], codes text[], places text[], facts jsonb)",
    """
CREATE FUNCTION flow_stood(owners bigint[], places text[], fens bigint[], levels int[], is_held boolean,
    is_fraud boolean)
RETURNS stood LANGUAGE sql STABLE AS $$
    WITH node AS (
        SELECT u.*, g.code AS gap, s.id AS stand_in, s.code,
               CASE WHEN s.id IS NOT NULL THEN share_lies(s, u.level, is_held, is_fraud) END AS lies
        FROM unnest(owners, places, fens, levels) WITH ORDINALITY AS u (owner, place, fen, level, n)
        LEFT JOIN member g ON g.id = u.owner
        LEFT JOIN flow_line l ON l.gap_id = u.owner AND l.is_active AND u.place IN ('exited', 'closed')
        LEFT JOIN member s ON s.id = l.stand_in_id),
    moved AS (
        SELECT node.*, coalesce(lies IN ('pending', 'locked', 'frozen', 'held'), false) AS is_moved FROM node),
    earned AS (
        SELECT moved.*, CASE WHEN is_moved THEN stand_in
            WHEN place IN ('pending', 'locked', 'frozen', 'held') THEN owner END AS earner FROM moved),
    best AS (
        SELECT earned.*, earner IS NULL OR row_number() OVER (PARTITION BY earner ORDER BY fen DESC, n) = 1 AS is_kept
        FROM earned)
    SELECT array_agg(CASE WHEN is_moved AND is_kept THEN stand_in ELSE owner END ORDER BY n),
        array_agg(CASE WHEN is_moved AND is_kept THEN code ELSE gap END ORDER BY n),
        array_agg(CASE WHEN is_moved AND is_kept THEN lies WHEN is_moved OR is_kept THEN place
            ELSE (SELECT b.place FROM node b WHERE b.place IN ('exited', 'closed') ORDER BY b.n LIMIT 1) END
            ORDER BY n),
        jsonb_strip_nulls(jsonb_build_object('stand_ins',
            jsonb_object_agg(gap, code) FILTER (WHERE is_moved AND is_kept AND fen > 0)))
    FROM best
$$
""",
)


def upgrade() -> None:
    for statement in (*TABLES, *INDEXES, *STOOD):
        op.execute(statement)
    for table in ("flow_plan", "flow_line"):
        guards.audited(table)


def downgrade() -> None:
    op.execute("DROP FUNCTION flow_stood(bigint[], text[], bigint[], int[], boolean, boolean)")
    op.execute("DROP TYPE stood")
    for table in ("flow_line", "flow_plan"):
        op.execute(f"DROP TABLE {table}")
