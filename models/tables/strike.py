"""Strikes for confirmed fraud, and what members say against what was decided about them."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

CODE = sa.Text(collation="C")


class Strike(Base):
    """One order that was confirmed as fraud counts against its seller, once, until an appeal takes it back."""

    __tablename__ = "strike"
    __table_args__ = (
        sa.Index("uq_strike_order", "order_id", unique=True, postgresql_where=sa.text("taken_back_at IS NULL")),
        sa.CheckConstraint("(taken_back_at IS NULL) = (taken_back_by IS NULL)", name="taken_back"),
        sa.Index(None, "member_id", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    order_id: Mapped[int] = mapped_column(sa.ForeignKey("shop_order.id"))
    at: Mapped[datetime]
    given_by: Mapped[str]
    closed_showcase: Mapped[bool]
    taken_back_at: Mapped[datetime | None]
    taken_back_by: Mapped[str | None]


class Appeal(Base):
    """What a member says against a strike, a closure, a hold or a verdict; ``against_by`` decided that.

    Whoever decided it the first time never decides the appeal.
    """

    __tablename__ = "appeal"
    __table_args__ = (
        sa.Index("uq_appeal_open", "subject", unique=True, postgresql_where=sa.text("decided_at IS NULL")),
        sa.CheckConstraint("subject ~ '^(strike|showcase|order|proof|after_sale):[0-9]+$'", name="subject"),
        sa.CheckConstraint("btrim(words) <> '' AND length(words) <= 2000", name="words"),
        sa.CheckConstraint("state IN ('open', 'won', 'lost')", name="state"),
        sa.CheckConstraint(
            "(state = 'open') = (decided_at IS NULL) AND (decided_at IS NULL) = (decided_by IS NULL)", name="decided"
        ),
        sa.CheckConstraint("state = 'open' OR btrim(answer) <> ''", name="answer"),
        sa.CheckConstraint("decided_by <> against_by", name="another"),
        sa.Index(None, "member_id", "id"),
        sa.Index(None, "state", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    subject: Mapped[str] = mapped_column(CODE)
    words: Mapped[str]
    state: Mapped[str]
    filed_at: Mapped[datetime]
    against_by: Mapped[str]
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
    answer: Mapped[str] = mapped_column(default="")
