"""Administrative divisions, loaded from the packaged codes."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Region(Base):
    """A province (level 1), city (2) or county (3) by its six-digit code."""

    __tablename__ = "region"
    __table_args__ = (sa.CheckConstraint("level BETWEEN 1 AND 3", name="level"),)

    code: Mapped[str] = mapped_column(sa.Text(collation="C"), primary_key=True)
    name: Mapped[str]
    short_name: Mapped[str]
    level: Mapped[int] = mapped_column(sa.SmallInteger)
    parent_code: Mapped[str | None] = mapped_column(
        sa.Text(collation="C"), sa.ForeignKey("region.code", deferrable=True, initially="DEFERRED"), index=True
    )
