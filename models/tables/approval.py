"""What waits for a second person."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Approval(Base):
    """A step that one person asks for and another allows; ``digest`` covers kind and payload as both saw them.

    What was asked for, by whom and when never changes once it is written.
    """

    __tablename__ = "approval"
    __table_args__ = (
        sa.CheckConstraint("kind ~ '^[a-z_]+\\.[a-z_]+$'", name="kind"),
        sa.CheckConstraint("state IN ('open', 'approved', 'refused', 'withdrawn', 'expired')", name="state"),
        sa.CheckConstraint("decided_by <> made_by", name="two_people"),
        sa.CheckConstraint("(state IN ('approved', 'refused')) = (decided_by IS NOT NULL)", name="decided"),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended"),
        sa.CheckConstraint("state <> 'approved' OR ended_at < expires_at", name="in_time"),
        sa.CheckConstraint("octet_length(digest) = 32", name="digest"),
        sa.CheckConstraint("btrim(reason) <> ''", name="reason"),
        sa.Index("uq_approval_open", "kind", "digest", unique=True, postgresql_where=sa.text("state = 'open'")),
        sa.Index(None, "state", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    digest: Mapped[bytes] = mapped_column(BYTEA)
    reason: Mapped[str]
    state: Mapped[str]
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    note: Mapped[str] = mapped_column(default="")
