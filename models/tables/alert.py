"""What staff have set about the alerts of the business."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base

CODE = sa.Text(collation="C")


class AlertRule(Base):
    """One rule that staff have touched; a figure not set (NULL) stands at its default (`models.rules.alert`).

    ``owner_id`` is to whom a new alert of the rule is given. What stood before is in the audit trail.
    """

    __tablename__ = "alert_rule"
    __table_args__ = (
        sa.UniqueConstraint("rule"),
        sa.CheckConstraint("rule IN ('B01', 'B02')", name="rule"),
        sa.CheckConstraint("days BETWEEN 1 AND 90", name="days"),
        sa.CheckConstraint("target_bps BETWEEN 100 AND 9000", name="target"),
        sa.CheckConstraint("buyers_min BETWEEN 10 AND 10000", name="buyers"),
        sa.CheckConstraint("loss_fen BETWEEN 0 AND 100000000", name="loss"),
        sa.CheckConstraint(
            "CASE rule WHEN 'B01' THEN loss_fen IS NULL ELSE target_bps IS NULL AND buyers_min IS NULL END", name="own"
        ),
        sa.CheckConstraint("btrim(reason) <> ''", name="reason"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    rule: Mapped[str] = mapped_column(CODE)
    days: Mapped[int | None] = mapped_column(sa.SmallInteger)
    target_bps: Mapped[int | None] = mapped_column(sa.SmallInteger)
    buyers_min: Mapped[int | None]
    loss_fen: Mapped[int | None]
    owner_id: Mapped[int | None] = mapped_column(sa.ForeignKey("staff.id"))
    reason: Mapped[str]
    changed_at: Mapped[datetime]
    changed_by: Mapped[str]
