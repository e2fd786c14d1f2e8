"""Content that members hand on, notices, stories, challenges and boards."""

from alembic import op

from models.migrations import guards

revision = "0029_growth"
down_revision = "0028_proof"

TABLES = (
    """
    CREATE TABLE content (
        id bigint GENERATED ALWAYS AS IDENTITY,
        kind text NOT NULL,
        code text COLLATE "C" NOT NULL,
        version smallint NOT NULL,
        title text NOT NULL,
        body text NOT NULL,
        design jsonb NOT NULL,
        state text NOT NULL,
        findings jsonb NOT NULL,
        blocked bigint NOT NULL,
        phrases text NOT NULL,
        scanned_at timestamptz NOT NULL,
        made_at timestamptz NOT NULL,
        made_by text NOT NULL,
        published_at timestamptz,
        published_by text,
        ended_at timestamptz,
        reason text NOT NULL,
        CONSTRAINT pk_content PRIMARY KEY (id),
        CONSTRAINT uq_content_code_version UNIQUE (code, version),
        CONSTRAINT ck_content_kind CHECK (kind IN ('script', 'poster')),
        CONSTRAINT ck_content_code CHECK (code ~ '^[a-z0-9][a-z0-9-]{1,39}$'),
        CONSTRAINT ck_content_version CHECK (version > 0),
        CONSTRAINT ck_content_words CHECK (btrim(title) <> '' AND btrim(body) <> ''),
        CONSTRAINT ck_content_state CHECK (state IN ('draft', 'scanned', 'published', 'retired', 'pulled')),
        CONSTRAINT ck_content_clean CHECK (blocked = 0 OR state NOT IN ('scanned', 'published')),
        CONSTRAINT ck_content_published_by CHECK ((published_at IS NULL) = (published_by IS NULL)),
        CONSTRAINT ck_content_published CHECK ((state IN ('draft', 'scanned')) = (published_at IS NULL)),
        CONSTRAINT ck_content_ended CHECK ((state IN ('retired', 'pulled')) = (ended_at IS NOT NULL))
    )
    """,
    """
    CREATE TABLE notice_wording (
        id bigint GENERATED ALWAYS AS IDENTITY,
        kind text NOT NULL,
        title text NOT NULL,
        body text NOT NULL,
        template_id text,
        fields jsonb NOT NULL,
        made_at timestamptz NOT NULL,
        made_by text NOT NULL,
        CONSTRAINT pk_notice_wording PRIMARY KEY (id),
        CONSTRAINT ck_notice_wording_words CHECK (btrim(title) <> '' AND btrim(body) <> '')
    )
    """,
    """
    CREATE TABLE notice (
        id bigint GENERATED ALWAYS AS IDENTITY,
        member_id bigint NOT NULL,
        kind text NOT NULL,
        title text NOT NULL,
        body text NOT NULL,
        about text NOT NULL,
        made_at timestamptz NOT NULL,
        read_at timestamptz,
        CONSTRAINT pk_notice PRIMARY KEY (id),
        CONSTRAINT uq_notice_member_id_kind_about UNIQUE (member_id, kind, about),
        CONSTRAINT ck_notice_words CHECK (btrim(title) <> '' AND btrim(body) <> ''),
        CONSTRAINT ck_notice_read CHECK (read_at >= made_at),
        CONSTRAINT fk_notice_member_id_member FOREIGN KEY (member_id) REFERENCES member
    )
    """,
    """
    CREATE TABLE notice_delivery (
        id bigint GENERATED ALWAYS AS IDENTITY,
        notice_id bigint NOT NULL,
        template_id text NOT NULL,
        message jsonb NOT NULL,
        state text NOT NULL,
        tries smallint NOT NULL,
        next_at timestamptz,
        sent_at timestamptz,
        error text NOT NULL,
        CONSTRAINT pk_notice_delivery PRIMARY KEY (id),
        CONSTRAINT uq_notice_delivery_notice_id UNIQUE (notice_id),
        CONSTRAINT ck_notice_delivery_state CHECK (state IN ('waiting', 'sent', 'refused', 'dropped')),
        CONSTRAINT ck_notice_delivery_next CHECK ((state = 'waiting') = (next_at IS NOT NULL)),
        CONSTRAINT ck_notice_delivery_sent CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
        CONSTRAINT ck_notice_delivery_tries CHECK (tries >= 0),
        CONSTRAINT fk_notice_delivery_notice_id_notice FOREIGN KEY (notice_id) REFERENCES notice
    )
    """,
    """
    CREATE TABLE publicity (
        id bigint GENERATED ALWAYS AS IDENTITY,
        member_id bigint NOT NULL,
        purpose text NOT NULL,
        text text NOT NULL,
        sha256 text NOT NULL,
        given_at timestamptz NOT NULL,
        ip text NOT NULL,
        user_agent text NOT NULL,
        ended_at timestamptz,
        CONSTRAINT pk_publicity PRIMARY KEY (id),
        CONSTRAINT ck_publicity_purpose CHECK (purpose IN ('story', 'unlisted')),
        CONSTRAINT ck_publicity_digest CHECK (sha256 = encode(sha256(convert_to(text, 'UTF8')), 'hex')),
        CONSTRAINT ck_publicity_ended CHECK (ended_at >= given_at),
        CONSTRAINT fk_publicity_member_id_member FOREIGN KEY (member_id) REFERENCES member
    )
    """,
    """
    CREATE TABLE story (
        id bigint GENERATED ALWAYS AS IDENTITY,
        member_id bigint NOT NULL,
        publicity_id bigint,
        title text NOT NULL,
        words text NOT NULL,
        state text NOT NULL,
        findings jsonb NOT NULL,
        blocked bigint NOT NULL,
        phrases text NOT NULL,
        figures jsonb,
        made_at timestamptz NOT NULL,
        made_by text NOT NULL,
        published_at timestamptz,
        published_by text,
        ended_at timestamptz,
        reason text NOT NULL,
        CONSTRAINT pk_story PRIMARY KEY (id),
        CONSTRAINT ck_story_words CHECK (btrim(title) <> '' AND btrim(words) <> ''),
        CONSTRAINT ck_story_state CHECK (state IN ('draft', 'published', 'retired', 'withdrawn', 'pulled')),
        CONSTRAINT ck_story_clean CHECK (blocked = 0 OR state <> 'published'),
        CONSTRAINT ck_story_consented CHECK (state <> 'published' OR num_nulls(publicity_id, figures) = 0),
        CONSTRAINT ck_story_published CHECK (state <> 'published' OR num_nulls(published_at, published_by) = 0),
        CONSTRAINT ck_story_ended CHECK ((state IN ('draft', 'published')) = (ended_at IS NULL)),
        CONSTRAINT fk_story_member_id_member FOREIGN KEY (member_id) REFERENCES member,
        CONSTRAINT fk_story_publicity_id_publicity FOREIGN KEY (publicity_id) REFERENCES publicity
    )
    """,
    """
    CREATE TABLE challenge (
        id bigint GENERATED ALWAYS AS IDENTITY,
        title text NOT NULL,
        words text NOT NULL,
        prize text NOT NULL,
        metric text NOT NULL,
        starts_at timestamptz NOT NULL,
        ends_at timestamptz NOT NULL,
        closes_at timestamptz NOT NULL,
        state text NOT NULL,
        findings jsonb NOT NULL,
        blocked bigint NOT NULL,
        phrases text NOT NULL,
        made_at timestamptz NOT NULL,
        made_by text NOT NULL,
        published_at timestamptz,
        published_by text,
        ended_at timestamptz,
        reason text NOT NULL,
        CONSTRAINT pk_challenge PRIMARY KEY (id),
        CONSTRAINT ck_challenge_words CHECK (btrim(title) <> '' AND btrim(words) <> '' AND btrim(prize) <> ''),
        CONSTRAINT ck_challenge_metric CHECK (metric IN ('orders', 'buyers', 'returning')),
        CONSTRAINT ck_challenge_period CHECK (starts_at < ends_at AND ends_at <= closes_at),
        CONSTRAINT ck_challenge_state CHECK (state IN ('draft', 'published', 'closed', 'cancelled')),
        CONSTRAINT ck_challenge_clean CHECK (blocked = 0 OR state <> 'published'),
        CONSTRAINT ck_challenge_published CHECK (
            state NOT IN ('published', 'closed') OR num_nulls(published_at, published_by) = 0
        ),
        CONSTRAINT ck_challenge_ended CHECK ((state IN ('closed', 'cancelled')) = (ended_at IS NOT NULL))
    )
    """,
    """
    CREATE TABLE challenge_entry (
        id bigint GENERATED ALWAYS AS IDENTITY,
        challenge_id bigint NOT NULL,
        member_id bigint NOT NULL,
        entered_at timestamptz NOT NULL,
        score bigint,
        place bigint,
        CONSTRAINT pk_challenge_entry PRIMARY KEY (id),
        CONSTRAINT uq_challenge_entry_challenge_id_member_id UNIQUE (challenge_id, member_id),
        CONSTRAINT ck_challenge_entry_score CHECK (score >= 0),
        CONSTRAINT ck_challenge_entry_place CHECK (place > 0),
        CONSTRAINT fk_challenge_entry_challenge_id_challenge FOREIGN KEY (challenge_id) REFERENCES challenge,
        CONSTRAINT fk_challenge_entry_member_id_member FOREIGN KEY (member_id) REFERENCES member
    )
    """,
    """
    CREATE TABLE board (
        name text NOT NULL,
        since timestamptz NOT NULL,
        until timestamptz NOT NULL,
        counted_at timestamptz NOT NULL,
        facts jsonb NOT NULL,
        CONSTRAINT pk_board PRIMARY KEY (name),
        CONSTRAINT ck_board_name CHECK (name IN ('sales', 'returning', 'newcomers', 'earnings')),
        CONSTRAINT ck_board_period CHECK (since < until)
    )
    """,
    """
    CREATE TABLE board_place (
        id bigint GENERATED ALWAYS AS IDENTITY,
        name text NOT NULL,
        place smallint NOT NULL,
        member_id bigint NOT NULL,
        score bigint NOT NULL,
        CONSTRAINT pk_board_place PRIMARY KEY (id),
        CONSTRAINT uq_board_place_name_place UNIQUE (name, place),
        CONSTRAINT uq_board_place_name_member_id UNIQUE (name, member_id),
        CONSTRAINT ck_board_place_score CHECK (score > 0),
        CONSTRAINT fk_board_place_name_board FOREIGN KEY(name) REFERENCES board (name),
        CONSTRAINT fk_board_place_member_id_member FOREIGN KEY (member_id) REFERENCES member
    )
    """,
)
INDEXES = (
    "CREATE INDEX ix_content_state_id ON content (state, id)",
    "CREATE UNIQUE INDEX uq_content_published ON content (code) WHERE state = 'published'",
    "CREATE INDEX ix_notice_wording_kind_id ON notice_wording (kind, id)",
    "CREATE INDEX ix_notice_kind_id ON notice (kind, id)",
    "CREATE INDEX ix_notice_made_at_id ON notice (made_at, id)",
    "CREATE INDEX ix_notice_member_id_id ON notice (member_id, id)",
    "CREATE INDEX ix_notice_delivery_due ON notice_delivery (next_at, notice_id) WHERE state = 'waiting'",
    "CREATE INDEX ix_notice_delivery_state_id ON notice_delivery (state, id)",
    "CREATE UNIQUE INDEX uq_publicity_open ON publicity (member_id, purpose) WHERE ended_at IS NULL",
    "CREATE INDEX ix_story_state_id ON story (state, id)",
    "CREATE UNIQUE INDEX uq_story_published ON story (member_id) WHERE state = 'published'",
    "CREATE INDEX ix_challenge_closing ON challenge (closes_at) WHERE state = 'published'",
    "CREATE INDEX ix_challenge_state_id ON challenge (state, id)",
    "CREATE INDEX ix_challenge_entry_member_id_id ON challenge_entry (member_id, id)",
)


def upgrade() -> None:
    for statement in (*TABLES, *INDEXES):
        op.execute(statement)
    for table in ("content", "publicity", "story", "challenge", "board"):
        guards.audited(table)
    guards.append_only("notice_wording")
    for table in ("notice", "notice_delivery", "challenge_entry", "board_place"):
        guards.audited_in_bulk(table)


def downgrade() -> None:
    for table in (
        "board_place", "board", "challenge_entry", "challenge", "story", "publicity", "notice_delivery", "notice",
        "notice_wording", "content",
    ):  # fmt: skip
        op.execute(f"DROP TABLE {table}")
