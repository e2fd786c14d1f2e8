"""Review cases with hits, holds and decisions; queues, reviewers and whom they are related to; strikes, appeals."""

from alembic import op

from models.migrations import guards

revision = "0021_case"
down_revision = "0020_api"

TABLES = (
    """
CREATE TABLE review_case (
    id bigint GENERATED ALWAYS AS IDENTITY,
    queue text NOT NULL,
    subject text COLLATE "C" NOT NULL,
    rule_group text COLLATE "C" NOT NULL,
    state text NOT NULL,
    stake_fen bigint NOT NULL,
    score bigint NOT NULL,
    evidence bytea NOT NULL,
    boosts text[] NOT NULL,
    member_ids bigint[] NOT NULL,
    merchant_ids bigint[] NOT NULL,
    region_codes text[] NOT NULL,
    opened_at timestamptz NOT NULL,
    opened_by text NOT NULL,
    hit_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    warn_at timestamptz NOT NULL,
    paused_at timestamptz,
    left_seconds bigint,
    snoozed_until timestamptz,
    assignee_id bigint,
    assigned_at timestamptz,
    lease bigint NOT NULL,
    lease_until timestamptz,
    closed_at timestamptz,
    closed_by text,
    reason text NOT NULL,
    second text,
    CONSTRAINT pk_review_case PRIMARY KEY (id),
    CONSTRAINT ck_review_case_queue CHECK (queue IN ('first_review', 'appeal', 'payout', 'admission',
        'after_sale', 'compliance', 'complaint')),
    CONSTRAINT ck_review_case_subject CHECK (subject ~ '^[a-z_]+:.+$' AND btrim(rule_group) <> ''),
    CONSTRAINT ck_review_case_state CHECK (state IN ('open', 'assigned', 'in_review', 'confirmed', 'cleared',
        'expired', 'settled')),
    CONSTRAINT ck_review_case_figures CHECK (stake_fen >= 0 AND score >= 0 AND lease >= 0),
    CONSTRAINT ck_review_case_assignee CHECK ((state IN ('assigned', 'in_review')) = (assignee_id IS NOT NULL)),
    CONSTRAINT ck_review_case_lease CHECK ((state = 'in_review') = (lease_until IS NOT NULL)),
    CONSTRAINT ck_review_case_closed CHECK ((state IN ('confirmed', 'cleared', 'expired',
        'settled')) = (closed_at IS NOT NULL) AND (closed_at IS NULL) = (closed_by IS NULL)),
    CONSTRAINT ck_review_case_reason CHECK (closed_at IS NULL OR btrim(reason) <> ''),
    CONSTRAINT ck_review_case_paused CHECK ((paused_at IS NULL) = (left_seconds IS NULL)),
    CONSTRAINT ck_review_case_second CHECK (second IS NULL OR (second IN ('due', 'done')
        AND closed_at IS NOT NULL)),
    CONSTRAINT ck_review_case_evidence CHECK (octet_length(evidence) = 32),
    CONSTRAINT fk_review_case_assignee_id_staff FOREIGN KEY(assignee_id) REFERENCES staff (id)
)
""",
    """
CREATE TABLE case_hit (
    id bigint GENERATED ALWAYS AS IDENTITY,
    case_id bigint NOT NULL,
    at timestamptz NOT NULL,
    rule text NOT NULL,
    version bigint NOT NULL,
    weight bigint NOT NULL,
    words text NOT NULL,
    features jsonb NOT NULL,
    digest bytea NOT NULL,
    CONSTRAINT pk_case_hit PRIMARY KEY (id),
    CONSTRAINT uq_case_hit_case_id_digest UNIQUE (case_id, digest),
    CONSTRAINT ck_case_hit_said CHECK (btrim(rule) <> '' AND btrim(words) <> '' AND version > 0),
    CONSTRAINT fk_case_hit_case_id_review_case FOREIGN KEY(case_id) REFERENCES review_case (id)
)
""",
    """
CREATE TABLE case_hold (
    id bigint GENERATED ALWAYS AS IDENTITY,
    case_id bigint NOT NULL,
    order_id bigint NOT NULL,
    since timestamptz NOT NULL,
    is_keeper boolean NOT NULL,
    ended_at timestamptz,
    CONSTRAINT pk_case_hold PRIMARY KEY (id),
    CONSTRAINT uq_case_hold_case_id_order_id UNIQUE (case_id, order_id),
    CONSTRAINT ck_case_hold_keeper CHECK (NOT is_keeper OR ended_at IS NULL),
    CONSTRAINT fk_case_hold_case_id_review_case FOREIGN KEY(case_id) REFERENCES review_case (id),
    CONSTRAINT fk_case_hold_order_id_shop_order FOREIGN KEY(order_id) REFERENCES shop_order (id)
)
""",
    """
CREATE TABLE case_step (
    id bigint GENERATED ALWAYS AS IDENTITY,
    case_id bigint NOT NULL,
    at timestamptz NOT NULL,
    kind text NOT NULL,
    by text NOT NULL,
    note text NOT NULL,
    to_id bigint,
    CONSTRAINT pk_case_step PRIMARY KEY (id),
    CONSTRAINT ck_case_step_kind CHECK (kind IN ('opened', 'hit', 'dealt', 'claimed', 'lapsed', 'returned',
        'handed', 'escalated', 'snoozed', 'paused', 'resumed', 'warned', 'breached', 'asked', 'noted',
        'decided', 'looked', 'moved')),
    CONSTRAINT fk_case_step_case_id_review_case FOREIGN KEY(case_id) REFERENCES review_case (id),
    CONSTRAINT fk_case_step_to_id_staff FOREIGN KEY(to_id) REFERENCES staff (id)
)
""",
    """
CREATE TABLE case_snooze (
    id bigint GENERATED ALWAYS AS IDENTITY,
    case_id bigint NOT NULL,
    subject text COLLATE "C" NOT NULL,
    rule_group text COLLATE "C" NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    made_by text NOT NULL,
    reason text NOT NULL,
    CONSTRAINT pk_case_snooze PRIMARY KEY (id),
    CONSTRAINT ck_case_snooze_said CHECK (since < until AND btrim(reason) <> ''),
    CONSTRAINT fk_case_snooze_case_id_review_case FOREIGN KEY(case_id) REFERENCES review_case (id)
)
""",
    """
CREATE TABLE case_draft (
    id bigint GENERATED ALWAYS AS IDENTITY,
    case_id bigint NOT NULL,
    staff_id bigint NOT NULL,
    verdict text NOT NULL,
    note text NOT NULL,
    at timestamptz NOT NULL,
    CONSTRAINT pk_case_draft PRIMARY KEY (id),
    CONSTRAINT uq_case_draft_case_id_staff_id UNIQUE (case_id, staff_id),
    CONSTRAINT ck_case_draft_note CHECK (length(note) <= 2000),
    CONSTRAINT fk_case_draft_case_id_review_case FOREIGN KEY(case_id) REFERENCES review_case (id),
    CONSTRAINT fk_case_draft_staff_id_staff FOREIGN KEY(staff_id) REFERENCES staff (id)
)
""",
    """
CREATE TABLE case_decision (
    id bigint GENERATED ALWAYS AS IDENTITY,
    case_id bigint NOT NULL,
    at timestamptz NOT NULL,
    verdict text NOT NULL,
    reason text NOT NULL,
    made_by text NOT NULL,
    second_by text,
    first_by text,
    stake_fen bigint NOT NULL,
    limit_fen bigint NOT NULL,
    closes boolean NOT NULL,
    score bigint NOT NULL,
    evidence bytea NOT NULL,
    hits jsonb NOT NULL,
    before jsonb NOT NULL,
    after jsonb NOT NULL,
    seconds bigint NOT NULL,
    CONSTRAINT pk_case_decision PRIMARY KEY (id),
    CONSTRAINT ck_case_decision_verdict CHECK (verdict IN ('confirmed', 'cleared', 'expired', 'settled')),
    CONSTRAINT ck_case_decision_reason CHECK (btrim(reason) <> ''),
    CONSTRAINT ck_case_decision_two_people CHECK (made_by <> second_by AND made_by <> first_by),
    CONSTRAINT ck_case_decision_second CHECK (verdict <> 'confirmed' OR first_by IS NOT NULL
        OR second_by IS NOT NULL OR (stake_fen < limit_fen AND NOT closes)),
    CONSTRAINT ck_case_decision_evidence CHECK (octet_length(evidence) = 32),
    CONSTRAINT fk_case_decision_case_id_review_case FOREIGN KEY(case_id) REFERENCES review_case (id)
)
""",
    """
CREATE TABLE queue_setting (
    queue text NOT NULL,
    sla_minutes bigint NOT NULL,
    opens bigint NOT NULL,
    closes bigint NOT NULL,
    every_day boolean NOT NULL,
    cap bigint NOT NULL,
    lease_minutes bigint NOT NULL,
    second_look_bps bigint NOT NULL,
    two_people_fen bigint NOT NULL,
    expires_days bigint,
    deals boolean NOT NULL,
    set_at timestamptz NOT NULL,
    set_by text NOT NULL,
    CONSTRAINT pk_queue_setting PRIMARY KEY (queue),
    CONSTRAINT ck_queue_setting_queue CHECK (queue IN ('first_review', 'appeal', 'payout', 'admission',
        'after_sale', 'compliance', 'complaint')),
    CONSTRAINT ck_queue_setting_sla CHECK (sla_minutes BETWEEN 1 AND 14400),
    CONSTRAINT ck_queue_setting_hours CHECK (0 <= opens AND opens < closes AND closes <= 1440),
    CONSTRAINT ck_queue_setting_limits CHECK (cap BETWEEN 1 AND 200 AND lease_minutes BETWEEN 2 AND 120
        AND second_look_bps BETWEEN 0 AND 10000 AND two_people_fen >= 0),
    CONSTRAINT ck_queue_setting_expires CHECK (expires_days BETWEEN 1 AND 365)
)
""",
    """
CREATE TABLE business_day (
    id bigint GENERATED ALWAYS AS IDENTITY,
    day date NOT NULL,
    is_worked boolean NOT NULL,
    name text NOT NULL,
    set_by text NOT NULL,
    CONSTRAINT pk_business_day PRIMARY KEY (id),
    CONSTRAINT uq_business_day_day UNIQUE (day),
    CONSTRAINT ck_business_day_name CHECK (btrim(name) <> '')
)
""",
    """
CREATE TABLE reviewer (
    id bigint GENERATED ALWAYS AS IDENTITY,
    staff_id bigint NOT NULL,
    cap bigint NOT NULL,
    queues text[] NOT NULL,
    set_by text NOT NULL,
    CONSTRAINT pk_reviewer PRIMARY KEY (id),
    CONSTRAINT uq_reviewer_staff_id UNIQUE (staff_id),
    CONSTRAINT ck_reviewer_cap CHECK (cap BETWEEN 0 AND 200),
    CONSTRAINT ck_reviewer_queues CHECK (queues <@ ARRAY['first_review', 'appeal', 'payout', 'admission',
        'after_sale', 'compliance', 'complaint']),
    CONSTRAINT fk_reviewer_staff_id_staff FOREIGN KEY(staff_id) REFERENCES staff (id)
)
""",
    """
CREATE TABLE reviewer_away (
    id bigint GENERATED ALWAYS AS IDENTITY,
    staff_id bigint NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    note text NOT NULL,
    set_by text NOT NULL,
    CONSTRAINT pk_reviewer_away PRIMARY KEY (id),
    CONSTRAINT ck_reviewer_away_span CHECK (since < until),
    CONSTRAINT fk_reviewer_away_staff_id_staff FOREIGN KEY(staff_id) REFERENCES staff (id)
)
""",
    """
CREATE TABLE staff_tie (
    id bigint GENERATED ALWAYS AS IDENTITY,
    staff_id bigint NOT NULL,
    member_id bigint,
    merchant_id bigint,
    region_code text COLLATE "C",
    note text NOT NULL,
    set_at timestamptz NOT NULL,
    set_by text NOT NULL,
    CONSTRAINT pk_staff_tie PRIMARY KEY (id),
    CONSTRAINT ck_staff_tie_one CHECK (num_nonnulls(member_id, merchant_id, region_code) = 1),
    CONSTRAINT ck_staff_tie_region CHECK (region_code ~ '^[0-9]{6}$'),
    CONSTRAINT ck_staff_tie_note CHECK (btrim(note) <> ''),
    CONSTRAINT fk_staff_tie_staff_id_staff FOREIGN KEY(staff_id) REFERENCES staff (id),
    CONSTRAINT fk_staff_tie_member_id_member FOREIGN KEY(member_id) REFERENCES member (id),
    CONSTRAINT fk_staff_tie_merchant_id_merchant FOREIGN KEY(merchant_id) REFERENCES merchant (id)
)
""",
    """
CREATE TABLE strike (
    id bigint GENERATED ALWAYS AS IDENTITY,
    member_id bigint NOT NULL,
    order_id bigint NOT NULL,
    at timestamptz NOT NULL,
    given_by text NOT NULL,
    closed_showcase boolean NOT NULL,
    taken_back_at timestamptz,
    taken_back_by text,
    CONSTRAINT pk_strike PRIMARY KEY (id),
    CONSTRAINT ck_strike_taken_back CHECK ((taken_back_at IS NULL) = (taken_back_by IS NULL)),
    CONSTRAINT fk_strike_member_id_member FOREIGN KEY(member_id) REFERENCES member (id),
    CONSTRAINT fk_strike_order_id_shop_order FOREIGN KEY(order_id) REFERENCES shop_order (id)
)
""",
    """
CREATE TABLE appeal (
    id bigint GENERATED ALWAYS AS IDENTITY,
    member_id bigint NOT NULL,
    subject text COLLATE "C" NOT NULL,
    words text NOT NULL,
    state text NOT NULL,
    filed_at timestamptz NOT NULL,
    against_by text NOT NULL,
    decided_at timestamptz,
    decided_by text,
    answer text NOT NULL,
    CONSTRAINT pk_appeal PRIMARY KEY (id),
    CONSTRAINT ck_appeal_subject CHECK (subject ~ '^(strike|showcase|order|proof|after_sale):[0-9]+$'),
    CONSTRAINT ck_appeal_words CHECK (btrim(words) <> '' AND length(words) <= 2000),
    CONSTRAINT ck_appeal_state CHECK (state IN ('open', 'won', 'lost')),
    CONSTRAINT ck_appeal_decided CHECK ((state = 'open') = (decided_at IS NULL)
        AND (decided_at IS NULL) = (decided_by IS NULL)),
    CONSTRAINT ck_appeal_answer CHECK (state = 'open' OR btrim(answer) <> ''),
    CONSTRAINT ck_appeal_another CHECK (decided_by <> against_by),
    CONSTRAINT fk_appeal_member_id_member FOREIGN KEY(member_id) REFERENCES member (id)
)
""",
)
INDEXES = (
    "CREATE INDEX ix_review_case_alike ON review_case (evidence, id) WHERE closed_at IS NULL",
    "CREATE INDEX ix_review_case_assignee_id ON review_case (assignee_id) WHERE assignee_id IS NOT NULL",
    "CREATE INDEX ix_review_case_concerned ON review_case USING gin (member_ids)",
    "CREATE INDEX ix_review_case_lease_until ON review_case (lease_until) WHERE lease_until IS NOT NULL",
    "CREATE INDEX ix_review_case_live ON review_case (queue, due_at) WHERE closed_at IS NULL",
    "CREATE INDEX ix_review_case_queue_id ON review_case (queue, id)",
    "CREATE INDEX ix_review_case_second ON review_case (id) WHERE second = 'due'",
    "CREATE INDEX ix_review_case_subject_id ON review_case (subject, id)",
    "CREATE UNIQUE INDEX uq_review_case_open ON review_case (subject, rule_group) WHERE closed_at IS NULL",
    "CREATE INDEX ix_case_hold_order_id_id ON case_hold (order_id, id)",
    "CREATE UNIQUE INDEX uq_case_hold_keeper ON case_hold (order_id) WHERE is_keeper",
    "CREATE INDEX ix_case_step_case_id_id ON case_step (case_id, id)",
    "CREATE INDEX ix_case_snooze_case_id_id ON case_snooze (case_id, id)",
    "CREATE INDEX ix_case_decision_at_id ON case_decision (at, id)",
    "CREATE UNIQUE INDEX uq_case_decision_first ON case_decision (case_id) WHERE first_by IS NULL",
    "CREATE UNIQUE INDEX uq_case_decision_second ON case_decision (case_id) WHERE first_by IS NOT NULL",
    "CREATE INDEX ix_reviewer_away_staff_id_until ON reviewer_away (staff_id, until)",
    "CREATE INDEX ix_staff_tie_staff_id_id ON staff_tie (staff_id, id)",
    "CREATE INDEX ix_strike_member_id_id ON strike (member_id, id)",
    "CREATE UNIQUE INDEX uq_strike_order ON strike (order_id) WHERE taken_back_at IS NULL",
    "CREATE INDEX ix_appeal_member_id_id ON appeal (member_id, id)",
    "CREATE INDEX ix_appeal_state_id ON appeal (state, id)",
    "CREATE UNIQUE INDEX uq_appeal_open ON appeal (subject) WHERE decided_at IS NULL",
)

GROWING = ("case_hit", "case_step", "case_snooze", "case_decision")
# What people write in their own words stands in its row alone.
PERSONAL = {
    "appeal": ("words", "answer"), "case_draft": ("note",), "case_step": ("note",), "case_snooze": ("reason",),
}  # fmt: skip
CHANGING = (
    "case_hold", "case_draft", "queue_setting", "business_day", "reviewer", "reviewer_away", "staff_tie", "strike",
    "appeal",
)  # fmt: skip


def upgrade() -> None:
    for statement in (*TABLES, *INDEXES):
        op.execute(statement)
    for table in GROWING:
        guards.audited(table, redact=PERSONAL.get(table, ()))
        guards.append_only(table, forgets=PERSONAL.get(table, ()))
    for table in CHANGING:
        guards.audited(table, redact=PERSONAL.get(table, ()))
    # A lease that renews itself every few minutes is no news.
    guards.audited("review_case", ignore=("lease_until",))


def downgrade() -> None:
    for table in (*reversed(CHANGING), *reversed(GROWING), "review_case"):
        op.execute(f"DROP TABLE {table}")
