"""Files made for somebody outside, and what was erased in its time."""

from collections.abc import Sequence

import sqlalchemy as sa

from models.base import db
from models.tables.handout import Erasure, Handout


def of(kind: str, subject: str) -> Sequence[Handout]:
    """The files made of one thing, the newest first."""
    chosen = sa.select(Handout).where(Handout.kind == kind, Handout.subject == subject)
    return db.session.scalars(chosen.order_by(Handout.id.desc())).all()


def erased() -> dict[str, Erasure]:
    """The newest erasure of each kind of data."""
    newest = sa.select(sa.func.max(Erasure.id)).group_by(Erasure.kind)
    return {one.kind: one for one in db.session.scalars(sa.select(Erasure).where(Erasure.id.in_(newest)))}


def erased_in_all() -> dict[str, int]:
    """How many rows of each kind have been erased since the beginning."""
    chosen = sa.select(Erasure.kind, sa.func.sum(Erasure.rows)).group_by(Erasure.kind)
    return {row[0]: int(row[1]) for row in db.session.execute(chosen)}
