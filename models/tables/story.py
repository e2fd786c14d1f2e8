"""Who lets itself be shown, and the stories that are told of members."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Publicity(Base):
    """What a member said about being shown: consent to a story with the text it saw, or a wish to stand on no board.

    Good until ``ended_at``. Whoever takes it back later says so by another row.
    """

    __tablename__ = "publicity"
    __table_args__ = (
        sa.CheckConstraint("purpose IN ('story', 'unlisted')", name="purpose"),
        sa.CheckConstraint("sha256 = encode(sha256(convert_to(text, 'UTF8')), 'hex')", name="digest"),
        sa.CheckConstraint("ended_at >= given_at", name="ended"),
        sa.Index(
            "uq_publicity_open", "member_id", "purpose", unique=True, postgresql_where=sa.text("ended_at IS NULL")
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    purpose: Mapped[str]
    text: Mapped[str]
    sha256: Mapped[str]
    given_at: Mapped[datetime]
    ip: Mapped[str]
    user_agent: Mapped[str]
    ended_at: Mapped[datetime | None]


class Story(Base):
    """A member's story: words by staff, figures counted from orders and ledger when it was published, none typed.

    ``withdrawn`` is what its member took back, ``pulled`` what a newer list of phrases did.
    """

    __tablename__ = "story"
    __table_args__ = (
        sa.CheckConstraint("btrim(title) <> '' AND btrim(words) <> ''", name="words"),
        sa.CheckConstraint("state IN ('draft', 'published', 'retired', 'withdrawn', 'pulled')", name="state"),
        sa.CheckConstraint("blocked = 0 OR state <> 'published'", name="clean"),
        sa.CheckConstraint("state <> 'published' OR num_nulls(publicity_id, figures) = 0", name="consented"),
        sa.CheckConstraint("state <> 'published' OR num_nulls(published_at, published_by) = 0", name="published"),
        sa.CheckConstraint("(state IN ('draft', 'published')) = (ended_at IS NULL)", name="ended"),
        sa.Index("uq_story_published", "member_id", unique=True, postgresql_where=sa.text("state = 'published'")),
        sa.Index(None, "state", "id"),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    publicity_id: Mapped[int | None] = mapped_column(sa.ForeignKey("publicity.id"))
    title: Mapped[str]
    words: Mapped[str]
    state: Mapped[str]
    findings: Mapped[list[Any]]
    blocked: Mapped[int] = mapped_column(default=0)
    phrases: Mapped[str]
    figures: Mapped[dict[str, Any] | None]
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    published_at: Mapped[datetime | None]
    published_by: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")
