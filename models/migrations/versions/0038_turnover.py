"""What moved on the accounts of each kind, day by day: counted once, so that a year of months is a few rows."""

from alembic import op

from models.migrations import guards

revision = "0038_turnover"
down_revision = "0037_parcel_item"

# ``since_id`` is the first column of the key: of two counts that begin at the same posting one is refused.
TURNOVER = """
CREATE TABLE turnover (
    since_id bigint NOT NULL,
    n bigint NOT NULL,
    upto_id bigint NOT NULL,
    day date NOT NULL,
    bucket text NOT NULL,
    kind text NOT NULL,
    cause text NOT NULL,
    level smallint,
    amount_fen bigint NOT NULL,
    CONSTRAINT pk_turnover PRIMARY KEY (since_id, n),
    CONSTRAINT ck_turnover_span CHECK (upto_id > since_id),
    CONSTRAINT ck_turnover_three_levels CHECK (level BETWEEN 1 AND 3)
)
"""


def upgrade() -> None:
    op.execute(TURNOVER)
    guards.append_only("turnover")


def downgrade() -> None:
    op.execute("DROP TABLE turnover")
