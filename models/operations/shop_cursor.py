"""How far the shop was read: asked for with an overlap, moved on only with the work that it found."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from models.base import db
from models.operations import outbox
from models.tables.shop import ShopCursor

OVERLAP = timedelta(minutes=10)
"""A change may show late in the shop's list, and lists have no order: spans lap over by this much."""
GAP = timedelta(minutes=30)
"""Not having read for so long is a gap: told, and read over like everything else."""
FIRST = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Span:
    """What is to be asked for now."""

    begins: datetime
    ends: datetime


def span(*, kind: str, at: datetime) -> Span:
    """From where the last reading ended, less the overlap, until now; a gap since then is told once."""
    found = _locked(kind)
    if found is None:
        found = ShopCursor(kind=kind, through=at - FIRST, run_at=at, gap_seconds=0, missing=0)
        db.session.add(found)
        db.session.flush()
    elif at - found.through > GAP and (found.gap_at is None or found.gap_at < found.through):
        found.gap_seconds, found.gap_at = int((at - found.through).total_seconds()), at
        outbox.emit("shop.gap", subject=f"shop:{kind}", kind=kind, seconds=found.gap_seconds)
    found.run_at = at
    return Span(found.through - OVERLAP, at)


def advance(*, kind: str, through: datetime) -> None:
    """Everything until then was asked for; never back."""
    found = _locked(kind)
    if found is not None:
        found.through = max(found.through, through)


def checked(*, kind: str, missing: int, at: datetime) -> None:
    """A look at everything that was made found so many that had been skipped."""
    found = _locked(kind)
    if found is not None:
        found.missing, found.checked_at = missing, at
        if missing:
            outbox.emit("shop.gap", subject=f"shop:{kind}", kind=kind, missing=missing)


def _locked(kind: str) -> ShopCursor | None:
    chosen = sa.select(ShopCursor).where(ShopCursor.kind == kind).with_for_update()
    return db.session.scalars(chosen.execution_options(populate_existing=True)).one_or_none()
