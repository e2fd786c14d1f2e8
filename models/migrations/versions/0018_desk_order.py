"""Parcels with their tracks, and the reminders of a presale's balance."""

from alembic import op

from models.migrations import guards

revision = "0018_desk_order"
down_revision = "0017_desk_money"

PARCEL = """
CREATE TABLE parcel (
    id bigint GENERATED ALWAYS AS IDENTITY CONSTRAINT pk_parcel PRIMARY KEY,
    order_id bigint NOT NULL CONSTRAINT fk_parcel_order_id_shop_order REFERENCES shop_order,
    carrier text NOT NULL CONSTRAINT ck_parcel_carrier CHECK (btrim(carrier) <> ''),
    waybill text COLLATE "C" NOT NULL CONSTRAINT ck_parcel_waybill CHECK (waybill ~ '^[0-9A-Za-z-]{4,40}$'),
    state text NOT NULL CONSTRAINT ck_parcel_state CHECK (state IN ('sent', 'moving', 'delivered', 'returned')),
    sent_at timestamptz NOT NULL,
    moved_at timestamptz NOT NULL,
    delivered_at timestamptz,
    CONSTRAINT ck_parcel_delivered CHECK (state <> 'delivered' OR delivered_at IS NOT NULL)
)
"""
TRACK = """
CREATE TABLE parcel_track (
    parcel_id bigint NOT NULL CONSTRAINT fk_parcel_track_parcel_id_parcel REFERENCES parcel,
    n smallint NOT NULL,
    at timestamptz NOT NULL,
    state text NOT NULL CONSTRAINT ck_parcel_track_state CHECK (state IN ('moving', 'delivered', 'returned')),
    words text NOT NULL CONSTRAINT ck_parcel_track_words CHECK (btrim(words) <> ''),
    CONSTRAINT pk_parcel_track PRIMARY KEY (parcel_id, n)
)
"""
REMINDER = """
CREATE TABLE balance_reminder (
    order_id bigint NOT NULL CONSTRAINT fk_balance_reminder_order_id_shop_order REFERENCES shop_order,
    n smallint NOT NULL,
    at timestamptz NOT NULL,
    by text NOT NULL,
    CONSTRAINT pk_balance_reminder PRIMARY KEY (order_id, n)
)
"""
INDEXES = (
    "CREATE UNIQUE INDEX uq_parcel_order_id_carrier_waybill ON parcel (order_id, carrier, waybill)",
    "CREATE INDEX ix_parcel_waybill ON parcel (waybill)",
    "CREATE INDEX ix_parcel_state_moved_at ON parcel (state, moved_at)",
    "CREATE INDEX ix_shop_order_completed_at ON shop_order (completed_at) WHERE completed_at IS NOT NULL",
)


def upgrade() -> None:
    for statement in (PARCEL, TRACK, REMINDER, *INDEXES):
        op.execute(statement)
    guards.audited("parcel")
    guards.append_only("parcel_track")
    guards.append_only("balance_reminder")


def downgrade() -> None:
    op.execute("DROP INDEX ix_shop_order_completed_at")
    for table in ("balance_reminder", "parcel_track", "parcel"):
        op.execute(f"DROP TABLE {table}")
