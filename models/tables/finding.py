"""What the lint and the watch have found in the running platform, and what became of it."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

CODE = sa.Text(collation="C")


class Finding(Base):
    """A rule that something breaks; one row not resolved a rule and subject.

    ``subject`` names the row (`order:o1`, `policy:3`, `platform`). ``due_at`` is until when its owner has it mended;
    ``muted_until`` how long a muted one stays quiet. ``mend`` says how it is repaired, where that is known.
    """

    __tablename__ = "finding"
    __table_args__ = (
        sa.CheckConstraint("severity IN ('block', 'freeze', 'crit', 'warn')", name="severity"),
        sa.CheckConstraint("state IN ('open', 'acknowledged', 'muted', 'resolved')", name="state"),
        sa.CheckConstraint("last_at >= first_at", name="seen"),
        sa.CheckConstraint("(state = 'muted') = (muted_until IS NOT NULL)", name="muted"),
        sa.CheckConstraint("(state = 'resolved') = (resolved_at IS NOT NULL)", name="resolved"),
        sa.CheckConstraint("state NOT IN ('acknowledged', 'muted') OR btrim(reason) <> ''", name="reason"),
        sa.Index(
            "uq_finding_standing", "rule", "subject", unique=True, postgresql_where=sa.text("resolved_at IS NULL")
        ),
        sa.Index(None, "state", "id"),
        sa.Index(None, "rule", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    rule: Mapped[str] = mapped_column(CODE)
    severity: Mapped[str]
    article: Mapped[str]
    subject: Mapped[str] = mapped_column(CODE)
    text: Mapped[str]
    evidence: Mapped[str]
    mend: Mapped[str] = mapped_column(default="")
    state: Mapped[str]
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    due_at: Mapped[datetime]
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("staff.id"))
    reason: Mapped[str] = mapped_column(default="")
    muted_until: Mapped[datetime | None]
    resolved_at: Mapped[datetime | None]


class LawCheck(Base):
    """Somebody looked whether an article still says what we go by. Never changed: the next look is another row."""

    __tablename__ = "law_check"
    __table_args__ = (
        sa.CheckConstraint("btrim(note) <> ''", name="note"),
        sa.Index(None, "law", "checked_on"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    law: Mapped[str] = mapped_column(CODE)
    checked_on: Mapped[date]
    by: Mapped[str]
    note: Mapped[str]
