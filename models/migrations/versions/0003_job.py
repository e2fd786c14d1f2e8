"""The outbox, the jobs and the timetable's marks."""

from alembic import op

from models.migrations import guards

revision = "0003_job"
down_revision = "0002_staff"

EVENT = """
CREATE TABLE event (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_event PRIMARY KEY,
    name text NOT NULL,
    subject text NOT NULL DEFAULT '',
    payload jsonb NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    relayed_at timestamptz
)
"""

JOB = """
CREATE TABLE job (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_job PRIMARY KEY,
    kind text NOT NULL,
    queue text NOT NULL DEFAULT 'default'
        CONSTRAINT ck_job_queue CHECK (queue IN ('money', 'risk', 'default', 'export')),
    state text NOT NULL DEFAULT 'waiting'
        CONSTRAINT ck_job_state CHECK (state IN ('waiting', 'running', 'done', 'dead', 'cancelled')),
    payload jsonb NOT NULL,
    subject text NOT NULL DEFAULT '',
    title text NOT NULL DEFAULT '',
    created_by text NOT NULL DEFAULT '',
    key text CONSTRAINT uq_job_key UNIQUE,
    lane text NOT NULL DEFAULT '',
    event_id bigint CONSTRAINT fk_job_event_id_event REFERENCES event (id),
    run_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempts bigint NOT NULL DEFAULT 0,
    max_attempts bigint NOT NULL DEFAULT 8,
    lease_until timestamptz,
    token bigint NOT NULL DEFAULT 0,
    worker text NOT NULL DEFAULT '',
    done bigint NOT NULL DEFAULT 0,
    total bigint NOT NULL DEFAULT 0,
    note text NOT NULL DEFAULT '',
    result jsonb,
    error text NOT NULL DEFAULT '',
    cancel_requested boolean NOT NULL DEFAULT false,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    started_at timestamptz,
    finished_at timestamptz,
    CONSTRAINT ck_job_attempts CHECK (attempts BETWEEN 0 AND max_attempts),
    CONSTRAINT ck_job_lease CHECK ((state = 'running') = (lease_until IS NOT NULL)),
    CONSTRAINT ck_job_finished CHECK ((state IN ('done', 'dead', 'cancelled')) = (finished_at IS NOT NULL)),
    CONSTRAINT ck_job_progress CHECK (done >= 0 AND total >= 0),
    CONSTRAINT uq_job_event_id_kind UNIQUE (event_id, kind)
)
"""

MARK = """
CREATE TABLE mark (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_mark PRIMARY KEY,
    name text NOT NULL,
    period timestamptz NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT uq_mark_name_period UNIQUE (name, period)
)
"""

INDEXES = (
    "ix_event_unrelayed ON event (id) WHERE relayed_at IS NULL",
    "ix_event_name_id ON event (name, id)",
    "ix_event_subject_id ON event (subject, id)",
    "ix_event_created_at_id ON event (created_at, id)",
    "ix_job_due ON job (queue, run_at, id) WHERE state = 'waiting'",
    "ix_job_leased ON job (lease_until) WHERE state = 'running'",
    "ix_job_lane ON job (lane, id) WHERE lane <> '' AND finished_at IS NULL",
    "ix_job_state_id ON job (state, id)",
    "ix_job_kind_id ON job (kind, id)",
    "ix_job_queue_id ON job (queue, id)",
    "ix_job_subject_id ON job (subject, id)",
    "ix_job_created_at_id ON job (created_at, id)",
    "ix_job_finished_at_id ON job (finished_at, id)",
)

# What a worker's heartbeat and progress move: a change of nothing else leaves no audit row.
TICKING = ("lease_until", "worker", "done", "total", "note")


def upgrade() -> None:
    for table in (EVENT, JOB, MARK):
        op.execute(table)
    for index in INDEXES:
        op.execute(f"CREATE INDEX {index}")
    guards.audited("event", ignore=("relayed_at",))
    guards.audited("job", ignore=TICKING)
    guards.audited("mark")


def downgrade() -> None:
    for table in ("mark", "job", "event"):
        op.execute(f"DROP TABLE {table}")
