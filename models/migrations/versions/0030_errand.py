"""What WeChat is to be told of our decisions, parcels followed through it, and the shop's after-sales beside ours."""

from alembic import op

from models.migrations import guards

revision = "0030_errand"
down_revision = "0029_growth"

TABLES = (
    """
CREATE TABLE errand (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_errand PRIMARY KEY,
    kind text NOT NULL CONSTRAINT ck_errand_kind
        CHECK (kind IN ('case_accept', 'case_refund', 'case_reject', 'parcel', 'shipping')),
    subject text COLLATE "C" NOT NULL,
    order_id bigint NOT NULL CONSTRAINT fk_errand_order_id_shop_order REFERENCES shop_order,
    state text NOT NULL CONSTRAINT ck_errand_state CHECK (state IN ('due', 'done', 'refused')),
    words text NOT NULL,
    code text NOT NULL,
    error text NOT NULL,
    tries bigint NOT NULL CONSTRAINT ck_errand_tries CHECK (tries >= 0),
    asked_at timestamptz NOT NULL,
    sent_at timestamptz,
    ended_at timestamptz,
    CONSTRAINT uq_errand_kind_subject UNIQUE (kind, subject),
    CONSTRAINT ck_errand_ended CHECK ((state = 'due') = (ended_at IS NULL)),
    CONSTRAINT ck_errand_error CHECK ((state = 'refused') = (error <> ''))
)
""",
    """
CREATE TABLE parcel_trace (
    parcel_id bigint CONSTRAINT pk_parcel_trace PRIMARY KEY
        CONSTRAINT fk_parcel_trace_parcel_id_parcel REFERENCES parcel,
    token text NOT NULL CONSTRAINT ck_parcel_trace_token CHECK (btrim(token) <> ''),
    openid text NOT NULL,
    status smallint NOT NULL CONSTRAINT ck_parcel_trace_status CHECK (status >= 0),
    begun_at timestamptz NOT NULL,
    asked_at timestamptz NOT NULL,
    ended_at timestamptz
)
""",
)
INDEXES = (
    "CREATE INDEX ix_errand_state_id ON errand (state, id)",
    "CREATE INDEX ix_errand_order_id ON errand (order_id)",
    "CREATE INDEX ix_parcel_trace_asked_at ON parcel_trace (asked_at) WHERE ended_at IS NULL",
    "CREATE INDEX ix_shop_case_after_sale_id ON shop_case (after_sale_id)",
)
BESIDE = (
    "ALTER TABLE shop_case ADD COLUMN kind text NOT NULL DEFAULT ''",
    "ALTER TABLE shop_case ADD COLUMN reason text NOT NULL DEFAULT ''",
    "ALTER TABLE shop_case ADD COLUMN deadline_at timestamptz",
    "ALTER TABLE shop_case ADD COLUMN after_sale_id bigint"
    " CONSTRAINT fk_shop_case_after_sale_id_after_sale REFERENCES after_sale",
    "ALTER TABLE shop_case ALTER COLUMN kind DROP DEFAULT, ALTER COLUMN reason DROP DEFAULT",
)


def upgrade() -> None:
    for statement in (*TABLES, *BESIDE, *INDEXES):
        op.execute(statement)
    guards.audited("errand")
    guards.audited("parcel_trace", redact=("token", "openid"), ignore=("asked_at",))


def downgrade() -> None:
    for column in ("after_sale_id", "deadline_at", "reason", "kind"):
        op.execute(f"ALTER TABLE shop_case DROP COLUMN {column}")
    op.execute("DROP TABLE parcel_trace")
    op.execute("DROP TABLE errand")
