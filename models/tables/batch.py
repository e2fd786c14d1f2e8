"""One action over many rows of a list, and what each row came to."""

from datetime import datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Outcome(StrEnum):
    """What became of a row. It waits until it has been tried, and is tried once."""

    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"
    CANCELLED = "cancelled"


OUTCOMES = ", ".join(repr(outcome.value) for outcome in Outcome)


class Batch(Base):
    """An action that one person started over the ticked rows, or all rows of a filter, of a list.

    ``rows`` and ``amount_fen`` are what the person saw in the preview and what was taken down.
    """

    __tablename__ = "batch"
    __table_args__ = (
        sa.CheckConstraint("rows > 0", name="rows"),
        sa.CheckConstraint("btrim(reason) <> ''", name="reason"),
        sa.Index(None, "made_by", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    page: Mapped[str]
    title: Mapped[str]
    operation: Mapped[str]
    permission: Mapped[str]
    query: Mapped[str]
    is_filter: Mapped[bool]
    reason: Mapped[str]
    rows: Mapped[int]
    amount_fen: Mapped[int | None]
    made_by: Mapped[str]
    staff_id: Mapped[int] = mapped_column(sa.ForeignKey("staff.id"))
    made_at: Mapped[datetime]
    job_id: Mapped[int | None] = mapped_column(sa.ForeignKey("job.id"))
    ended_at: Mapped[datetime | None]


class BatchRow(Base):
    """One row of a batch: ``row_id`` in the list's table, and its one result."""

    __tablename__ = "batch_row"
    __table_args__ = (
        sa.CheckConstraint(f"outcome IN ({OUTCOMES})", name="outcome"),
        sa.CheckConstraint("(outcome = 'waiting') = (ended_at IS NULL)", name="ended"),
        sa.UniqueConstraint("batch_id", "row_id"),
        sa.Index(None, "batch_id", "outcome", "id"),
    )

    id: Mapped[int] = mapped_column(sa.Identity(always=True), primary_key=True)
    batch_id: Mapped[int] = mapped_column(sa.ForeignKey("batch.id"))
    row_id: Mapped[int]
    amount_fen: Mapped[int | None]
    outcome: Mapped[str] = mapped_column(server_default=Outcome.WAITING.value)
    result: Mapped[str] = mapped_column(server_default="")
    ended_at: Mapped[datetime | None]
