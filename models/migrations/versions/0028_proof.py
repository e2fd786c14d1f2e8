"""Evidence of admission purchases, and a queue of its own for reading it."""

from alembic import op

from models.migrations import guards

revision = "0028_proof"
down_revision = "0027_shop"

PROOF = """
CREATE TABLE proof (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_proof PRIMARY KEY,
    member_id bigint NOT NULL CONSTRAINT fk_proof_member_id_member REFERENCES member,
    seller_id bigint NOT NULL CONSTRAINT fk_proof_seller_id_member REFERENCES member,
    state text NOT NULL CONSTRAINT ck_proof_state CHECK (state IN ('waiting', 'manual', 'passed', 'rejected')),
    code text,
    note text NOT NULL,
    picture text NOT NULL,
    sha256 bytea NOT NULL,
    outline bytea NOT NULL,
    band1 bigint NOT NULL,
    band2 bigint NOT NULL,
    band3 bigint NOT NULL,
    band4 bigint NOT NULL,
    width bigint NOT NULL,
    height bigint NOT NULL,
    number text COLLATE "C",
    shop text,
    paid_fen bigint,
    placed_at timestamptz,
    paid_at timestamptz,
    sure smallint CONSTRAINT ck_proof_sure CHECK (sure BETWEEN 0 AND 100),
    order_id bigint CONSTRAINT fk_proof_order_id_shop_order REFERENCES shop_order,
    twin_id bigint CONSTRAINT fk_proof_twin_id_proof REFERENCES proof,
    submitted_at timestamptz NOT NULL,
    read_at timestamptz,
    judged_at timestamptz,
    decided_at timestamptz,
    decided_by text,
    appealed_at timestamptz,
    appeal text,
    CONSTRAINT ck_proof_code CHECK ((state = 'waiting') = (code IS NULL)),
    CONSTRAINT ck_proof_passed CHECK (state <> 'passed' OR number IS NOT NULL),
    CONSTRAINT ck_proof_decided CHECK ((state IN ('passed', 'rejected')) = (decided_at IS NOT NULL)),
    CONSTRAINT ck_proof_digests CHECK (octet_length(sha256) = 32 AND octet_length(outline) = 128),
    CONSTRAINT ck_proof_bands CHECK (
        band1 BETWEEN 0 AND 65535 AND band2 BETWEEN 0 AND 65535 AND band3 BETWEEN 0 AND 65535
        AND band4 BETWEEN 0 AND 65535),
    CONSTRAINT ck_proof_size CHECK (width > 0 AND height > 0),
    CONSTRAINT ck_proof_twin CHECK (twin_id < id)
)
"""
STEP = """
CREATE TABLE proof_step (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_proof_step PRIMARY KEY,
    proof_id bigint NOT NULL CONSTRAINT fk_proof_step_proof_id_proof REFERENCES proof,
    n smallint NOT NULL,
    at timestamptz NOT NULL,
    by text NOT NULL,
    kind text NOT NULL
        CONSTRAINT ck_proof_step_kind CHECK (kind IN ('submitted', 'judged', 'appealed', 'decided')),
    state text NOT NULL,
    code text,
    note text NOT NULL,
    evidence jsonb NOT NULL,
    CONSTRAINT uq_proof_step_proof_id_n UNIQUE (proof_id, n)
)
"""
INDEXES = (
    "CREATE UNIQUE INDEX uq_proof_number ON proof (number) WHERE state = 'passed'",
    "CREATE UNIQUE INDEX uq_proof_task ON proof (member_id, seller_id) WHERE state <> 'rejected'",
    "CREATE INDEX ix_proof_member_id_seller_id_id ON proof (member_id, seller_id, id)",
    "CREATE INDEX ix_proof_manual ON proof (submitted_at, id) WHERE state = 'manual'",
    "CREATE INDEX ix_proof_state_id ON proof (state, id)",
    "CREATE INDEX ix_proof_sha256 ON proof (sha256)",
    "CREATE INDEX ix_proof_read_number ON proof (number)",
    "CREATE INDEX ix_proof_band1_id ON proof (band1, id)",
    "CREATE INDEX ix_proof_band2_id ON proof (band2, id)",
    "CREATE INDEX ix_proof_band3_id ON proof (band3, id)",
    "CREATE INDEX ix_proof_band4_id ON proof (band4, id)",
    "CREATE INDEX ix_proof_step_at_id ON proof_step (at, id)",
)
QUEUES = "ALTER TABLE job DROP CONSTRAINT ck_job_queue, ADD CONSTRAINT ck_job_queue CHECK (queue IN ({queues}))"


def upgrade() -> None:
    for statement in (PROOF, STEP, *INDEXES):
        op.execute(statement)
    guards.audited("proof", redact=("appeal", "note"))
    guards.append_only("proof_step", forgets=("note",))
    op.execute(QUEUES.format(queues="'money', 'risk', 'default', 'picture', 'export'"))


def downgrade() -> None:
    op.execute("DELETE FROM job WHERE queue = 'picture'")
    op.execute(QUEUES.format(queues="'money', 'risk', 'default', 'export'"))
    op.execute("DROP TABLE proof_step")
    op.execute("DROP TABLE proof")
