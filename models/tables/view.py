"""What staff keep of the lists they work with: saved views and exports."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

KEPT = sa.text("ready_at IS NOT NULL AND removed_at IS NULL")


class Format(StrEnum):
    """The kinds of files a list is exported to."""

    CSV = "csv"
    XLSX = "xlsx"


class SavedView(Base):
    """A list as somebody likes to see it: its page and the query part of its address, for one person or for all."""

    __tablename__ = "saved_view"
    __table_args__ = (
        sa.UniqueConstraint("staff_id", "page", "name"),
        sa.CheckConstraint("length(name) BETWEEN 1 AND 40", name="name"),
        sa.CheckConstraint("length(query) <= 2000", name="query"),
        sa.Index(None, "page", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    staff_id: Mapped[int] = mapped_column(sa.ForeignKey("staff.id"))
    page: Mapped[str]
    name: Mapped[str]
    query: Mapped[str]
    is_shared: Mapped[bool] = mapped_column(server_default=sa.false())
    created_at: Mapped[datetime]


class Export(Base):
    """A list somebody asked to have as a file: what of it, in whose right, and what became of it.

    ``query`` is the query part of the list's address; ``columns`` the chosen keys in order. ``file`` names the file in
    the exports folder from ``ready_at`` until it is removed after ``expires_at``.
    """

    __tablename__ = "export"
    __table_args__ = (
        sa.CheckConstraint("format IN ('csv', 'xlsx')", name="format"),
        sa.CheckConstraint("cardinality(columns) > 0", name="columns"),
        sa.CheckConstraint("length(query) <= 2000", name="query"),
        sa.CheckConstraint(
            "(ready_at IS NULL) = (file IS NULL) AND (ready_at IS NULL) = (expires_at IS NULL)", name="ready"
        ),
        sa.Index(None, "staff_id", "id"),
        sa.Index(
            "ix_export_kept", "expires_at", postgresql_where=sa.text("ready_at IS NOT NULL AND removed_at IS NULL")
        ),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    staff_id: Mapped[int] = mapped_column(sa.ForeignKey("staff.id"))
    page: Mapped[str]
    title: Mapped[str]
    format: Mapped[str]
    query: Mapped[str]
    columns: Mapped[list[str]] = mapped_column(ARRAY(sa.Text))
    is_masked: Mapped[bool]
    language: Mapped[str]
    job_id: Mapped[int | None] = mapped_column(sa.ForeignKey("job.id", ondelete="SET NULL"))
    rows: Mapped[int] = mapped_column(server_default="0")
    bytes: Mapped[int] = mapped_column(server_default="0")
    file: Mapped[str | None]
    created_at: Mapped[datetime]
    ready_at: Mapped[datetime | None]
    expires_at: Mapped[datetime | None]
    removed_at: Mapped[datetime | None]
