"""After-sales."""

from alembic import op

from models.migrations import guards

revision = "0009_after_sale"
down_revision = "0008_trade"

AFTER_SALE = """
CREATE TABLE after_sale (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_after_sale PRIMARY KEY,
    order_id bigint NOT NULL CONSTRAINT fk_after_sale_order_id_shop_order REFERENCES shop_order,
    kind text NOT NULL CONSTRAINT ck_after_sale_kind
        CHECK (kind IN ('no_reason', 'quality', 'wrong_goods', 'not_received')),
    reason text NOT NULL,
    state text NOT NULL CONSTRAINT ck_after_sale_state CHECK (state IN ('opened', 'accepted', 'refused', 'closed')),
    opened_at timestamptz NOT NULL,
    accepted_at timestamptz,
    goods_back_at timestamptz,
    ended_at timestamptz,
    answer text NOT NULL,
    CONSTRAINT ck_after_sale_ended CHECK ((state IN ('refused', 'closed')) = (ended_at IS NOT NULL)),
    CONSTRAINT ck_after_sale_right_of_return CHECK (kind <> 'no_reason' OR state <> 'refused')
)
"""

INDEXES = (
    "CREATE UNIQUE INDEX uq_after_sale_open ON after_sale (order_id) WHERE ended_at IS NULL",
    "CREATE INDEX ix_after_sale_state_id ON after_sale (state, id)",
    "CREATE INDEX ix_after_sale_order_id_id ON after_sale (order_id, id)",
)


def upgrade() -> None:
    for statement in (AFTER_SALE, *INDEXES):
        op.execute(statement)
    guards.audited("after_sale", redact=("reason", "answer"))


def downgrade() -> None:
    op.execute("DROP TABLE after_sale")
