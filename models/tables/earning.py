"""What a member earned, asked for as a file."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class EarningExport(Base):
    """A member's earnings of one kind in [since, until), as a file; none of these means all.

    ``file`` names the file in the exports folder from ``ready_at`` until it is removed after ``expires_at``.
    """

    __tablename__ = "earning_export"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('level', 'region', 'seed', 'dividend')", name="kind"),
        sa.CheckConstraint("since < until", name="span"),
        sa.CheckConstraint("rows >= 0 AND bytes >= 0", name="counts"),
        sa.CheckConstraint(
            "(ready_at IS NULL) = (file IS NULL) AND (ready_at IS NULL) = (expires_at IS NULL)", name="ready"
        ),
        sa.Index(None, "member_id", "id"),
        sa.Index(
            "ix_earning_export_kept",
            "expires_at",
            postgresql_where=sa.text("ready_at IS NOT NULL AND removed_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    kind: Mapped[str | None]
    since: Mapped[datetime | None]
    until: Mapped[datetime | None]
    job_id: Mapped[int | None] = mapped_column(sa.ForeignKey("job.id", ondelete="SET NULL"))
    rows: Mapped[int] = mapped_column(server_default="0")
    bytes: Mapped[int] = mapped_column(server_default="0")
    file: Mapped[str | None]
    created_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
