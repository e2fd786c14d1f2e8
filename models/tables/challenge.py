"""Challenges that members may enter, and the boards: standings counted from orders, never from heads."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Challenge(Base):
    """A contest over [starts_at, ends_at) by a metric of one's own orders; its standings are final at ``closes_at``.

    The days between are for returns. No metric counts people who were brought in: the database knows none.
    """

    __tablename__ = "challenge"
    __table_args__ = (
        sa.CheckConstraint("btrim(title) <> '' AND btrim(words) <> '' AND btrim(prize) <> ''", name="words"),
        sa.CheckConstraint("metric IN ('orders', 'buyers', 'returning')", name="metric"),
        sa.CheckConstraint("starts_at < ends_at AND ends_at <= closes_at", name="period"),
        sa.CheckConstraint("state IN ('draft', 'published', 'closed', 'cancelled')", name="state"),
        sa.CheckConstraint("blocked = 0 OR state <> 'published'", name="clean"),
        sa.CheckConstraint("state NOT IN ('published', 'closed') OR num_nulls(published_at, published_by) = 0",
                           name="published"),
        sa.CheckConstraint("(state IN ('closed', 'cancelled')) = (ended_at IS NOT NULL)", name="ended"),
        sa.Index(None, "state", "id"),
        sa.Index("ix_challenge_closing", "closes_at", postgresql_where=sa.text("state = 'published'")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    title: Mapped[str]
    words: Mapped[str]
    prize: Mapped[str]
    metric: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    closes_at: Mapped[datetime]
    state: Mapped[str]
    findings: Mapped[list[Any]]
    blocked: Mapped[int] = mapped_column(default=0)
    phrases: Mapped[str]
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    published_at: Mapped[datetime | None]
    published_by: Mapped[str | None]
    ended_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(default="")


class ChallengeEntry(Base):
    """A member in a challenge; score and place are written when it closes and stay."""

    __tablename__ = "challenge_entry"
    __table_args__ = (
        sa.UniqueConstraint("challenge_id", "member_id"),
        sa.CheckConstraint("score >= 0", name="score"),
        sa.CheckConstraint("place > 0", name="place"),
        sa.Index(None, "member_id", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    challenge_id: Mapped[int] = mapped_column(sa.ForeignKey("challenge.id"))
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    entered_at: Mapped[datetime]
    score: Mapped[int | None]
    place: Mapped[int | None]


class Board(Base):
    """A board as it was last counted: over which days, and for a board without names its whole answer."""

    __tablename__ = "board"
    __table_args__ = (
        sa.CheckConstraint("name IN ('sales', 'returning', 'newcomers', 'earnings')", name="name"),
        sa.CheckConstraint("since < until", name="period"),
    )

    name: Mapped[str] = mapped_column(primary_key=True)
    since: Mapped[datetime]
    until: Mapped[datetime]
    counted_at: Mapped[datetime]
    facts: Mapped[dict[str, Any]]


class BoardPlace(Base):
    """One member on a board of names, by what it was counted to have done."""

    __tablename__ = "board_place"
    __table_args__ = (
        sa.UniqueConstraint("name", "place"),
        sa.UniqueConstraint("name", "member_id"),
        sa.CheckConstraint("score > 0", name="score"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    name: Mapped[str] = mapped_column(sa.ForeignKey("board.name"))
    place: Mapped[int] = mapped_column(sa.SmallInteger)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    score: Mapped[int]
