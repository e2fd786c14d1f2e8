"""The audit trail, written by triggers alone (migration 0001)."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Audit(Base):
    """One changed row of one table, or one noted fact: who, when, from where, why, before and after."""

    __tablename__ = "audit"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('insert', 'update', 'delete', 'note')", name="kind"),
        sa.Index(None, "at", "id"),
        sa.Index(None, "table_name", "row_id", "id"),
        sa.Index(None, "request_id"),
        sa.Index(None, "table_name", "at", "id"),
        sa.Index(None, "actor", "at", "id"),
        sa.Index(None, "action", "at", "id"),
        sa.Index(None, "kind", "at", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    at: Mapped[datetime] = mapped_column(server_default=sa.FetchedValue())
    actor: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    source: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    action: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    reason: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    request_id: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    ip: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    db_role: Mapped[str] = mapped_column(server_default=sa.FetchedValue())
    kind: Mapped[str]
    table_name: Mapped[str]
    row_id: Mapped[str]
    rows: Mapped[int] = mapped_column(server_default=sa.FetchedValue())
    before: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
    after: Mapped[dict[str, Any] | None] = mapped_column(JSONB)
