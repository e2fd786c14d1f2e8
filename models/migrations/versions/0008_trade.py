"""Policy, standing, orders, shares, agents, dividends and withdrawals."""

import json

import sqlalchemy as sa
from alembic import op

from models.migrations import guards
from models.rules import policy

revision = "0008_trade"
down_revision = "0007_tree"

TABLES = (
    """
CREATE TABLE team (
    member_id BIGINT NOT NULL,
    size BIGINT NOT NULL,
    sales_fen BIGINT NOT NULL,
    own_fen BIGINT NOT NULL,
    CONSTRAINT pk_team PRIMARY KEY (member_id),
    CONSTRAINT fk_team_member_id_member FOREIGN KEY(member_id) REFERENCES member (id)
) WITH (fillfactor = 70)
""",
    """
CREATE TABLE policy_version (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    preset TEXT NOT NULL,
    terms JSONB NOT NULL,
    digest BYTEA NOT NULL,
    state TEXT NOT NULL,
    effective_at TIMESTAMP WITH TIME ZONE NOT NULL,
    made_at TIMESTAMP WITH TIME ZONE NOT NULL,
    made_by TEXT NOT NULL,
    approved_at TIMESTAMP WITH TIME ZONE,
    approved_by TEXT,
    opinion_until TIMESTAMP WITH TIME ZONE,
    acknowledged JSONB NOT NULL,
    note TEXT NOT NULL,
    CONSTRAINT pk_policy_version PRIMARY KEY (id),
    CONSTRAINT ck_policy_version_preset CHECK (preset IN ('plan', 'steady')),
    CONSTRAINT ck_policy_version_state CHECK (state IN ('draft', 'approved', 'withdrawn')),
    CONSTRAINT ck_policy_version_three_levels CHECK (coalesce((terms ->> 'levels')::int, 0) BETWEEN 1 AND 3),
    CONSTRAINT ck_policy_version_two_people CHECK (approved_by <> made_by),
    CONSTRAINT ck_policy_version_approved CHECK ((state = 'approved') = (approved_by IS NOT NULL))
)
""",
    """
CREATE TABLE agreement (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    version TEXT NOT NULL,
    text TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    effective_at TIMESTAMP WITH TIME ZONE NOT NULL,
    CONSTRAINT pk_agreement PRIMARY KEY (id),
    CONSTRAINT uq_agreement_version UNIQUE (version),
    CONSTRAINT ck_agreement_digest CHECK (sha256 = encode(sha256(convert_to(text, 'UTF8')), 'hex'))
)
""",
    """
CREATE TABLE admission_task (
    member_id BIGINT NOT NULL,
    seller_ids BIGINT[] NOT NULL,
    CONSTRAINT pk_admission_task PRIMARY KEY (member_id),
    CONSTRAINT ck_admission_task_sellers CHECK (
        cardinality(seller_ids) BETWEEN 1 AND 10 AND array_position(seller_ids, NULL) IS NULL),
    CONSTRAINT fk_admission_task_member_id_member FOREIGN KEY(member_id) REFERENCES member (id)
)
""",
    """
CREATE TABLE consent (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    member_id BIGINT NOT NULL,
    agreement_id BIGINT NOT NULL,
    sha256 TEXT NOT NULL,
    accepted_at TIMESTAMP WITH TIME ZONE NOT NULL,
    ip TEXT NOT NULL,
    user_agent TEXT NOT NULL,
    CONSTRAINT pk_consent PRIMARY KEY (id),
    CONSTRAINT uq_consent_member_id_agreement_id UNIQUE (member_id, agreement_id),
    CONSTRAINT fk_consent_member_id_member FOREIGN KEY(member_id) REFERENCES member (id),
    CONSTRAINT fk_consent_agreement_id_agreement FOREIGN KEY(agreement_id) REFERENCES agreement (id)
)
""",
    """
CREATE TABLE standing_change (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    member_id BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    kind TEXT NOT NULL,
    before TEXT,
    after TEXT,
    reason TEXT NOT NULL,
    evidence JSONB NOT NULL,
    CONSTRAINT pk_standing_change PRIMARY KEY (id),
    CONSTRAINT ck_standing_change_kind CHECK (kind IN ('registered', 'lapsed', 'qualified', 'unlocked',
        'passed', 'failed', 'frozen', 'exited', 'revived', 'ranked', 'unranked', 'closed', 'reopened',
        'seed', 'strike', 'reminded')),
    CONSTRAINT fk_standing_change_member_id_member FOREIGN KEY(member_id) REFERENCES member (id)
)
""",
    """
CREATE TABLE obligation (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    member_id BIGINT NOT NULL,
    since TIMESTAMP WITH TIME ZONE NOT NULL,
    met_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_obligation PRIMARY KEY (id),
    CONSTRAINT ck_obligation_met CHECK (met_at >= since),
    CONSTRAINT fk_obligation_member_id_member FOREIGN KEY(member_id) REFERENCES member (id)
)
""",
    """
CREATE TABLE shop_order (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    number TEXT COLLATE "C" NOT NULL,
    kind TEXT NOT NULL,
    scene TEXT NOT NULL,
    state TEXT NOT NULL,
    seller_id BIGINT NOT NULL,
    buyer_id BIGINT,
    buyer TEXT,
    paid_fen BIGINT NOT NULL,
    deposit_fen BIGINT NOT NULL,
    freight_fen BIGINT NOT NULL,
    cost_fen BIGINT NOT NULL,
    commission_fen BIGINT NOT NULL,
    region_code TEXT COLLATE "C",
    address JSONB NOT NULL,
    policy_id BIGINT NOT NULL,
    digest BYTEA NOT NULL,
    placed_at TIMESTAMP WITH TIME ZONE NOT NULL,
    paid_at TIMESTAMP WITH TIME ZONE,
    shipped_at TIMESTAMP WITH TIME ZONE,
    completed_at TIMESTAMP WITH TIME ZONE,
    confirm_at TIMESTAMP WITH TIME ZONE,
    mature_at TIMESTAMP WITH TIME ZONE,
    settled_fen BIGINT,
    refunded_fen BIGINT NOT NULL,
    is_held BOOLEAN NOT NULL,
    is_fraud BOOLEAN NOT NULL,
    CONSTRAINT pk_shop_order PRIMARY KEY (id),
    CONSTRAINT uq_shop_order_number UNIQUE (number),
    CONSTRAINT ck_shop_order_kind CHECK (kind IN ('normal', 'admission', 'presale')),
    CONSTRAINT ck_shop_order_scene CHECK (scene IN ('short_video', 'live', 'share_link', 'showcase')),
    CONSTRAINT ck_shop_order_state CHECK (state IN ('pending_payment', 'deposit_paid', 'balance_due', 'paid',
        'shipped', 'completed', 'cancelled', 'refunded')),
    CONSTRAINT ck_shop_order_terms CHECK (
        paid_fen > 0 AND cost_fen >= 0 AND commission_fen >= 0 AND freight_fen >= 0),
    CONSTRAINT ck_shop_order_deposit CHECK (deposit_fen >= 0 AND deposit_fen < paid_fen),
    CONSTRAINT ck_shop_order_refunded CHECK (refunded_fen BETWEEN 0 AND paid_fen),
    CONSTRAINT ck_shop_order_settled CHECK (settled_fen BETWEEN 0 AND paid_fen),
    CONSTRAINT ck_shop_order_completed CHECK ((completed_at IS NULL) = (settled_fen IS NULL)),
    CONSTRAINT ck_shop_order_risk CHECK (NOT (is_held AND is_fraud)),
    CONSTRAINT fk_shop_order_seller_id_member FOREIGN KEY(seller_id) REFERENCES member (id),
    CONSTRAINT fk_shop_order_buyer_id_member FOREIGN KEY(buyer_id) REFERENCES member (id),
    CONSTRAINT fk_shop_order_policy_id_policy_version FOREIGN KEY(policy_id) REFERENCES policy_version (id)
)
""",
    """
CREATE TABLE order_line (
    order_id BIGINT NOT NULL,
    n SMALLINT NOT NULL,
    product_code TEXT COLLATE "C" NOT NULL,
    title TEXT NOT NULL,
    category TEXT,
    quantity BIGINT NOT NULL,
    price_fen BIGINT NOT NULL,
    CONSTRAINT pk_order_line PRIMARY KEY (order_id, n),
    CONSTRAINT ck_order_line_amounts CHECK (quantity > 0 AND price_fen >= 0),
    CONSTRAINT fk_order_line_order_id_shop_order FOREIGN KEY(order_id) REFERENCES shop_order (id)
)
""",
    """
CREATE TABLE refund (
    order_id BIGINT NOT NULL,
    n SMALLINT NOT NULL,
    amount_fen BIGINT NOT NULL,
    at TIMESTAMP WITH TIME ZONE NOT NULL,
    posting_id BIGINT NOT NULL,
    CONSTRAINT pk_refund PRIMARY KEY (order_id, n),
    CONSTRAINT ck_refund_amount CHECK (amount_fen > 0),
    CONSTRAINT fk_refund_order_id_shop_order FOREIGN KEY(order_id) REFERENCES shop_order (id),
    CONSTRAINT fk_refund_posting_id_posting FOREIGN KEY(posting_id) REFERENCES posting (id)
)
""",
    """
CREATE TABLE share (
    order_id BIGINT NOT NULL,
    n SMALLINT NOT NULL,
    kind TEXT NOT NULL,
    account TEXT COLLATE "C" NOT NULL,
    amount_fen BIGINT NOT NULL,
    reversed_fen BIGINT NOT NULL,
    member_id BIGINT,
    level SMALLINT,
    bucket TEXT,
    reason TEXT,
    region_code TEXT COLLATE "C",
    rate_bps BIGINT,
    CONSTRAINT pk_share PRIMARY KEY (order_id, n),
    CONSTRAINT ck_share_kind CHECK (kind IN ('cost', 'level', 'region', 'seed', 'house', 'reserve')),
    CONSTRAINT ck_share_three_levels CHECK (level BETWEEN 1 AND 3),
    CONSTRAINT ck_share_reversed CHECK (reversed_fen BETWEEN 0 AND amount_fen),
    CONSTRAINT ck_share_bucket CHECK (bucket IN ('pending', 'locked', 'frozen', 'held', 'available')),
    CONSTRAINT ck_share_owner CHECK ((bucket IS NULL) OR (member_id IS NOT NULL)),
    CONSTRAINT fk_share_order_id_shop_order FOREIGN KEY(order_id) REFERENCES shop_order (id),
    CONSTRAINT fk_share_member_id_member FOREIGN KEY(member_id) REFERENCES member (id)
)
""",
    """
CREATE TABLE region_agent (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    region_code TEXT COLLATE "C" NOT NULL,
    member_id BIGINT NOT NULL,
    state TEXT NOT NULL,
    begins_at TIMESTAMP WITH TIME ZONE,
    ends_at TIMESTAMP WITH TIME ZONE,
    deposit_fen BIGINT NOT NULL,
    deducted_fen BIGINT NOT NULL,
    note TEXT NOT NULL,
    CONSTRAINT pk_region_agent PRIMARY KEY (id),
    CONSTRAINT ck_region_agent_state CHECK (state IN ('applied', 'active', 'ended', 'refused')),
    CONSTRAINT ck_region_agent_region CHECK (region_code ~ '^[0-9]{6}$'),
    CONSTRAINT ck_region_agent_deposit CHECK (deposit_fen > 0 AND deducted_fen BETWEEN 0 AND deposit_fen),
    CONSTRAINT ck_region_agent_term CHECK (ends_at > begins_at),
    CONSTRAINT fk_region_agent_member_id_member FOREIGN KEY(member_id) REFERENCES member (id)
)
""",
    """
CREATE TABLE dividend_bill (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    month DATE NOT NULL,
    state TEXT NOT NULL,
    built_at TIMESTAMP WITH TIME ZONE NOT NULL,
    built_by TEXT NOT NULL,
    confirmed_at TIMESTAMP WITH TIME ZONE,
    confirmed_by TEXT,
    paid_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_dividend_bill PRIMARY KEY (id),
    CONSTRAINT uq_dividend_bill_month UNIQUE (month),
    CONSTRAINT ck_dividend_bill_state CHECK (state IN ('built', 'confirmed', 'paid')),
    CONSTRAINT ck_dividend_bill_two_people CHECK (confirmed_by <> built_by),
    CONSTRAINT ck_dividend_bill_confirmed CHECK ((state = 'built') = (confirmed_by IS NULL)),
    CONSTRAINT ck_dividend_bill_month CHECK (extract(day FROM month) = 1)
)
""",
    """
CREATE TABLE dividend_line (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    bill_id BIGINT NOT NULL,
    member_id BIGINT NOT NULL,
    of_month DATE NOT NULL,
    rank TEXT NOT NULL,
    bps BIGINT NOT NULL,
    base_fen BIGINT NOT NULL,
    amount_fen BIGINT NOT NULL,
    state TEXT NOT NULL,
    failure TEXT NOT NULL,
    posting_id BIGINT,
    CONSTRAINT pk_dividend_line PRIMARY KEY (id),
    CONSTRAINT uq_dividend_line_bill_id_member_id_of_month UNIQUE (bill_id, member_id, of_month),
    CONSTRAINT ck_dividend_line_state CHECK (state IN ('due', 'paid', 'failed')),
    CONSTRAINT ck_dividend_line_posted CHECK ((state = 'paid') = (posting_id IS NOT NULL)),
    CONSTRAINT ck_dividend_line_amount CHECK (amount_fen <> 0),
    CONSTRAINT fk_dividend_line_bill_id_dividend_bill FOREIGN KEY(bill_id) REFERENCES dividend_bill (id),
    CONSTRAINT fk_dividend_line_member_id_member FOREIGN KEY(member_id) REFERENCES member (id),
    CONSTRAINT fk_dividend_line_posting_id_posting FOREIGN KEY(posting_id) REFERENCES posting (id)
)
""",
    """
CREATE TABLE withdrawal (
    id BIGINT GENERATED ALWAYS AS IDENTITY,
    number TEXT COLLATE "C" NOT NULL,
    member_id BIGINT NOT NULL,
    amount_fen BIGINT NOT NULL,
    tax_fen BIGINT NOT NULL,
    month DATE NOT NULL,
    state TEXT NOT NULL,
    requested_at TIMESTAMP WITH TIME ZONE NOT NULL,
    approved_by TEXT,
    second_by TEXT,
    reason TEXT NOT NULL,
    sent_at TIMESTAMP WITH TIME ZONE,
    ended_at TIMESTAMP WITH TIME ZONE,
    CONSTRAINT pk_withdrawal PRIMARY KEY (id),
    CONSTRAINT uq_withdrawal_number UNIQUE (number),
    CONSTRAINT ck_withdrawal_amounts CHECK (amount_fen > 0 AND tax_fen >= 0 AND tax_fen <= amount_fen),
    CONSTRAINT ck_withdrawal_state CHECK (state IN ('requested', 'approved', 'rejected', 'ACCEPTED',
        'PROCESSING', 'WAIT_USER_CONFIRM', 'TRANSFERING', 'SUCCESS', 'FAIL', 'CANCELING', 'CANCELLED')),
    CONSTRAINT ck_withdrawal_two_people CHECK (second_by <> approved_by),
    CONSTRAINT fk_withdrawal_member_id_member FOREIGN KEY(member_id) REFERENCES member (id)
)
""",
)

INDEXES = (
    "CREATE INDEX ix_policy_version_effective_at_id ON policy_version (effective_at, id) WHERE state = 'approved'",
    "CREATE INDEX ix_standing_change_at_id ON standing_change (at, id)",
    "CREATE INDEX ix_standing_change_member_id_id ON standing_change (member_id, id)",
    "CREATE INDEX ix_obligation_member_id_since_id ON obligation (member_id, since, id) WHERE met_at IS NULL",
    "CREATE INDEX ix_shop_order_buyer_id_completed_at ON shop_order (buyer_id, completed_at)",
    "CREATE INDEX ix_shop_order_confirm_at ON shop_order (confirm_at) WHERE confirm_at IS NOT NULL",
    "CREATE INDEX ix_shop_order_held ON shop_order (seller_id) WHERE is_held",
    "CREATE INDEX ix_shop_order_mature_at ON shop_order (mature_at) WHERE mature_at IS NOT NULL",
    "CREATE INDEX ix_shop_order_paid_at_id ON shop_order (paid_at, id)",
    "CREATE INDEX ix_shop_order_seller_id_completed_at ON shop_order (seller_id, completed_at)",
    "CREATE INDEX ix_shop_order_state_id ON shop_order (state, id)",
    "CREATE INDEX ix_refund_at ON refund (at)",
    "CREATE INDEX ix_share_member_id_bucket_order_id ON share (member_id, bucket, order_id)",
    "CREATE INDEX ix_region_agent_member_id_id ON region_agent (member_id, id)",
    "CREATE UNIQUE INDEX uq_region_agent_active ON region_agent (region_code) WHERE state = 'active'",
    "CREATE INDEX ix_dividend_line_member_id_of_month ON dividend_line (member_id, of_month)",
    "CREATE INDEX ix_withdrawal_member_id_id ON withdrawal (member_id, id)",
    "CREATE INDEX ix_withdrawal_state_id ON withdrawal (state, id)",
)

AUDITED = ("policy_version", "region_agent", "dividend_bill", "dividend_line", "withdrawal")
APPEND_ONLY = ("agreement", "consent", "standing_change", "refund")


# A new installation starts on `steady` (rules §10). The database asks for two names, and nobody is there yet.
FOUNDING = sa.text(
    "INSERT INTO policy_version (preset, terms, digest, state, effective_at, made_at, made_by, approved_at,"
    " approved_by, acknowledged, note) VALUES ('steady', CAST(:terms AS jsonb), :digest, 'approved', '2000-01-01Z',"
    " now(), 'system:founding', now(), 'system:founding-check', '[]', 'founding')"
)


def founding() -> None:
    """The policy in force before anybody makes one, so that one always is."""
    terms = json.dumps(policy.plain(policy.STEADY))
    op.execute(FOUNDING.bindparams(terms=terms, digest=bytes.fromhex(policy.digest(policy.STEADY))))


def upgrade() -> None:
    for statement in (*TABLES, *INDEXES):
        op.execute(statement)
    for table in AUDITED:
        guards.audited(table)
    guards.audited_in_bulk("obligation")
    guards.audited_in_bulk("shop_order", redact=("buyer", "address"))
    guards.audited_in_bulk("admission_task", key=("member_id",))
    for table in ("order_line", "share"):
        guards.audited_in_bulk(table, key=("order_id", "n"))
    for table in APPEND_ONLY:
        guards.append_only(table)
    founding()


def downgrade() -> None:
    for table in (
        "team", "withdrawal", "dividend_line", "dividend_bill", "region_agent", "share", "refund", "order_line",
        "shop_order",
        "obligation", "standing_change", "consent", "admission_task", "agreement", "policy_version",
    ):  # fmt: skip
        op.execute(f"DROP TABLE {table}")
