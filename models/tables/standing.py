"""What happens to a member's standing: admission tasks, every change with its evidence, own orders that are owed."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class AdmissionTask(Base):
    """The showcases to buy in, one order each, fixed when the candidate registered; those of before are replaced.

    One row holds them all, in their order: they are made at once, read at once and go at once.
    """

    __tablename__ = "admission_task"
    __table_args__ = (
        sa.CheckConstraint(
            "cardinality(seller_ids) BETWEEN 1 AND 10 AND array_position(seller_ids, NULL) IS NULL", name="sellers"
        ),
    )

    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"), primary_key=True)
    seller_ids: Mapped[list[int]] = mapped_column(ARRAY(sa.BigInteger))


class Team(Base):
    """What ranks look at, kept with every change: the member and who counts at most ten levels below.

    ``size`` counts the qualified with a showcase not closed (the member itself in any case); ``sales_fen`` is the net
    paid amount of completed orders that the same people sold, ``own_fen`` of the member's own.
    """

    __tablename__ = "team"

    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"), primary_key=True)
    size: Mapped[int] = mapped_column(default=0)
    sales_fen: Mapped[int] = mapped_column(default=0)
    own_fen: Mapped[int] = mapped_column(default=0)


class StandingChange(Base):
    """One transition of a member: standing, unlock, cycle, rank, showcase, seed promoter; with what it rested on."""

    __tablename__ = "standing_change"
    __table_args__ = (
        sa.CheckConstraint(
            "kind IN ('registered', 'lapsed', 'qualified', 'unlocked', 'passed', 'failed', 'frozen', 'exited',"
            " 'revived', 'ranked', 'unranked', 'closed', 'reopened', 'seed', 'strike', 'reminded',"
            " 'stated', 'bound', 'refused')",
            name="kind",
        ),
        sa.Index(None, "member_id", "id"),
        sa.Index(None, "at", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    at: Mapped[datetime]
    kind: Mapped[str]
    before: Mapped[str | None]
    after: Mapped[str | None]
    reason: Mapped[str]
    evidence: Mapped[dict[str, Any]]


class Obligation(Base):
    """An own normal order that a high earner owes since an instant (rules §5.8), until it is met."""

    __tablename__ = "obligation"
    __table_args__ = (
        sa.CheckConstraint("met_at >= since", name="met"),
        sa.Index(None, "member_id", "since", "id", postgresql_where=sa.text("met_at IS NULL")),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    since: Mapped[datetime]
    met_at: Mapped[datetime | None]
