"""Risk: events with their signals, rules as data, decisions, allow-lists, back-tests, rings."""

from alembic import op

from models.migrations import guards

revision = "0025_risk"
down_revision = "0024_compliance"

TABLES = (
    """
CREATE TABLE risk_actor (
    id bigint GENERATED ALWAYS AS IDENTITY,
    key text COLLATE "C" NOT NULL,
    member_id bigint,
    CONSTRAINT pk_risk_actor PRIMARY KEY (id),
    CONSTRAINT uq_risk_actor_key UNIQUE (key),
    CONSTRAINT uq_risk_actor_member_id UNIQUE (member_id),
    CONSTRAINT fk_risk_actor_member_id_member FOREIGN KEY (member_id) REFERENCES member
)
""",
    """
CREATE TABLE risk_event (
    id bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,
    ref text COLLATE "C" NOT NULL,
    at timestamptz NOT NULL,
    actor_id bigint,
    other_id bigint,
    sponsor_id bigint,
    order_id bigint,
    amount_fen bigint NOT NULL,
    region_code text COLLATE "C",
    ip bytea,
    ip_shown text NOT NULL,
    device bytea,
    payer bytea,
    phone bytea,
    address bytea,
    payee bytea,
    picture bytea,
    facts jsonb NOT NULL,
    CONSTRAINT pk_risk_event PRIMARY KEY (id),
    CONSTRAINT uq_risk_event_kind_ref UNIQUE (kind, ref),
    CONSTRAINT ck_risk_event_kind CHECK (kind IN ('register', 'place', 'refund', 'payout', 'sign_in',
        'showcase', 'proof')),
    CONSTRAINT ck_risk_event_amount CHECK (amount_fen >= 0),
    CONSTRAINT ck_risk_event_order CHECK ((kind IN ('place', 'refund')) <= (order_id IS NOT NULL)),
    CONSTRAINT fk_risk_event_actor_id_risk_actor FOREIGN KEY (actor_id) REFERENCES risk_actor,
    CONSTRAINT fk_risk_event_other_id_risk_actor FOREIGN KEY (other_id) REFERENCES risk_actor,
    CONSTRAINT fk_risk_event_sponsor_id_risk_actor FOREIGN KEY (sponsor_id) REFERENCES risk_actor,
    CONSTRAINT fk_risk_event_order_id_shop_order FOREIGN KEY (order_id) REFERENCES shop_order
)
""",
    """
CREATE TABLE risk_tie (
    actor_id bigint NOT NULL,
    kind text NOT NULL,
    digest bytea NOT NULL,
    event_id bigint NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_risk_tie PRIMARY KEY (actor_id, kind, digest),
    CONSTRAINT ck_risk_tie_kind CHECK (kind IN ('payer', 'phone', 'device', 'payee', 'ip', 'address')),
    CONSTRAINT fk_risk_tie_actor_id_risk_actor FOREIGN KEY (actor_id) REFERENCES risk_actor,
    CONSTRAINT fk_risk_tie_event_id_risk_event FOREIGN KEY (event_id) REFERENCES risk_event
)
""",
    """
CREATE TABLE risk_rule (
    id bigint GENERATED ALWAYS AS IDENTITY,
    code text COLLATE "C" NOT NULL,
    version bigint NOT NULL,
    state text NOT NULL,
    terms jsonb NOT NULL,
    digest bytea NOT NULL,
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    note text NOT NULL,
    shadow_at timestamptz,
    live_at timestamptz,
    approved_by text,
    ended_at timestamptz,
    comparison jsonb,
    CONSTRAINT pk_risk_rule PRIMARY KEY (id),
    CONSTRAINT uq_risk_rule_code_version UNIQUE (code, version),
    CONSTRAINT ck_risk_rule_state CHECK (state IN ('draft', 'shadow', 'live', 'retired', 'dropped')),
    CONSTRAINT ck_risk_rule_version CHECK (version > 0),
    CONSTRAINT ck_risk_rule_digest CHECK (octet_length(digest) = 32),
    CONSTRAINT ck_risk_rule_live CHECK ((state = 'live') <= (live_at IS NOT NULL)),
    CONSTRAINT ck_risk_rule_two_people CHECK (approved_by <> made_by)
)
""",
    """
CREATE TABLE risk_ruleset (
    id bigint GENERATED ALWAYS AS IDENTITY,
    live bigint[] NOT NULL,
    shadow bigint[] NOT NULL,
    at timestamptz NOT NULL,
    by text NOT NULL,
    why text NOT NULL,
    CONSTRAINT pk_risk_ruleset PRIMARY KEY (id),
    CONSTRAINT ck_risk_ruleset_why CHECK (btrim(why) <> '')
)
""",
    """
CREATE TABLE risk_decision (
    id bigint GENERATED ALWAYS AS IDENTITY,
    event_id bigint NOT NULL,
    ruleset_id bigint NOT NULL,
    at timestamptz NOT NULL,
    score smallint NOT NULL,
    action text NOT NULL,
    hits jsonb NOT NULL,
    shadow bigint[] NOT NULL,
    features jsonb NOT NULL,
    CONSTRAINT pk_risk_decision PRIMARY KEY (id),
    CONSTRAINT uq_risk_decision_event_id UNIQUE (event_id),
    CONSTRAINT ck_risk_decision_score CHECK (score BETWEEN 0 AND 100),
    CONSTRAINT ck_risk_decision_action CHECK (action IN ('allow', 'hold', 'review', 'block_payout')),
    CONSTRAINT ck_risk_decision_threshold CHECK ((score >= 60) = (action <> 'allow')),
    CONSTRAINT fk_risk_decision_event_id_risk_event FOREIGN KEY (event_id) REFERENCES risk_event,
    CONSTRAINT fk_risk_decision_ruleset_id_risk_ruleset FOREIGN KEY (ruleset_id) REFERENCES risk_ruleset
)
""",
    """
CREATE TABLE risk_wait (
    event_id bigint NOT NULL,
    since timestamptz NOT NULL,
    why text NOT NULL,
    tries bigint NOT NULL,
    CONSTRAINT pk_risk_wait PRIMARY KEY (event_id),
    CONSTRAINT ck_risk_wait_tries CHECK (tries >= 0),
    CONSTRAINT ck_risk_wait_why CHECK (btrim(why) <> ''),
    CONSTRAINT fk_risk_wait_event_id_risk_event FOREIGN KEY (event_id) REFERENCES risk_event
)
""",
    """
CREATE TABLE risk_allow (
    id bigint GENERATED ALWAYS AS IDENTITY,
    kind text NOT NULL,
    digest bytea NOT NULL,
    label text NOT NULL,
    reason text NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    made_by text NOT NULL,
    ended_at timestamptz,
    ended_by text,
    CONSTRAINT pk_risk_allow PRIMARY KEY (id),
    CONSTRAINT ck_risk_allow_kind CHECK (kind IN ('ip', 'address', 'device')),
    CONSTRAINT ck_risk_allow_term CHECK (since < until),
    CONSTRAINT ck_risk_allow_words CHECK (btrim(label) <> '' AND btrim(reason) <> ''),
    CONSTRAINT ck_risk_allow_ended CHECK (num_nulls(ended_at, ended_by) IN (0, 2))
)
""",
    """
CREATE TABLE risk_block (
    withdrawal_id bigint NOT NULL,
    decision_id bigint NOT NULL,
    at timestamptz NOT NULL,
    lifted_at timestamptz,
    lifted_by text,
    reason text,
    CONSTRAINT pk_risk_block PRIMARY KEY (withdrawal_id),
    CONSTRAINT ck_risk_block_lifted CHECK (num_nulls(lifted_at, lifted_by, reason) IN (0, 3)),
    CONSTRAINT fk_risk_block_withdrawal_id_withdrawal FOREIGN KEY (withdrawal_id) REFERENCES withdrawal,
    CONSTRAINT fk_risk_block_decision_id_risk_decision FOREIGN KEY (decision_id) REFERENCES risk_decision
)
""",
    """
CREATE TABLE risk_backtest (
    id bigint GENERATED ALWAYS AS IDENTITY,
    rule_id bigint NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    made_at timestamptz NOT NULL,
    made_by text NOT NULL,
    result jsonb,
    digest bytea,
    ended_at timestamptz,
    CONSTRAINT pk_risk_backtest PRIMARY KEY (id),
    CONSTRAINT ck_risk_backtest_span CHECK (since < until),
    CONSTRAINT ck_risk_backtest_ended CHECK (num_nulls(result, digest, ended_at) IN (0, 3)),
    CONSTRAINT fk_risk_backtest_rule_id_risk_rule FOREIGN KEY (rule_id) REFERENCES risk_rule
)
""",
    """
CREATE TABLE risk_ring (
    id bigint GENERATED ALWAYS AS IDENTITY,
    made_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    size bigint NOT NULL,
    CONSTRAINT pk_risk_ring PRIMARY KEY (id),
    CONSTRAINT ck_risk_ring_size CHECK (size >= 0)
)
""",
    """
CREATE TABLE risk_ring_member (
    actor_id bigint NOT NULL,
    ring_id bigint NOT NULL,
    CONSTRAINT pk_risk_ring_member PRIMARY KEY (actor_id),
    CONSTRAINT fk_risk_ring_member_actor_id_risk_actor FOREIGN KEY (actor_id) REFERENCES risk_actor,
    CONSTRAINT fk_risk_ring_member_ring_id_risk_ring FOREIGN KEY (ring_id) REFERENCES risk_ring
)
""",
)
INDEXES = (
    "CREATE INDEX ix_risk_event_actor_id_kind_at ON risk_event (actor_id, kind, at)",
    "CREATE INDEX ix_risk_event_address ON risk_event (address, at) INCLUDE (kind, actor_id) WHERE address IS NOT NULL",
    "CREATE INDEX ix_risk_event_device ON risk_event (device, at) INCLUDE (kind, actor_id) WHERE device IS NOT NULL",
    "CREATE INDEX ix_risk_event_ip ON risk_event (ip, at) INCLUDE (kind, actor_id) WHERE ip IS NOT NULL",
    "CREATE INDEX ix_risk_event_joins ON risk_event (sponsor_id, at) WHERE kind = 'register'",
    "CREATE INDEX ix_risk_event_other_id_kind_at ON risk_event (other_id, kind, at)",
    "CREATE INDEX ix_risk_event_payee ON risk_event (payee, at) WHERE payee IS NOT NULL",
    "CREATE INDEX ix_risk_event_payer ON risk_event (payer, at) INCLUDE (actor_id) WHERE payer IS NOT NULL",
    "CREATE INDEX ix_risk_event_phone ON risk_event (phone, at) INCLUDE (actor_id) WHERE phone IS NOT NULL",
    "CREATE INDEX ix_risk_event_picture ON risk_event (picture, at) WHERE picture IS NOT NULL",
    "CREATE INDEX ix_risk_event_placed ON risk_event (order_id) WHERE kind = 'place'",
    "CREATE INDEX ix_risk_event_refunded ON risk_event (order_id, at) WHERE kind = 'refund'",
    "CREATE INDEX ix_risk_tie_kind_digest_actor_id ON risk_tie (kind, digest, actor_id)",
    "CREATE INDEX ix_risk_rule_state_id ON risk_rule (state, id)",
    "CREATE UNIQUE INDEX uq_risk_rule_live ON risk_rule (code) WHERE state = 'live'",
    "CREATE UNIQUE INDEX uq_risk_rule_open ON risk_rule (code) WHERE state IN ('draft', 'shadow')",
    "CREATE INDEX ix_risk_decision_at_id ON risk_decision (at, id)",
    "CREATE INDEX ix_risk_decision_shadow ON risk_decision (id) WHERE shadow <> '{}'",
    "CREATE INDEX ix_risk_decision_suspicious ON risk_decision (id) WHERE action <> 'allow'",
    "CREATE INDEX ix_risk_allow_kind_digest_since ON risk_allow (kind, digest, since)",
    "CREATE UNIQUE INDEX uq_risk_allow_open ON risk_allow (kind, digest) WHERE ended_at IS NULL",
    "CREATE INDEX ix_risk_block_open ON risk_block (withdrawal_id) WHERE lifted_at IS NULL",
    "CREATE INDEX ix_risk_backtest_rule_id_id ON risk_backtest (rule_id, id)",
    "CREATE INDEX ix_risk_ring_size_id ON risk_ring (size, id)",
    "CREATE INDEX ix_risk_ring_member_ring_id_actor_id ON risk_ring_member (ring_id, actor_id)",
)
APPEND_ONLY = ("risk_actor", "risk_ruleset", "risk_decision")
SIGNALS = ("ip", "ip_shown", "device", "payer", "phone", "address", "payee", "picture")
RECORDED = ("risk_rule", "risk_allow", "risk_block", "risk_backtest", "risk_ring")
IN_BULK = (("risk_wait", ("event_id",)), ("risk_ring_member", ("actor_id",)))


def upgrade() -> None:
    for statement in (*TABLES, *INDEXES):
        op.execute(statement)
    for table in APPEND_ONLY:
        guards.append_only(table)
    guards.append_only("risk_event", forgets=SIGNALS)
    guards.append_only("risk_tie", goes=True)
    for table in RECORDED:
        guards.audited(table)
    for table, key in IN_BULK:
        guards.audited_in_bulk(table, key=key)


def downgrade() -> None:
    for table in reversed(TABLES):
        op.execute(f"DROP TABLE {table.split()[2]}")
