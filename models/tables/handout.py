"""Files made for somebody outside: evidence packs and reports to the tax authority; and what was erased in its time."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Handout(Base):
    """One file: what of, why, by whom, and its digest.

    ``subject`` is what it is about: a member's code, an order's number, a complaint's number, a span of days or a
    month. ``digest`` is the SHA-256 of the manifest (of the file, for a report); ``file`` names it from ``ready_at``
    until it is removed after ``expires_at``.
    """

    __tablename__ = "handout"
    __table_args__ = (
        sa.CheckConstraint(
            "kind IN ('member', 'order', 'complaint', 'period', 'withholding', 'platform_income', 'platform_identity')",
            name="kind",
        ),
        sa.CheckConstraint("btrim(subject) <> '' AND btrim(reason) <> ''", name="said"),
        sa.CheckConstraint(
            "num_nulls(ready_at, file, digest, expires_at) IN (0, 4)",
            name="ready",
        ),
        sa.CheckConstraint("digest ~ '^[0-9a-f]{64}$'", name="digest"),
        sa.Index(None, "staff_id", "id"),
        sa.Index(
            "ix_handout_kept", "expires_at", postgresql_where=sa.text("ready_at IS NOT NULL AND removed_at IS NULL")
        ),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    kind: Mapped[str]
    subject: Mapped[str]
    reason: Mapped[str]
    staff_id: Mapped[int] = mapped_column(sa.ForeignKey("staff.id"))
    is_masked: Mapped[bool]
    job_id: Mapped[int | None] = mapped_column(sa.ForeignKey("job.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
    file: Mapped[str | None]
    digest: Mapped[str | None]
    rows: Mapped[int] = mapped_column(server_default="0")
    bytes: Mapped[int] = mapped_column(server_default="0")


class Erasure(Base):
    """What one night erased of one kind of data whose time was over. Never changed."""

    __tablename__ = "erasure"
    __table_args__ = (
        sa.CheckConstraint("rows >= 0", name="rows"),
        sa.Index(None, "kind", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    kind: Mapped[str]
    at: Mapped[datetime]
    before: Mapped[datetime]
    rows: Mapped[int]
