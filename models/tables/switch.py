"""The kill-switches of money."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class MoneySwitch(Base):
    """Whether a money job may run. One person stops it with a reason; two together let it go on."""

    __tablename__ = "money_switch"
    __table_args__ = (
        sa.CheckConstraint("job IN ('settle', 'mature', 'dividend', 'transfer')", name="job"),
        sa.CheckConstraint("on_by <> asked_by", name="two_people"),
        sa.CheckConstraint(
            "CASE WHEN is_off THEN off_at IS NOT NULL AND off_by IS NOT NULL AND on_by IS NULL AND btrim(reason) <> ''"
            " ELSE off_at IS NULL OR (on_at IS NOT NULL AND on_by IS NOT NULL AND asked_by IS NOT NULL) END",
            name="off",
        ),
    )

    job: Mapped[str] = mapped_column(primary_key=True)
    is_off: Mapped[bool]
    reason: Mapped[str]
    off_at: Mapped[datetime | None]
    off_by: Mapped[str | None]
    asked_by: Mapped[str | None]
    on_at: Mapped[datetime | None]
    on_by: Mapped[str | None]
