"""The placement tree looked over: what is wrong with it, found in the background."""

from itertools import islice
from typing import Any

from jobs.queue import Run, job
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
