"""The check of the tree asked for, and what it finds about vacancies repaired."""

from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.operations import audit, outbox, placement
from models.tables.job import Job
from models.tables.member import Matrix

KIND = "check_tree"


def ask(*, by: str) -> Job:
    """Look the whole tree over in the background."""
    return outbox.request(KIND, payload={}, title="排位完整性检查", by=by, lane=KIND)


def repair(*, at: datetime) -> int:
    """Compute the vacancies of every network afresh from its seats; answers how many rows were wrong.

    Seats themselves are never touched: what is wrong with one is a finding for people, not for a button.
    """
    mended = 0
    for matrix in db.session.scalars(sa.select(Matrix).order_by(Matrix.id)):
        rows = placement.rebuild(matrix_id=matrix.id)
        audit.note(what="tree.rebuilt", about=f"matrix:{matrix.code}", rows=rows, at=at.isoformat())
        mended += rows
    return mended
