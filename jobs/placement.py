"""The placement tree looked over in the background: what is wrong with it, and the weekly flow planned."""

from itertools import islice
from typing import Any

import sqlalchemy as sa

from jobs.queue import Run, job
from models import Matrix, db
from models.operations import flow
from models.queries import integrity, tree

SHOWN = 200


@job(title="排位完整性检查", max_attempts=2)
def check_tree(run: Run) -> dict[str, Any]:
    """Compare every seat with its parent, its vacancies and the teams counted over it; the first findings are kept."""
    found: list[str] = []
    parts = (tree.differences, integrity.teams)
    for n, part in enumerate(parts, 1):
        run.check()
        found += islice(part(), SHOWN + 1 - len(found))
        run.progress(n, len(parts))
    return {"findings": found[:SHOWN], "is_cut": len(found) > SHOWN, "counts": dict(integrity.counts())}


@job(title="每周清流计划", max_attempts=3)
def plan_flows(run: Run, *, at: str) -> dict[str, Any]:
    """Propose stand-ins for each network with a gap, one network a transaction; ``at`` only names the period.

    Twice it comes to the same: an open plan of a network is replaced.
    """
    planned = []
    for matrix_id in list(db.session.scalars(sa.select(Matrix.id).order_by(Matrix.id))):
        run.check()
        with run.transaction():
            try:
                planned.append(flow.plan(matrix_id=matrix_id, at=run.at, by=run.actor.name).id)
            except flow.NothingToRepair:
                continue
    return {"plans": planned}
