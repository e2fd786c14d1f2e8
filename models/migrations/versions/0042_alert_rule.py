"""What staff have set about the alerts of the business: figures, owner, why."""

from alembic import op

from models.migrations import guards

revision = "0042_alert_rule"
down_revision = "0041_withdrawn"

ALERT_RULE = """
CREATE TABLE alert_rule (
    id bigint GENERATED ALWAYS AS IDENTITY,
    rule text COLLATE "C" NOT NULL,
    days smallint,
    target_bps smallint,
    buyers_min bigint,
    loss_fen bigint,
    owner_id bigint,
    reason text NOT NULL,
    changed_at timestamptz NOT NULL,
    changed_by text NOT NULL,
    CONSTRAINT pk_alert_rule PRIMARY KEY (id),
    CONSTRAINT uq_alert_rule_rule UNIQUE (rule),
    CONSTRAINT fk_alert_rule_owner_id_staff FOREIGN KEY (owner_id) REFERENCES staff (id),
    CONSTRAINT ck_alert_rule_rule CHECK (rule IN ('B01', 'B02')),
    CONSTRAINT ck_alert_rule_days CHECK (days BETWEEN 1 AND 90),
    CONSTRAINT ck_alert_rule_target CHECK (target_bps BETWEEN 100 AND 9000),
    CONSTRAINT ck_alert_rule_buyers CHECK (buyers_min BETWEEN 10 AND 10000),
    CONSTRAINT ck_alert_rule_loss CHECK (loss_fen BETWEEN 0 AND 100000000),
    CONSTRAINT ck_alert_rule_own CHECK (
        CASE rule WHEN 'B01' THEN loss_fen IS NULL ELSE target_bps IS NULL AND buyers_min IS NULL END),
    CONSTRAINT ck_alert_rule_reason CHECK (btrim(reason) <> '')
)
"""


def upgrade() -> None:
    op.execute(ALERT_RULE)
    guards.audited("alert_rule")


def downgrade() -> None:
    op.execute("DROP TABLE alert_rule")
