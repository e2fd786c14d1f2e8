"""What the desk of members keeps: people, notes, seed candidates, and the indexes its lists are read by."""

from alembic import op

from models.migrations import guards

revision = "0016_desk_member"
down_revision = "0015_desk_tree"

TABLES = (
    """
CREATE TABLE person (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_person PRIMARY KEY,
    member_id bigint NOT NULL CONSTRAINT fk_person_member_id_member REFERENCES member
        CONSTRAINT uq_person_member_id UNIQUE,
    nickname text,
    phone text COLLATE "C" CONSTRAINT uq_person_phone UNIQUE CONSTRAINT ck_person_phone CHECK (phone ~ '^[0-9]{6,20}$'),
    phone_tail text COLLATE "C" GENERATED ALWAYS AS ("right"(phone, 4)) STORED,
    real_name text
)
""",
    """
CREATE TABLE member_note (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_member_note PRIMARY KEY,
    member_id bigint NOT NULL CONSTRAINT fk_member_note_member_id_member REFERENCES member,
    at timestamptz NOT NULL,
    by text NOT NULL,
    text text NOT NULL CONSTRAINT ck_member_note_text CHECK (btrim(text) <> '')
)
""",
    """
CREATE TABLE seed_candidate (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_seed_candidate PRIMARY KEY,
    member_id bigint NOT NULL CONSTRAINT fk_seed_candidate_member_id_member REFERENCES member,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    orders bigint NOT NULL,
    sales_fen bigint NOT NULL,
    state text NOT NULL CONSTRAINT ck_seed_candidate_state
        CHECK (state IN ('tagged', 'proposed', 'accepted', 'declined', 'named', 'dropped')),
    tagged_at timestamptz NOT NULL,
    merchant_id bigint CONSTRAINT fk_seed_candidate_merchant_id_merchant REFERENCES merchant,
    proposed_at timestamptz,
    proposed_by text,
    answered_at timestamptz,
    answered_by text,
    answer text NOT NULL,
    ended_at timestamptz,
    ended_by text,
    CONSTRAINT ck_seed_candidate_evidence CHECK (since < until AND orders > 0),
    CONSTRAINT ck_seed_candidate_proposed CHECK ((state = 'tagged') = (merchant_id IS NULL) OR state = 'dropped'),
    CONSTRAINT ck_seed_candidate_ended CHECK ((state IN ('named', 'dropped')) = (ended_at IS NOT NULL))
)
""",
)

# A list of a million members in the order of their ids, narrowed by what few have; the forecast reads the ends of
# cycles with what they depend on out of one index.
INDEXES = (
    "CREATE INDEX ix_person_phone_tail_member_id ON person (phone_tail, member_id)",
    "CREATE INDEX ix_member_note_member_id_id ON member_note (member_id, id)",
    "CREATE UNIQUE INDEX uq_seed_candidate_open ON seed_candidate (member_id) WHERE ended_at IS NULL",
    "CREATE INDEX ix_seed_candidate_member_id_id ON seed_candidate (member_id, id)",
    "CREATE INDEX ix_seed_candidate_state_id ON seed_candidate (state, id)",
    "CREATE INDEX ix_seed_candidate_merchant_id_id ON seed_candidate (merchant_id, id)",
    "CREATE INDEX ix_member_rank_id ON member (rank, id) WHERE rank IS NOT NULL",
    "CREATE INDEX ix_member_showcase_id ON member (showcase, id) WHERE showcase IN ('pending', 'closed')",
    "CREATE INDEX ix_member_seed ON member (id) WHERE seed_at IS NOT NULL",
    "CREATE INDEX ix_member_matrix_id_id ON member (matrix_id, id)",
    "CREATE INDEX ix_member_qualified_at ON member (qualified_at) WHERE qualified_at IS NOT NULL",
    "CREATE INDEX ix_member_candidate ON member (lapse_at, id) INCLUDE (matrix_id)"
    " WHERE standing = 'candidate' AND lapse_at IS NOT NULL",
    "CREATE INDEX ix_consent_accepted_at ON consent (accepted_at)",
    "CREATE INDEX ix_account_debt ON account (id) WHERE bucket = 'debt'",
    "DROP INDEX ix_member_cycle_end",
    "CREATE INDEX ix_member_cycle_end ON member (cycle_end, id) INCLUDE (standing, failures)"
    " WHERE cycle_end IS NOT NULL",
)

UNDONE = (
    "DROP INDEX ix_member_cycle_end",
    "CREATE INDEX ix_member_cycle_end ON member (cycle_end) WHERE cycle_end IS NOT NULL",
    "DROP INDEX ix_account_debt",
    "DROP INDEX ix_consent_accepted_at",
    "DROP INDEX ix_member_candidate",
    "DROP INDEX ix_member_qualified_at",
    "DROP INDEX ix_member_matrix_id_id",
    "DROP INDEX ix_member_seed",
    "DROP INDEX ix_member_showcase_id",
    "DROP INDEX ix_member_rank_id",
    "DROP TABLE seed_candidate",
    "DROP TABLE member_note",
    "DROP TABLE person",
)


def upgrade() -> None:
    for statement in (*TABLES, *INDEXES):
        op.execute(statement)
    guards.audited("person", redact=("nickname", "phone", "phone_tail", "real_name"))
    guards.audited("member_note", redact=("text",))
    guards.append_only("member_note", forgets=("text",))
    guards.audited("seed_candidate")


def downgrade() -> None:
    for statement in UNDONE:
        op.execute(statement)
