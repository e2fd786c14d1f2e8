"""Saved views, exports, and the pieces of a text that a search inside it needs."""

from alembic import op

from models.migrations import guards

revision = "0005_view"
down_revision = "0004_importing"

# Every piece of one and of two characters of a text, lower case, blanks left out: an index of them finds 苹果 inside a
# name on any PostgreSQL without an extension.
NGRAM = r"""
CREATE FUNCTION ngram(source text) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(DISTINCT piece), '{}')
    FROM (SELECT lower(regexp_replace(source, '\s', '', 'g')) AS bare) AS t,
         generate_series(1, length(bare)) AS place,
         LATERAL (VALUES (substr(bare, place, 1)), (substr(bare, place, 2))) AS pieces (piece)
$$
"""

SAVED_VIEW = """
CREATE TABLE saved_view (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_saved_view PRIMARY KEY,
    staff_id bigint NOT NULL CONSTRAINT fk_saved_view_staff_id_staff REFERENCES staff (id),
    page text NOT NULL,
    name text NOT NULL CONSTRAINT ck_saved_view_name CHECK (length(name) BETWEEN 1 AND 40),
    query text NOT NULL CONSTRAINT ck_saved_view_query CHECK (length(query) <= 2000),
    is_shared boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL,
    CONSTRAINT uq_saved_view_staff_id_page_name UNIQUE (staff_id, page, name)
)
"""

EXPORT = """
CREATE TABLE export (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_export PRIMARY KEY,
    staff_id bigint NOT NULL CONSTRAINT fk_export_staff_id_staff REFERENCES staff (id),
    page text NOT NULL,
    title text NOT NULL,
    format text NOT NULL CONSTRAINT ck_export_format CHECK (format IN ('csv', 'xlsx')),
    query text NOT NULL CONSTRAINT ck_export_query CHECK (length(query) <= 2000),
    columns text[] NOT NULL CONSTRAINT ck_export_columns CHECK (cardinality(columns) > 0),
    is_masked boolean NOT NULL,
    language text NOT NULL,
    job_id bigint CONSTRAINT fk_export_job_id_job REFERENCES job (id) ON DELETE SET NULL,
    rows bigint NOT NULL DEFAULT 0,
    bytes bigint NOT NULL DEFAULT 0,
    file text,
    created_at timestamptz NOT NULL,
    ready_at timestamptz,
    expires_at timestamptz,
    removed_at timestamptz,
    CONSTRAINT ck_export_ready
        CHECK ((ready_at IS NULL) = (file IS NULL) AND (ready_at IS NULL) = (expires_at IS NULL))
)
"""

INDEXES = (
    "ix_saved_view_page_id ON saved_view (page, id)",
    "ix_export_staff_id_id ON export (staff_id, id)",
    "ix_export_kept ON export (expires_at) WHERE ready_at IS NOT NULL AND removed_at IS NULL",
)


def upgrade() -> None:
    for statement in (NGRAM, SAVED_VIEW, EXPORT):
        op.execute(statement)
    for index in INDEXES:
        op.execute(f"CREATE INDEX {index}")
    for table in ("saved_view", "export"):
        guards.audited(table)


def downgrade() -> None:
    for table in ("export", "saved_view"):
        op.execute(f"DROP TABLE {table}")
    op.execute("DROP FUNCTION ngram(text)")
