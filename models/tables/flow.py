"""The weekly flow (清流): plans, and who stands in for whom."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class FlowPlan(Base):
    """A proposal for one network; the shares are what the top fifth earns of all, in basis points, as estimated."""

    __tablename__ = "flow_plan"
    __table_args__ = (
        sa.CheckConstraint("state IN ('planned', 'applied', 'undone', 'dropped')", name="state"),
        sa.CheckConstraint("(state IN ('applied', 'undone')) = (applied_at IS NOT NULL)", name="applied"),
        sa.CheckConstraint("(state = 'undone') = (undone_at IS NOT NULL)", name="undone"),
        sa.CheckConstraint("top_before_bps BETWEEN 0 AND 10000 AND top_after_bps BETWEEN 0 AND 10000", name="shares"),
        sa.Index("uq_flow_plan_open", "matrix_id", unique=True, postgresql_where=sa.text("state = 'planned'")),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    matrix_id: Mapped[int] = mapped_column(sa.ForeignKey("matrix.id"))
    state: Mapped[str]
    made_at: Mapped[datetime]
    made_by: Mapped[str]
    applied_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    top_before_bps: Mapped[int]
    top_after_bps: Mapped[int]


class FlowLine(Base):
    """One gap and its stand-in; while ``is_active`` the stand-in may receive what the gap's node may not."""

    __tablename__ = "flow_line"
    __table_args__ = (
        sa.CheckConstraint("why IN ('exited', 'closed')", name="why"),
        sa.CheckConstraint("distance > 0 AND sales > 0 AND effect_fen >= 0", name="figures"),
        sa.CheckConstraint("gap_id <> stand_in_id", name="other"),
        sa.Index(None, "plan_id"),
        sa.Index("uq_flow_line_gap", "gap_id", unique=True, postgresql_where=sa.text("is_active")),
        sa.Index("uq_flow_line_stand_in", "stand_in_id", unique=True, postgresql_where=sa.text("is_active")),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("flow_plan.id"))
    gap_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    stand_in_id: Mapped[int] = mapped_column(sa.ForeignKey("member.id"))
    why: Mapped[str]
    distance: Mapped[int]
    sales: Mapped[int]
    effect_fen: Mapped[int]
    is_active: Mapped[bool]
