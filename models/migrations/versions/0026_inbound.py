"""Callbacks as they came, forgeries counted, where orders came from, refunds through Pay, and how a payee confirms."""

from alembic import op

from models.migrations import guards

revision = "0026_inbound"
down_revision = "0025_risk"

TABLES = (
    """
CREATE TABLE inbound (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_inbound PRIMARY KEY,
    channel text NOT NULL CONSTRAINT ck_inbound_channel CHECK (channel IN ('shop', 'pay')),
    key text COLLATE "C" NOT NULL,
    event text NOT NULL,
    number text COLLATE "C" NOT NULL,
    content jsonb NOT NULL,
    digest bytea NOT NULL CONSTRAINT ck_inbound_digest CHECK (octet_length(digest) = 32),
    ip text NOT NULL,
    received_at timestamptz NOT NULL,
    state text NOT NULL CONSTRAINT ck_inbound_state CHECK (state IN ('waiting', 'done', 'ignored', 'failed')),
    error text NOT NULL,
    tries bigint NOT NULL,
    decided_at timestamptz,
    CONSTRAINT uq_inbound_channel_key UNIQUE (channel, key),
    CONSTRAINT ck_inbound_decided CHECK ((state = 'waiting') = (decided_at IS NULL)),
    CONSTRAINT ck_inbound_error CHECK ((state = 'failed') = (error <> ''))
)
""",
    """
CREATE TRIGGER told_inbound BEFORE UPDATE ON inbound FOR EACH ROW
WHEN ((OLD.channel, OLD.key, OLD.event, OLD.number, OLD.content, OLD.digest, OLD.ip, OLD.received_at)
    IS DISTINCT FROM (NEW.channel, NEW.key, NEW.event, NEW.number, NEW.content, NEW.digest, NEW.ip, NEW.received_at))
EXECUTE FUNCTION refuse_change()
""",
    """
CREATE TRIGGER kept_inbound BEFORE DELETE OR TRUNCATE ON inbound FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
""",
    """
CREATE TABLE inbound_refusal (
    day date NOT NULL,
    channel text NOT NULL,
    why text NOT NULL,
    times bigint NOT NULL CONSTRAINT ck_inbound_refusal_times CHECK (times > 0),
    last_at timestamptz NOT NULL,
    last_ip text NOT NULL,
    CONSTRAINT pk_inbound_refusal PRIMARY KEY (day, channel, why)
)
""",
    """
CREATE TABLE order_source (
    order_id bigint CONSTRAINT pk_order_source PRIMARY KEY
        CONSTRAINT fk_order_source_order_id_shop_order REFERENCES shop_order,
    channel text NOT NULL CONSTRAINT ck_order_source_channel CHECK (channel IN ('shop', 'pay')),
    number text COLLATE "C" NOT NULL,
    transaction text COLLATE "C" NOT NULL,
    openid text NOT NULL,
    status text NOT NULL,
    told_at timestamptz NOT NULL,
    CONSTRAINT uq_order_source_channel_number UNIQUE (channel, number)
)
""",
    """
CREATE TABLE pay_refund (
    order_id bigint NOT NULL,
    n smallint NOT NULL,
    number text COLLATE "C" NOT NULL CONSTRAINT uq_pay_refund_number UNIQUE,
    amount_fen bigint NOT NULL,
    total_fen bigint NOT NULL,
    state text NOT NULL CONSTRAINT ck_pay_refund_state
        CHECK (state IN ('due', 'sent', 'PROCESSING', 'SUCCESS', 'CLOSED', 'ABNORMAL')),
    reference text NOT NULL,
    reason text NOT NULL,
    asked_at timestamptz NOT NULL,
    sent_at timestamptz,
    ended_at timestamptz,
    CONSTRAINT pk_pay_refund PRIMARY KEY (order_id, n),
    CONSTRAINT fk_pay_refund_order_id_n_refund FOREIGN KEY (order_id, n) REFERENCES refund (order_id, n),
    CONSTRAINT ck_pay_refund_amounts CHECK (amount_fen > 0 AND amount_fen <= total_fen),
    CONSTRAINT ck_pay_refund_ended CHECK ((state IN ('SUCCESS', 'CLOSED')) = (ended_at IS NOT NULL))
)
""",
    "ALTER TABLE withdrawal ADD package text NOT NULL DEFAULT '', ADD confirm_by timestamptz",
    "ALTER TABLE withdrawal ALTER package DROP DEFAULT",
)
INDEXES = (
    "CREATE INDEX ix_inbound_state_id ON inbound (state, id)",
    "CREATE INDEX ix_inbound_number ON inbound (number)",
    "CREATE INDEX ix_inbound_received_at_id ON inbound (received_at, id)",
    "CREATE INDEX ix_order_source_transaction ON order_source (transaction)",
    "CREATE INDEX ix_pay_refund_state_order_id ON pay_refund (state, order_id)",
    "CREATE INDEX ix_pay_refund_ended_at ON pay_refund (ended_at)",
)


def upgrade() -> None:
    for statement in (*TABLES, *INDEXES):
        op.execute(statement)
    guards.audited("inbound", redact=("content", "ip"))
    guards.audited("pay_refund")
    guards.audited("order_source", redact=("openid",))
    op.execute("DROP TRIGGER audit_withdrawal ON withdrawal")
    guards.audited("withdrawal", redact=("package",))


def downgrade() -> None:
    op.execute("DROP TRIGGER audit_withdrawal ON withdrawal")
    guards.audited("withdrawal")
    op.execute("ALTER TABLE withdrawal DROP package, DROP confirm_by")
    for table in ("pay_refund", "order_source", "inbound_refusal", "inbound"):
        op.execute(f"DROP TABLE {table}")
