"""Imports of order files: the file, how it is read, what was found in it."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

STATES = ("uploaded", "staging", "staged", "publishing", "done", "failed", "cancelled", "undoing", "undone")
KINDS = ("refused", "repaired", "noted")


class ImportLayout(Base):
    """A way of reading a file that was saved under a name: sheet, header row, columns, grain, meaning of paid."""

    __tablename__ = "import_layout"

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    layout: Mapped[dict[str, Any]]
    created_by: Mapped[str]
    updated_at: Mapped[datetime]


class ImportRun(Base):
    """One uploaded file of one shop, and how far its import has come.

    ``header`` names the file's columns. ``checkpoint`` is the last row whose outcome is committed: a stopped dry run
    goes on after it. ``findings`` counts the issues by kind, code and column once the dry run has ended.
    """

    __tablename__ = "import_run"
    __table_args__ = (
        sa.CheckConstraint(f"state IN {STATES}", name="state"),
        sa.Index(
            "uq_import_run_file",
            "shop_id",
            "sha256",
            unique=True,
            postgresql_where=sa.text("state NOT IN ('cancelled', 'undone')"),
        ),
        sa.Index(None, "shop_id", "id"),
        sa.Index(None, "state", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    shop_id: Mapped[int] = mapped_column(sa.ForeignKey("shop.id"))
    state: Mapped[str]
    file_name: Mapped[str]
    stored_name: Mapped[str] = mapped_column(unique=True)
    sha256: Mapped[str]
    size_bytes: Mapped[int]
    layout: Mapped[dict[str, Any]]
    layout_name: Mapped[str] = mapped_column(server_default="")
    job_id: Mapped[int | None]
    failure: Mapped[str] = mapped_column(server_default="")
    created_by: Mapped[str]
    created_at: Mapped[datetime]
    staged_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    header: Mapped[list[Any]] = mapped_column(server_default="[]")
    checkpoint: Mapped[int] = mapped_column(server_default="0")
    rows_read: Mapped[int] = mapped_column(server_default="0")
    rows_ready: Mapped[int] = mapped_column(server_default="0")
    rows_refused: Mapped[int] = mapped_column(server_default="0")
    rows_repaired: Mapped[int] = mapped_column(server_default="0")
    rows_published: Mapped[int] = mapped_column(server_default="0")
    orders: Mapped[int] = mapped_column(server_default="0")
    pieces: Mapped[int] = mapped_column(server_default="0")
    placed_fen: Mapped[int] = mapped_column(server_default="0")
    paid_fen: Mapped[int] = mapped_column(server_default="0")
    refund_fen: Mapped[int] = mapped_column(server_default="0")
    first_on: Mapped[date | None]
    last_on: Mapped[date | None]
    findings: Mapped[list[Any]] = mapped_column(server_default="[]")


class ImportIssue(Base):
    """One thing found in one cell or row: refused, repaired or noted, with the reason a merchant understands.

    Row 0 is the file as a whole. ``other_import_id`` names the import that already holds the row.
    """

    __tablename__ = "import_issue"
    __table_args__ = (
        sa.CheckConstraint(f"kind IN {KINDS}", name="kind"),
        sa.Index(None, "import_id", "row_number", "id"),
        sa.Index(None, "import_id", "kind", "code", "row_number", "id"),
        sa.Index(None, "other_import_id", postgresql_where=sa.text("other_import_id IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    import_id: Mapped[int] = mapped_column(sa.ForeignKey("import_run.id"))
    row_number: Mapped[int]
    column_name: Mapped[str]
    value: Mapped[str]
    repaired: Mapped[str | None]
    kind: Mapped[str]
    code: Mapped[str]
    reason: Mapped[str]
    other_import_id: Mapped[int | None] = mapped_column(sa.ForeignKey("import_run.id"))
