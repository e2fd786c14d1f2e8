"""How far the shop was read, by what it knows showcases, orders without a known seller, and the shop's after-sales."""

from alembic import op

from models.migrations import guards

revision = "0027_shop"
down_revision = "0026_inbound"

TABLES = (
    """
CREATE TABLE shop_cursor (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_shop_cursor PRIMARY KEY,
    kind text NOT NULL CONSTRAINT uq_shop_cursor_kind UNIQUE
        CONSTRAINT ck_shop_cursor_kind CHECK (kind IN ('orders', 'after_sales')),
    gap_seconds bigint NOT NULL,
    gap_at timestamptz,
    missing bigint NOT NULL,
    checked_at timestamptz,
    through timestamptz NOT NULL,
    run_at timestamptz NOT NULL,
    CONSTRAINT ck_shop_cursor_counts CHECK (gap_seconds >= 0 AND missing >= 0)
)
""",
    """
CREATE TABLE shop_account (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_shop_account PRIMARY KEY,
    member_id bigint NOT NULL CONSTRAINT fk_shop_account_member_id_member REFERENCES member,
    kind text NOT NULL CONSTRAINT ck_shop_account_kind CHECK (kind IN ('finder', 'talent', 'sharer')),
    account text COLLATE "C" NOT NULL CONSTRAINT ck_shop_account_account CHECK (btrim(account) <> ''),
    at timestamptz NOT NULL,
    by text NOT NULL,
    CONSTRAINT uq_shop_account_kind_account UNIQUE (kind, account)
)
""",
    """
CREATE TABLE stray_order (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_stray_order PRIMARY KEY,
    number text COLLATE "C" NOT NULL CONSTRAINT uq_stray_order_number UNIQUE,
    why text NOT NULL CONSTRAINT ck_stray_order_why CHECK (why IN ('no_seller', 'unknown_goods', 'refused')),
    words text NOT NULL,
    named text NOT NULL,
    paid_fen bigint NOT NULL,
    content jsonb NOT NULL,
    state text NOT NULL CONSTRAINT ck_stray_order_state CHECK (state IN ('open', 'assigned', 'taken', 'dropped')),
    seller_id bigint CONSTRAINT fk_stray_order_seller_id_member REFERENCES member,
    decided_by text,
    found_at timestamptz NOT NULL,
    ended_at timestamptz,
    CONSTRAINT ck_stray_order_ended CHECK ((state IN ('open', 'assigned')) = (ended_at IS NULL))
)
""",
    """
CREATE TABLE shop_case (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_shop_case PRIMARY KEY,
    number text COLLATE "C" NOT NULL CONSTRAINT uq_shop_case_number UNIQUE,
    order_id bigint NOT NULL CONSTRAINT fk_shop_case_order_id_shop_order REFERENCES shop_order,
    status text NOT NULL,
    amount_fen bigint NOT NULL CONSTRAINT ck_shop_case_amount CHECK (amount_fen >= 0),
    refund_n smallint,
    refunded_at timestamptz,
    told_at timestamptz NOT NULL,
    CONSTRAINT ck_shop_case_refunded CHECK ((refund_n IS NULL) = (refunded_at IS NULL))
)
""",
)
INDEXES = (
    "CREATE INDEX ix_shop_account_member_id ON shop_account (member_id)",
    "CREATE INDEX ix_stray_order_state_id ON stray_order (state, id)",
    "CREATE INDEX ix_shop_case_order_id ON shop_case (order_id)",
)


def upgrade() -> None:
    for statement in (*TABLES, *INDEXES):
        op.execute(statement)
    guards.audited("shop_cursor", ignore=("through", "run_at"))
    guards.audited("shop_account", redact=("account",))
    guards.audited("stray_order", redact=("content", "named"))
    guards.audited("shop_case")


def downgrade() -> None:
    for table in ("shop_case", "stray_order", "shop_account", "shop_cursor"):
        op.execute(f"DROP TABLE {table}")
