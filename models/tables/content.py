"""Words and pictures that members hand on: scripts and poster templates, version by version, each looked over first."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

CODE = sa.Text(collation="C")


class Content(Base):
    """One version of a script (话术) or of a poster template.

    ``findings`` are what the newest scan found, ``blocked`` how many of them forbid it to go out, ``phrases`` the list
    of phrases it was held against. ``pulled`` is what a newer list has taken back. ``design`` is a poster's look.
    """

    __tablename__ = "content"
    __table_args__ = (
        sa.UniqueConstraint("code", "version"),
        sa.CheckConstraint("kind IN ('script', 'poster')", name="kind"),
        sa.CheckConstraint("code ~ '^[a-z0-9][a-z0-9-]{1,39}$'", name="code"),
        sa.CheckConstraint("version > 0", name="version"),
        sa.CheckConstraint("btrim(title) <> '' AND btrim(body) <> ''", name="words"),
        sa.CheckConstraint("state IN ('draft', 'scanned', 'published', 'retired', 'pulled')", name="state"),
        sa.CheckConstraint("blocked = 0 OR state NOT IN ('scanned', 'published')", name="clean"),
        sa.CheckConstraint("(published_at IS NULL) = (published_by IS NULL)", name="published_by"),
        sa.CheckConstraint("(state IN ('draft', 'scanned')) = (published_at IS NULL)", name="published"),
        sa.CheckConstraint("(state IN ('retired', 'pulled')) = (ended_at IS NOT NULL)", name="ended"),
        sa.Index("uq_content_published", "code", unique=True, postgresql_where=sa.text("state = 'published'")),
        sa.Index(None, "state", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    kind: Mapped[str]
    code: Mapped[str] = mapped_column(CODE)
    version: Mapped[int] = mapped_column(sa.SmallInteger)
    title: Mapped[str]
    body: Mapped[str]
    design: Mapped[dict[str, Any]]
    state: Mapped[str]
    findings: Mapped[list[Any]]
    blocked: Mapped[int] = mapped_column(default=0)
    phrases: Mapped[str]
    scanned_at: Mapped[datetime]
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    published_at: Mapped[datetime | None]
    published_by: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
