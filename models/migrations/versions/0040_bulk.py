"""A queue for what comes by the thousand, behind everything that a clock or a person waits for."""

from alembic import op

revision = "0040_bulk"
down_revision = "0039_waybill"

QUEUES = "ALTER TABLE job DROP CONSTRAINT ck_job_queue, ADD CONSTRAINT ck_job_queue CHECK (queue IN ({queues}))"


def upgrade() -> None:
    op.execute(QUEUES.format(queues="'money', 'risk', 'default', 'bulk', 'picture', 'export'"))


def downgrade() -> None:
    op.execute("UPDATE job SET queue = 'default' WHERE queue = 'bulk'")
    op.execute(QUEUES.format(queues="'money', 'risk', 'default', 'picture', 'export'"))
