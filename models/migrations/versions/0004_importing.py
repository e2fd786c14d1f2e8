"""Merchants, shops, regions, imports and the history they bring."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from models.migrations import guards
from models.rules import region

revision = "0004_importing"
down_revision = "0003_job"

MERCHANT = """
CREATE TABLE merchant (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_merchant PRIMARY KEY,
    code text NOT NULL CONSTRAINT uq_merchant_code UNIQUE,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
)
"""

SHOP = """
CREATE TABLE shop (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_shop PRIMARY KEY,
    merchant_id bigint NOT NULL CONSTRAINT fk_shop_merchant_id_merchant REFERENCES merchant (id),
    name text NOT NULL,
    platform text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT uq_shop_merchant_id_name UNIQUE (merchant_id, name)
)
"""

REGION = """
CREATE TABLE region (
    code text COLLATE "C" CONSTRAINT pk_region PRIMARY KEY,
    name text NOT NULL,
    short_name text NOT NULL,
    level smallint NOT NULL CONSTRAINT ck_region_level CHECK (level BETWEEN 1 AND 3),
    parent_code text COLLATE "C"
        CONSTRAINT fk_region_parent_code_region REFERENCES region (code) DEFERRABLE INITIALLY DEFERRED
)
"""

LAYOUT = """
CREATE TABLE import_layout (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_import_layout PRIMARY KEY,
    name text NOT NULL CONSTRAINT uq_import_layout_name UNIQUE,
    layout jsonb NOT NULL,
    created_by text NOT NULL,
    updated_at timestamptz NOT NULL
)
"""

RUN = """
CREATE TABLE import_run (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_import_run PRIMARY KEY,
    shop_id bigint NOT NULL CONSTRAINT fk_import_run_shop_id_shop REFERENCES shop (id),
    state text NOT NULL CONSTRAINT ck_import_run_state CHECK (state IN ('uploaded', 'staging', 'staged', 'publishing',
        'done', 'failed', 'cancelled', 'undoing', 'undone')),
    file_name text NOT NULL,
    stored_name text NOT NULL CONSTRAINT uq_import_run_stored_name UNIQUE,
    sha256 text NOT NULL,
    size_bytes bigint NOT NULL,
    layout jsonb NOT NULL,
    layout_name text NOT NULL DEFAULT '',
    job_id bigint,
    failure text NOT NULL DEFAULT '',
    created_by text NOT NULL,
    created_at timestamptz NOT NULL,
    staged_at timestamptz,
    published_at timestamptz,
    undone_at timestamptz,
    header jsonb NOT NULL DEFAULT '[]',
    checkpoint bigint NOT NULL DEFAULT 0,
    rows_read bigint NOT NULL DEFAULT 0,
    rows_ready bigint NOT NULL DEFAULT 0,
    rows_refused bigint NOT NULL DEFAULT 0,
    rows_repaired bigint NOT NULL DEFAULT 0,
    rows_published bigint NOT NULL DEFAULT 0,
    orders bigint NOT NULL DEFAULT 0,
    pieces bigint NOT NULL DEFAULT 0,
    placed_fen bigint NOT NULL DEFAULT 0,
    paid_fen bigint NOT NULL DEFAULT 0,
    refund_fen bigint NOT NULL DEFAULT 0,
    first_on date,
    last_on date,
    findings jsonb NOT NULL DEFAULT '[]'
)
"""

ISSUE = """
CREATE TABLE import_issue (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_import_issue PRIMARY KEY,
    import_id bigint NOT NULL CONSTRAINT fk_import_issue_import_id_import_run REFERENCES import_run (id),
    row_number bigint NOT NULL,
    column_name text NOT NULL,
    value text NOT NULL,
    repaired text,
    kind text NOT NULL CONSTRAINT ck_import_issue_kind CHECK (kind IN ('refused', 'repaired', 'noted')),
    code text NOT NULL,
    reason text NOT NULL,
    other_import_id bigint CONSTRAINT fk_import_issue_other_import_id_import_run REFERENCES import_run (id)
)
"""

LINE = """
    row_number bigint NOT NULL,
    row_key text COLLATE "C" NOT NULL,
    order_number text COLLATE "C" NOT NULL,
    buyer text COLLATE "C",
    ordered_at timestamptz NOT NULL,
    paid_at timestamptz,
    ordered_on date NOT NULL,
    paid_on date,
    region_code text COLLATE "C",
    province_code text COLLATE "C",
    city_code text COLLATE "C",
    region_text text,
    sales_region text,
    product_code text,
    product_name text,
    category text,
    category_group text,
    quantity bigint,
    unit_price_fen bigint,
    placed_fen bigint NOT NULL,
    paid_fen bigint NOT NULL,
    refund_fen bigint NOT NULL
"""

HISTORY = f"""
CREATE TABLE history_line (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_history_line PRIMARY KEY,
    import_id bigint NOT NULL CONSTRAINT fk_history_line_import_id_import_run REFERENCES import_run (id),
    shop_id bigint NOT NULL CONSTRAINT fk_history_line_shop_id_shop REFERENCES shop (id),
    {LINE},
    CONSTRAINT uq_history_line_shop_id_row_key UNIQUE (shop_id, row_key),
    CONSTRAINT ck_history_line_refund CHECK (refund_fen BETWEEN 0 AND paid_fen),
    CONSTRAINT ck_history_line_paid CHECK ((paid_at IS NULL) = (paid_on IS NULL)),
    CONSTRAINT ck_history_line_amounts CHECK (placed_fen >= 0 AND quantity > 0)
)
"""

STAGED = f"""
CREATE TABLE staged_line (
    import_id bigint NOT NULL CONSTRAINT fk_staged_line_import_id_import_run REFERENCES import_run (id),
    {LINE},
    CONSTRAINT pk_staged_line PRIMARY KEY (import_id, row_number)
)
"""

RAW = """
CREATE TABLE raw_line (
    import_id bigint NOT NULL CONSTRAINT fk_raw_line_import_id_import_run REFERENCES import_run (id),
    row_number bigint NOT NULL,
    cells text NOT NULL,
    CONSTRAINT pk_raw_line PRIMARY KEY (import_id, row_number)
)
"""

INDEXES = """
CREATE INDEX ix_region_parent_code ON region (parent_code);
CREATE UNIQUE INDEX uq_import_run_file ON import_run (shop_id, sha256) WHERE state NOT IN ('cancelled', 'undone');
CREATE INDEX ix_import_run_shop_id_id ON import_run (shop_id, id);
CREATE INDEX ix_import_run_state_id ON import_run (state, id);
CREATE INDEX ix_import_issue_import_id_row_number_id ON import_issue (import_id, row_number, id);
CREATE INDEX ix_import_issue_import_id_kind_code_row_number_id ON import_issue (import_id, kind, code, row_number, id);
CREATE INDEX ix_import_issue_other_import_id ON import_issue (other_import_id) WHERE other_import_id IS NOT NULL;
CREATE INDEX ix_history_line_ordered_at_id ON history_line (ordered_at, id);
CREATE INDEX ix_history_line_paid_on ON history_line (paid_on) INCLUDE (shop_id, order_number, buyer, province_code,
    city_code, sales_region, category_group, category, product_code, product_name, quantity, paid_fen, refund_fen);
CREATE INDEX ix_history_line_order_number_id ON history_line (order_number, id);
CREATE INDEX ix_history_line_buyer_ordered_at_id ON history_line (buyer, ordered_at, id);
CREATE INDEX ix_history_line_shop_id_ordered_at_id ON history_line (shop_id, ordered_at, id);
CREATE INDEX ix_history_line_import_id_ordered_at_id ON history_line (import_id, ordered_at, id);
CREATE INDEX ix_history_line_import_id_row_number ON history_line (import_id, row_number);
CREATE INDEX ix_history_line_category_ordered_at_id ON history_line (category, ordered_at, id);
CREATE INDEX ix_history_line_province_code_paid_on ON history_line (province_code, paid_on);
CREATE INDEX ix_history_line_unpaid ON history_line (ordered_at, id) WHERE paid_at IS NULL;
CREATE INDEX ix_history_line_refunded ON history_line (ordered_at, id) WHERE refund_fen > 0
"""

# A buyer is one buyer within a shop: two shops may give the same code to different people.
SALE = """
CREATE VIEW sale AS
SELECT 'import'::text AS channel, s.merchant_id, h.shop_id, h.id AS line_id,
    h.order_number, h.shop_id || ':' || h.order_number AS order_key, h.shop_id || ':' || h.buyer AS buyer_key,
    h.ordered_on, h.paid_at, h.paid_on, h.province_code, h.city_code, h.region_code, h.sales_region,
    h.category_group, h.category, h.product_code, h.product_name, h.quantity, h.placed_fen, h.paid_fen, h.refund_fen
FROM history_line h JOIN shop s ON s.id = h.shop_id
"""

TABLES = (
    "merchant",
    "shop",
    "region",
    "import_layout",
    "import_run",
    "import_issue",
    "history_line",
    "staged_line",
    "raw_line",
)

TICKING = ("checkpoint", "rows_read", "rows_ready", "rows_refused", "rows_repaired")

# A merchant's account sees this merchant's rows alone.
STAFF = """
ALTER TABLE staff ADD CONSTRAINT fk_staff_merchant_id_merchant FOREIGN KEY (merchant_id) REFERENCES merchant (id)
"""


LEVELS = {region.Level.PROVINCE: 1, region.Level.CITY: 2, region.Level.DISTRICT: 3}


def divisions() -> None:
    """The packaged edition of the divisions, so that an installation knows them from its first start."""
    columns: list[sa.ColumnClause[Any]] = [
        sa.column(name) for name in ("code", "name", "short_name", "level", "parent_code")
    ]
    op.bulk_insert(
        sa.table("region", *columns),
        [
            {
                "code": one.code,
                "name": one.name,
                "short_name": one.short_name,
                "level": LEVELS[one.level],
                "parent_code": one.parent_code,
            }
            for one in region.table().values()
        ],
    )


def upgrade() -> None:
    for statement in (MERCHANT, SHOP, REGION, LAYOUT, RUN, ISSUE, HISTORY, STAGED, RAW, *INDEXES.split(";"), SALE):
        op.execute(statement)
    divisions()
    op.execute(STAFF)
    for table in ("merchant", "shop", "import_layout"):
        guards.audited(table)
    guards.audited("import_run", ignore=TICKING)
    guards.audited_in_bulk("import_issue", redact=("value", "repaired"))
    guards.audited_in_bulk("history_line", redact=("buyer",))
    guards.audited_in_bulk("region", key=("code",))
    guards.audited_in_bulk("staged_line", key=("import_id", "row_number"), redact=("buyer",))
    guards.audited_in_bulk("raw_line", key=("import_id", "row_number"), redact=("cells",))


def downgrade() -> None:
    op.execute("ALTER TABLE staff DROP CONSTRAINT fk_staff_merchant_id_merchant")
    op.execute("DROP VIEW sale")
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE {table}")
