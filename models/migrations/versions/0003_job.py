"""The outbox, the jobs and the timetable's marks."""

revision = "0003_job"
down_revision = "0002_staff"


def upgrade() -> None:
    pass


def downgrade() -> None:
    pass
