"""Housekeeping of the job tables."""

from datetime import datetime
from typing import Any

from jobs.queue import Run, job
from models.operations import answer, timetable


@job(title="清理旧任务")
def forget_finished(run: Run, *, at: str) -> dict[str, Any]:
    """Remove jobs and answers more than 30 days older than ``at``, events of 90 and marks of 400 days, by the batch."""
    gone = {"jobs": 0, "events": 0, "marks": 0, "answers": 0}
    batch = gone
    while batch is gone or any(batch.values()):
        run.check()
        with run.transaction():
            moment = datetime.fromisoformat(at)
            batch = timetable.forget(at=moment) | {"answers": answer.forget(at=moment)}
        gone = {name: gone[name] + batch[name] for name in gone}
        run.progress(sum(gone.values()), sum(gone.values()), "")
    return gone
