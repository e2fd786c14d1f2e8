"""The placement tree: who sits where, where the next one goes, and how it came to be."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Seat(Base):
    """A member's node: parent, slot 1..3, depth (the root has 0). The id is the sequence of placement."""

    __tablename__ = "seat"
    __table_args__ = (
        sa.UniqueConstraint("member_id"),
        sa.UniqueConstraint("parent_id", "slot"),
        sa.CheckConstraint("slot BETWEEN 1 AND 3", name="slot"),
        sa.CheckConstraint("(parent_id IS NULL) = (slot IS NULL) AND (parent_id IS NULL) = (depth = 0)", name="root"),
        sa.CheckConstraint("parent_id <> id", name="no_cycle"),
        sa.Index("uq_seat_root", "matrix_id", unique=True, postgresql_where=sa.text("parent_id IS NULL")),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    matrix_id: Mapped[int] = mapped_column(sa.ForeignKey("matrix.id"))
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("seat.id"))
    slot: Mapped[int | None] = mapped_column(sa.SmallInteger)
    depth: Mapped[int]
    placed_at: Mapped[datetime]


class Frontier(Base):
    """Where the next one goes, per seat: derived, and rebuilt by the integrity check when in doubt.

    ``taken`` has a bit a slot; ``is_open`` says whether the owner's empty slots count as vacancies; ``best_id`` is the
    seat with the first vacancy at or below, ``best_distance`` levels down (both empty without one).
    """

    __tablename__ = "frontier"
    __table_args__ = (
        sa.CheckConstraint("taken BETWEEN 0 AND 7", name="taken"),
        sa.CheckConstraint("(best_id IS NULL) = (best_distance IS NULL) AND best_distance >= 0", name="best"),
    )

    seat_id: Mapped[int] = mapped_column(sa.ForeignKey("seat.id", ondelete="CASCADE"), primary_key=True)
    is_open: Mapped[bool]
    taken: Mapped[int] = mapped_column(sa.SmallInteger)
    best_id: Mapped[int | None]
    best_distance: Mapped[int | None]


class Move(Base):
    """One step in the life of a seat: who, when, why, direct or spilled, from where to where."""

    __tablename__ = "move"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('place', 'free', 'close', 'open', 'move')", name="kind"),
        sa.Index(None, "member_id", "id"),
        sa.Index(None, "at", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    at: Mapped[datetime]
    kind: Mapped[str]
    member_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    seat_id: Mapped[int]
    from_parent_id: Mapped[int | None]
    from_slot: Mapped[int | None] = mapped_column(sa.SmallInteger)
    to_parent_id: Mapped[int | None]
    to_slot: Mapped[int | None] = mapped_column(sa.SmallInteger)
    is_spill: Mapped[bool]
    by: Mapped[str]
    reason: Mapped[str]
