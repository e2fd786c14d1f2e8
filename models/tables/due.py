"""What was due and could not happen: set aside so that everything behind it goes on."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class SetAside(Base):
    """A due thing that failed: tried again at ``try_at``, gone once it has happened.

    ``kind`` and ``subject`` name it as `models.operations.due` does; ``due_at`` is the instant that it is due for.
    """

    __tablename__ = "set_aside"
    __table_args__ = (
        sa.UniqueConstraint("kind", "subject"),
        sa.CheckConstraint("kind BETWEEN 0 AND 3", name="kind"),
        sa.CheckConstraint("failures > 0", name="failures"),
        sa.CheckConstraint("btrim(error) <> ''", name="error"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    kind: Mapped[int] = mapped_column(sa.SmallInteger)
    subject: Mapped[int]
    due_at: Mapped[datetime]
    failures: Mapped[int]
    error: Mapped[str]
    first_at: Mapped[datetime]
    try_at: Mapped[datetime]
