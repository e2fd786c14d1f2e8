"""Housekeeping of the job tables."""

from datetime import datetime
from typing import Any

from jobs.queue import Run, job
from models.operations import timetable


@job(title="清理旧任务")
def forget_finished(run: Run, *, at: str) -> dict[str, Any]:
    """Remove jobs done more than 30 days before ``at``, events of 90 and marks of 400 days, a thousand at a time."""
    gone = {"jobs": 0, "events": 0, "marks": 0}
    batch = gone
    while batch is gone or any(batch.values()):
        run.check()
        with run.transaction():
            batch = timetable.forget(at=datetime.fromisoformat(at))
        gone = {name: gone[name] + batch[name] for name in gone}
        run.progress(sum(gone.values()), sum(gone.values()), "")
    return gone
