"""What lies in which parcel: an order sent in several says how many pieces of each line left with each."""

from alembic import op

from models.migrations import guards

revision = "0037_parcel_item"
down_revision = "0036_board"

TABLE = """
CREATE TABLE parcel_item (
    parcel_id bigint NOT NULL CONSTRAINT fk_parcel_item_parcel_id_parcel REFERENCES parcel,
    n smallint NOT NULL,
    order_id bigint NOT NULL,
    pieces bigint NOT NULL CONSTRAINT ck_parcel_item_pieces CHECK (pieces > 0),
    CONSTRAINT pk_parcel_item PRIMARY KEY (parcel_id, n),
    CONSTRAINT fk_parcel_item_order_id_order_line FOREIGN KEY (order_id, n) REFERENCES order_line
)
"""


def upgrade() -> None:
    op.execute(TABLE)
    op.execute("CREATE INDEX ix_parcel_item_order_id_n ON parcel_item (order_id, n)")
    guards.audited_in_bulk("parcel_item", key=("parcel_id", "n"))


def downgrade() -> None:
    op.execute("DROP TABLE parcel_item")
