"""Members who sell enough to be seed promoters (种子达人), and what became of it."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class SeedCandidate(Base):
    """A member tagged for its sales over [since, until): proposed to a merchant, answered, named or let go.

    A member is tagged once at a time: another row comes only after the one before has ended.
    """

    __tablename__ = "seed_candidate"
    __table_args__ = (
        sa.CheckConstraint(
            "state IN ('tagged', 'proposed', 'accepted', 'declined', 'named', 'dropped')",
            name="state",
        ),
        sa.CheckConstraint("since < until AND orders > 0", name="evidence"),
        sa.CheckConstraint("(state = 'tagged') = (merchant_id IS NULL) OR state = 'dropped'", name="proposed"),
        sa.CheckConstraint("(state IN ('named', 'dropped')) = (ended_at IS NOT NULL)", name="ended"),
        sa.Index("uq_seed_candidate_open", "member_id", unique=True, postgresql_where=sa.text("ended_at IS NULL")),
        sa.Index(None, "member_id", "id"),
        sa.Index(None, "state", "id"),
        sa.Index(None, "merchant_id", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    since: Mapped[datetime]
    until: Mapped[datetime]
    orders: Mapped[int]
    sales_fen: Mapped[int]
    state: Mapped[str]
    tagged_at: Mapped[datetime]
    merchant_id: Mapped[int | None] = mapped_column(sa.ForeignKey("merchant.id"))
    proposed_at: Mapped[datetime | None]
    proposed_by: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str | None]
    answer: Mapped[str] = mapped_column(default="")
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
