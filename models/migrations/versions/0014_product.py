"""Products, and where they are listed."""

from alembic import op

from models.migrations import guards

revision = "0014_product"
down_revision = "0013_batch"

PRODUCT = """
CREATE TABLE product (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_product PRIMARY KEY,
    merchant_id bigint NOT NULL CONSTRAINT fk_product_merchant_id_merchant REFERENCES merchant (id),
    code text COLLATE "C" NOT NULL,
    title text NOT NULL,
    category text NOT NULL,
    price_fen bigint NOT NULL CONSTRAINT ck_product_price CHECK (price_fen > 0),
    cost_fen bigint NOT NULL,
    commission_fen bigint NOT NULL,
    freight_fen bigint NOT NULL,
    fee_bps bigint NOT NULL CONSTRAINT ck_product_fee CHECK (fee_bps BETWEEN 0 AND 10000),
    deposit_fen bigint NOT NULL,
    balance_days bigint,
    stock bigint NOT NULL CONSTRAINT ck_product_stock CHECK (stock >= 0),
    state text NOT NULL CONSTRAINT ck_product_state CHECK (state IN ('draft', 'listed', 'retired')),
    created_at timestamptz NOT NULL,
    created_by text NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT uq_product_merchant_id_code UNIQUE (merchant_id, code),
    CONSTRAINT ck_product_named CHECK (btrim(code) <> '' AND btrim(title) <> '' AND btrim(category) <> ''),
    CONSTRAINT ck_product_amounts CHECK (cost_fen >= 0 AND commission_fen >= 0 AND freight_fen >= 0),
    CONSTRAINT ck_product_deposit CHECK (deposit_fen >= 0 AND deposit_fen < price_fen),
    CONSTRAINT ck_product_presale CHECK ((deposit_fen = 0) = (balance_days IS NULL) AND balance_days > 0)
)
"""

PRODUCT_STAT = """
CREATE TABLE product_stat (
    product_id bigint NOT NULL CONSTRAINT pk_product_stat PRIMARY KEY
        CONSTRAINT fk_product_stat_product_id_product REFERENCES product (id),
    merchant_id bigint NOT NULL CONSTRAINT fk_product_stat_merchant_id_merchant REFERENCES merchant (id),
    counted_at timestamptz NOT NULL,
    margin_fen bigint NOT NULL,
    margin_bps bigint NOT NULL,
    commission_bps bigint NOT NULL,
    orders_7 bigint NOT NULL,
    sales_7_fen bigint NOT NULL,
    orders_30 bigint NOT NULL,
    sales_30_fen bigint NOT NULL,
    refund_30_fen bigint NOT NULL,
    refund_bps bigint NOT NULL,
    buyers_30 bigint NOT NULL,
    returning_30 bigint NOT NULL,
    repurchase_bps bigint NOT NULL,
    windows bigint NOT NULL,
    window_days_30 bigint NOT NULL,
    own_orders_30 bigint NOT NULL,
    conversion_bps bigint NOT NULL
) WITH (fillfactor = 70)
"""

CURATION_PROPOSAL = """
CREATE TABLE curation_proposal (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_curation_proposal PRIMARY KEY,
    week date NOT NULL CONSTRAINT ck_curation_proposal_week CHECK (extract(isodow FROM week) = 1),
    kind text NOT NULL CONSTRAINT ck_curation_proposal_kind CHECK (kind IN ('drop', 'add')),
    product_id bigint NOT NULL CONSTRAINT fk_curation_proposal_product_id_product REFERENCES product (id),
    evidence jsonb NOT NULL,
    state text NOT NULL CONSTRAINT ck_curation_proposal_state
        CHECK (state IN ('proposed', 'approved', 'refused', 'applied')),
    made_at timestamptz NOT NULL,
    decided_at timestamptz,
    decided_by text,
    reason text NOT NULL,
    applied_at timestamptz,
    CONSTRAINT uq_curation_proposal_week_product_id UNIQUE (week, product_id),
    CONSTRAINT ck_curation_proposal_decided CHECK ((state = 'proposed') = (decided_by IS NULL)),
    CONSTRAINT ck_curation_proposal_decided_at CHECK ((decided_by IS NULL) = (decided_at IS NULL)),
    CONSTRAINT ck_curation_proposal_applied CHECK ((state = 'applied') = (applied_at IS NOT NULL)),
    CONSTRAINT ck_curation_proposal_refused CHECK (state <> 'refused' OR btrim(reason) <> '')
)
"""

LISTING = """
CREATE TABLE listing (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_listing PRIMARY KEY,
    product_id bigint NOT NULL CONSTRAINT fk_listing_product_id_product REFERENCES product (id),
    member_id bigint NOT NULL CONSTRAINT fk_listing_member_id_member REFERENCES member (id),
    source text NOT NULL CONSTRAINT ck_listing_source CHECK (source IN ('agency', 'shop', 'promoter')),
    state text NOT NULL CONSTRAINT ck_listing_state CHECK (state IN ('asked', 'listed', 'refused', 'removed')),
    asked_at timestamptz NOT NULL,
    asked_by text NOT NULL,
    listed_at timestamptz,
    removed_at timestamptz,
    outcome text CONSTRAINT ck_listing_outcome
        CHECK (outcome IN ('removed', 'auto_synced', 'not_ours', 'unauthorised')),
    error text NOT NULL,
    reported_at timestamptz,
    reported_state text CONSTRAINT ck_listing_reported CHECK (reported_state IN ('on', 'off', 'banned', 'gone')),
    reported_stock bigint,
    reported_price_fen bigint,
    CONSTRAINT uq_listing_product_id_member_id UNIQUE (product_id, member_id),
    CONSTRAINT ck_listing_listed CHECK ((state IN ('listed', 'removed')) = (listed_at IS NOT NULL)),
    CONSTRAINT ck_listing_removed CHECK ((state = 'removed') = (removed_at IS NOT NULL))
)
"""

DELISTING = """
CREATE TABLE delisting (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_delisting PRIMARY KEY,
    product_id bigint NOT NULL CONSTRAINT fk_delisting_product_id_product REFERENCES product (id),
    reason text NOT NULL CONSTRAINT ck_delisting_reason CHECK (btrim(reason) <> ''),
    asked_at timestamptz NOT NULL,
    asked_by text NOT NULL,
    rounds bigint NOT NULL,
    ended_at timestamptz
)
"""

DELISTING_WINDOW = """
CREATE TABLE delisting_window (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_delisting_window PRIMARY KEY,
    delisting_id bigint NOT NULL CONSTRAINT fk_delisting_window_delisting_id_delisting REFERENCES delisting (id),
    listing_id bigint NOT NULL CONSTRAINT fk_delisting_window_listing_id_listing REFERENCES listing (id),
    outcome text CONSTRAINT ck_delisting_window_outcome
        CHECK (outcome IN ('removed', 'auto_synced', 'not_ours', 'unauthorised')),
    error text NOT NULL,
    tries bigint NOT NULL CONSTRAINT ck_delisting_window_tries CHECK (tries >= 0),
    at timestamptz,
    CONSTRAINT uq_delisting_window_delisting_id_listing_id UNIQUE (delisting_id, listing_id)
)
"""

SYNC_LOG = """
CREATE TABLE sync_log (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_sync_log PRIMARY KEY,
    at timestamptz NOT NULL,
    member_id bigint NOT NULL CONSTRAINT fk_sync_log_member_id_member REFERENCES member (id),
    product_id bigint CONSTRAINT fk_sync_log_product_id_product REFERENCES product (id),
    kind text NOT NULL CONSTRAINT ck_sync_log_kind
        CHECK (kind IN ('listed', 'removed', 'state', 'stock', 'price', 'refused', 'unauthorised', 'silent')),
    before text NOT NULL,
    after text NOT NULL,
    note text NOT NULL
)
"""

TABLES = (PRODUCT, PRODUCT_STAT, CURATION_PROPOSAL, LISTING, DELISTING, DELISTING_WINDOW, SYNC_LOG)

INDEXES = (
    "ix_product_code_id ON product (code, id)",
    "ix_product_price_fen_id ON product (price_fen, id)",
    "ix_product_stock_id ON product (stock, id)",
    "ix_product_updated_at_id ON product (updated_at, id)",
    "ix_product_category_id ON product (category, id)",
    "ix_product_state_id ON product (state, id)",
    "ix_product_title_ngram ON product USING gin (ngram(title))",
    *(
        f"ix_product_stat_{column}_product_id ON product_stat ({column}, product_id)"
        for column in (
            "merchant_id", "margin_bps", "commission_bps", "repurchase_bps", "conversion_bps", "sales_7_fen",
            "sales_30_fen", "refund_bps", "windows",
        )
    ),
    "ix_curation_proposal_state_id ON curation_proposal (state, id)",
    "ix_curation_proposal_product_id_id ON curation_proposal (product_id, id)",
    "ix_listing_member_id_id ON listing (member_id, id)",
    "ix_listing_state_id ON listing (state, id)",
    "ix_delisting_product_id_id ON delisting (product_id, id)",
    "ix_delisting_window_delisting_id_outcome_id ON delisting_window (delisting_id, outcome, id)",
    "ix_sync_log_at_id ON sync_log (at, id)",
    "ix_sync_log_member_id_id ON sync_log (member_id, id)",
    "ix_sync_log_product_id_id ON sync_log (product_id, id)",
    "ix_sync_log_kind_id ON sync_log (kind, id)",
    "ix_order_line_product_code_order_id ON order_line (product_code, order_id)",
)  # fmt: skip


def upgrade() -> None:
    for statement in TABLES:
        op.execute(statement)
    for index in INDEXES:
        op.execute(f"CREATE INDEX {index}")
    op.execute("CREATE UNIQUE INDEX uq_delisting_open ON delisting (product_id) WHERE ended_at IS NULL")
    for table in ("product", "curation_proposal", "delisting"):
        guards.audited(table)
    for table in ("listing", "delisting_window"):
        guards.audited_in_bulk(table)
    guards.append_only("sync_log")


def downgrade() -> None:
    op.execute("DROP INDEX ix_order_line_product_code_order_id")
    for table in (
        "sync_log", "delisting_window", "delisting", "listing", "curation_proposal", "product_stat", "product",
    ):  # fmt: skip
        op.execute(f"DROP TABLE {table}")
