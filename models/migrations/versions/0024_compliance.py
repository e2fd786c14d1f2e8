"""Complaints with their clock, findings of the lint, looks at the law, files for outside, what was erased."""

from alembic import op

from models.migrations import guards

revision = "0024_compliance"
down_revision = "0023_share_owner"

TABLES = (
    """
CREATE TABLE complaint (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_complaint PRIMARY KEY,
    member_id bigint CONSTRAINT fk_complaint_member_id_member REFERENCES member,
    category text NOT NULL CONSTRAINT ck_complaint_category CHECK (category IN (
        'platform', 'merchant', 'income_claim', 'entry_fee', 'refund', 'account', 'privacy', 'other')),
    subject text NOT NULL,
    words text NOT NULL CONSTRAINT ck_complaint_words CHECK (btrim(words) <> ''),
    state text NOT NULL CONSTRAINT ck_complaint_state CHECK (state IN ('open', 'answered', 'closed')),
    opened_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    owner_id bigint CONSTRAINT fk_complaint_owner_id_staff REFERENCES staff,
    answered_at timestamptz,
    answered_by text CONSTRAINT ck_complaint_human CHECK (answered_by LIKE 'staff:%'),
    breached_at timestamptz,
    closed_at timestamptz,
    outcome text NOT NULL,
    CONSTRAINT ck_complaint_due CHECK (due_at > opened_at),
    CONSTRAINT ck_complaint_answered CHECK ((answered_at IS NULL) = (answered_by IS NULL)),
    CONSTRAINT ck_complaint_open CHECK ((state = 'open') = (answered_at IS NULL)),
    CONSTRAINT ck_complaint_closed CHECK ((state = 'closed') = (closed_at IS NOT NULL))
)
""",
    """
CREATE TABLE complaint_message (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_complaint_message PRIMARY KEY,
    complaint_id bigint NOT NULL CONSTRAINT fk_complaint_message_complaint_id_complaint REFERENCES complaint,
    at timestamptz NOT NULL,
    kind text NOT NULL CONSTRAINT ck_complaint_message_kind CHECK (kind IN ('member', 'auto', 'answer', 'note')),
    by text NOT NULL,
    words text NOT NULL CONSTRAINT ck_complaint_message_words CHECK (btrim(words) <> ''),
    CONSTRAINT ck_complaint_message_human CHECK (kind <> 'answer' OR by LIKE 'staff:%')
)
""",
    """
CREATE TABLE finding (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_finding PRIMARY KEY,
    rule text COLLATE "C" NOT NULL,
    severity text NOT NULL CONSTRAINT ck_finding_severity CHECK (severity IN ('block', 'freeze', 'crit', 'warn')),
    article text NOT NULL,
    subject text COLLATE "C" NOT NULL,
    text text NOT NULL,
    evidence text NOT NULL,
    mend text NOT NULL,
    state text NOT NULL
        CONSTRAINT ck_finding_state CHECK (state IN ('open', 'acknowledged', 'muted', 'resolved')),
    first_at timestamptz NOT NULL,
    last_at timestamptz NOT NULL,
    due_at timestamptz NOT NULL,
    owner_id bigint CONSTRAINT fk_finding_owner_id_staff REFERENCES staff,
    reason text NOT NULL,
    muted_until timestamptz,
    resolved_at timestamptz,
    CONSTRAINT ck_finding_seen CHECK (last_at >= first_at),
    CONSTRAINT ck_finding_muted CHECK ((state = 'muted') = (muted_until IS NOT NULL)),
    CONSTRAINT ck_finding_resolved CHECK ((state = 'resolved') = (resolved_at IS NOT NULL)),
    CONSTRAINT ck_finding_reason CHECK (state NOT IN ('acknowledged', 'muted') OR btrim(reason) <> '')
)
""",
    """
CREATE TABLE law_check (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_law_check PRIMARY KEY,
    law text COLLATE "C" NOT NULL,
    checked_on date NOT NULL,
    by text NOT NULL,
    note text NOT NULL CONSTRAINT ck_law_check_note CHECK (btrim(note) <> '')
)
""",
    """
CREATE TABLE handout (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_handout PRIMARY KEY,
    kind text NOT NULL CONSTRAINT ck_handout_kind CHECK (kind IN (
        'member', 'order', 'complaint', 'period', 'withholding', 'platform_income', 'platform_identity')),
    subject text NOT NULL,
    reason text NOT NULL,
    staff_id bigint NOT NULL CONSTRAINT fk_handout_staff_id_staff REFERENCES staff,
    is_masked boolean NOT NULL,
    job_id bigint CONSTRAINT fk_handout_job_id_job REFERENCES job ON DELETE SET NULL,
    created_at timestamptz NOT NULL,
    ready_at timestamptz,
    expires_at timestamptz,
    removed_at timestamptz,
    file text,
    digest text CONSTRAINT ck_handout_digest CHECK (digest ~ '^[0-9a-f]{64}$'),
    rows bigint NOT NULL DEFAULT 0,
    bytes bigint NOT NULL DEFAULT 0,
    CONSTRAINT ck_handout_said CHECK (btrim(subject) <> '' AND btrim(reason) <> ''),
    CONSTRAINT ck_handout_ready CHECK (num_nulls(ready_at, file, digest, expires_at) IN (0, 4))
)
""",
    """
CREATE TABLE erasure (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_erasure PRIMARY KEY,
    kind text NOT NULL,
    at timestamptz NOT NULL,
    before timestamptz NOT NULL,
    rows bigint NOT NULL CONSTRAINT ck_erasure_rows CHECK (rows >= 0)
)
""",
)
INDEXES = (
    "CREATE INDEX ix_complaint_member_id_id ON complaint (member_id, id)",
    "CREATE INDEX ix_complaint_state_id ON complaint (state, id)",
    "CREATE INDEX ix_complaint_due_at_id ON complaint (due_at, id) WHERE answered_at IS NULL",
    "CREATE INDEX ix_complaint_message_complaint_id_id ON complaint_message (complaint_id, id)",
    "CREATE UNIQUE INDEX uq_finding_standing ON finding (rule, subject) WHERE resolved_at IS NULL",
    "CREATE INDEX ix_finding_state_id ON finding (state, id)",
    "CREATE INDEX ix_finding_rule_id ON finding (rule, id)",
    "CREATE INDEX ix_law_check_law_checked_on ON law_check (law, checked_on)",
    "CREATE INDEX ix_handout_staff_id_id ON handout (staff_id, id)",
    "CREATE INDEX ix_handout_kept ON handout (expires_at) WHERE ready_at IS NOT NULL AND removed_at IS NULL",
    "CREATE INDEX ix_erasure_kind_id ON erasure (kind, id)",
)


def upgrade() -> None:
    for statement in (*TABLES, *INDEXES):
        op.execute(statement)
    guards.audited("complaint", redact=("words", "outcome"))
    # What stands still while it is seen again and again leaves no row each time.
    guards.audited("finding", ignore=("last_at",))
    guards.audited("handout")
    for table in ("law_check", "erasure"):
        guards.append_only(table)
    guards.append_only("complaint_message", forgets=("words",))


def downgrade() -> None:
    for table in ("erasure", "handout", "law_check", "finding", "complaint_message", "complaint"):
        op.execute(f"DROP TABLE {table}")
