"""Matrices and members: who is in which network, through whom, and how they stand."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

CODE = sa.Text(collation="C")


class Matrix(Base):
    """A merchant's ten preset showcases: the root of one network. The first one made is the default network."""

    __tablename__ = "matrix"
    __table_args__ = (
        sa.UniqueConstraint("code"),
        sa.CheckConstraint("template IN ('linear', 'triple')", name="template"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    code: Mapped[str] = mapped_column(CODE)
    merchant_id: Mapped[int] = mapped_column(sa.ForeignKey("merchant.id"))
    template: Mapped[str]
    made_at: Mapped[datetime]


class Member(Base):
    """A registered user; a promoter once ``qualified_at`` is set; a preset showcase of its matrix with ``position``.

    ``cycle_start`` and ``cycle_end`` bound the assessment cycle that runs, [start, end). ``lapse_at`` is when a
    candidate's days end. ``suspended_at`` is the
    instant of the freeze, after an exit of the exit. ``earned_fen`` is what shares, bonuses and dividends brought in a
    lifetime, net of reversals.
    """

    __tablename__ = "member"
    __table_args__ = (
        sa.UniqueConstraint("code"),
        sa.UniqueConstraint("matrix_id", "position"),
        sa.CheckConstraint(
            "standing IN ('candidate', 'active', 'frozen', 'exited', 'lapsed')",
            name="standing",
        ),
        sa.CheckConstraint("showcase IN ('none', 'pending', 'open', 'closed')", name="showcase"),
        sa.CheckConstraint("position BETWEEN 1 AND 10", name="position"),
        sa.CheckConstraint("sponsor_id <> id", name="sponsor"),
        sa.CheckConstraint("failures >= 0 AND strikes >= 0", name="counts"),
        sa.CheckConstraint("rank IN ('expert', 'leader', 'founder', 'center')", name="rank"),
        sa.CheckConstraint("(cycle_start IS NULL) = (cycle_end IS NULL) AND cycle_start < cycle_end", name="cycle"),
        sa.Index(None, "sponsor_id", "qualified_at"),
        sa.Index(None, "standing", "id"),
        sa.Index(
            "ix_member_cycle_end",
            "cycle_end",
            "id",
            postgresql_include=["standing", "failures"],
            postgresql_where=sa.text("cycle_end IS NOT NULL"),
        ),
        sa.Index(None, "lapse_at", postgresql_where=sa.text("lapse_at IS NOT NULL")),
        sa.Index(
            "ix_member_candidate",
            "lapse_at",
            "id",
            postgresql_include=["matrix_id"],
            postgresql_where=sa.text("standing = 'candidate' AND lapse_at IS NOT NULL"),
        ),
        sa.Index(None, "registered_at", "id"),
        sa.Index(None, "rank", "id", postgresql_where=sa.text("rank IS NOT NULL")),
        sa.Index(None, "showcase", "id", postgresql_where=sa.text("showcase IN ('pending', 'closed')")),
        sa.Index("ix_member_seed", "id", postgresql_where=sa.text("seed_at IS NOT NULL")),
        sa.Index(None, "matrix_id", "id"),
        sa.Index(None, "qualified_at", postgresql_where=sa.text("qualified_at IS NOT NULL")),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    code: Mapped[str] = mapped_column(CODE)
    matrix_id: Mapped[int] = mapped_column(sa.ForeignKey("matrix.id"))
    position: Mapped[int | None] = mapped_column(sa.SmallInteger)
    sponsor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("member.id"))
    standing: Mapped[str]
    showcase: Mapped[str]
    registered_at: Mapped[datetime]
    lapse_at: Mapped[datetime | None]
    qualified_at: Mapped[datetime | None]
    unlocked_at: Mapped[datetime | None]
    suspended_at: Mapped[datetime | None]
    cycle_start: Mapped[datetime | None]
    cycle_end: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    rank: Mapped[str | None]
    seed_at: Mapped[datetime | None]
    strikes: Mapped[int] = mapped_column(default=0)
    earned_fen: Mapped[int] = mapped_column(default=0)
    real_name_at: Mapped[datetime | None]
