"""Complaints: what somebody holds against us or a merchant, and the clock that a human answer stops."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Complaint(Base):
    """One complaint. ``due_at`` is 24 hours after it came in; only staff stop its clock, by the first answer.

    ``subject`` is what it is about (an order's number, a showcase's code), empty where it is about the platform.
    ``breached_at`` is when the clock ran out and somebody was told.
    """

    __tablename__ = "complaint"
    __table_args__ = (
        sa.CheckConstraint(
            "category IN ('platform', 'merchant', 'income_claim', 'entry_fee', 'refund', 'account', 'privacy',"
            " 'other')",
            name="category",
        ),
        sa.CheckConstraint("state IN ('open', 'answered', 'closed')", name="state"),
        sa.CheckConstraint("btrim(words) <> ''", name="words"),
        sa.CheckConstraint("due_at > opened_at", name="due"),
        sa.CheckConstraint("answered_by LIKE 'staff:%'", name="human"),
        sa.CheckConstraint("(answered_at IS NULL) = (answered_by IS NULL)", name="answered"),
        sa.CheckConstraint("(state = 'open') = (answered_at IS NULL)", name="open"),
        sa.CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed"),
        sa.Index(None, "member_id", "id"),
        sa.Index(None, "state", "id"),
        sa.Index(None, "due_at", "id", postgresql_where=sa.text("answered_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    member_id: Mapped[int | None] = mapped_column(sa.ForeignKey("member.id"))
    category: Mapped[str]
    subject: Mapped[str]
    words: Mapped[str]
    state: Mapped[str]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime]
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("staff.id"))
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None]
    breached_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]
    outcome: Mapped[str] = mapped_column(default="")


class ComplaintMessage(Base):
    """What was said about a complaint, by whom; an automatic reply answers nothing. Never changed."""

    __tablename__ = "complaint_message"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('member', 'auto', 'answer', 'note')", name="kind"),
        sa.CheckConstraint("btrim(words) <> ''", name="words"),
        sa.CheckConstraint("kind <> 'answer' OR by LIKE 'staff:%'", name="human"),
        sa.Index(None, "complaint_id", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    complaint_id: Mapped[int] = mapped_column(sa.ForeignKey("complaint.id"))
    at: Mapped[datetime]
    kind: Mapped[str]
    by: Mapped[str]
    words: Mapped[str]
