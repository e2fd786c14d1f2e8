"""Showcases as their owners name them: what a member said is its own, and what became of it."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

CODE = sa.Text(collation="C")


class Binding(Base):
    """A member's word that a finder's showcase is its own. It counts for nothing before somebody has checked it:
    orders are credited by ``shop_account`` alone, which a bound one makes.

    ``words`` is why it was refused, in a sentence for its owner.
    """

    __tablename__ = "binding"
    __table_args__ = (
        sa.CheckConstraint("account ~ '^sph[A-Za-z0-9_-]{1,61}$'", name="account"),
        sa.CheckConstraint("state IN ('waiting', 'bound', 'refused', 'withdrawn')", name="state"),
        sa.CheckConstraint("(state = 'waiting') = (ended_at IS NULL)", name="ended"),
        sa.CheckConstraint("(state = 'refused') = (words <> '')", name="words"),
        sa.Index("uq_binding_waiting", "member_id", unique=True, postgresql_where=sa.text("state = 'waiting'")),
        sa.Index(None, "member_id", "id"),
        sa.Index(None, "state", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    account: Mapped[str] = mapped_column(CODE)
    state: Mapped[str]
    words: Mapped[str]
    asked_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    decided_by: Mapped[str | None]
