"""The night's erasing of what is kept no longer."""

from typing import Any

from jobs.queue import Run, job
from models.operations import retention


@job(title="删除到期的个人信息", max_attempts=3)
def erase_due(run: Run, *, at: str = "") -> dict[str, Any]:
    """Erase kind by kind, batch by batch, until nothing is over any more."""
    gone = dict.fromkeys(retention.STATEMENTS, 0)
    for place, key in enumerate(gone):
        rows = retention.BATCH
        while rows == retention.BATCH:
            run.check()
            with run.transaction():
                rows = retention.erase(key=key, at=run.at)
            gone[key] += rows
        run.progress(place + 1, len(gone), key)
    return gone
