"""What is due happens: candidates lapse, receipts confirm themselves, shares mature, cycles end."""

from typing import Any

from jobs import queue
from jobs.queue import Run, job
from models.operations import due
from models.queries import job as jobs
from models.tables.job import Queue

AT_ONCE = 500


@job(queue=Queue.MONEY, title="处理到期事项", max_attempts=3)
def run_due(run: Run, *, at: str) -> dict[str, Any]:
    """Let what is due by now happen, one thing a transaction, each as of its own instant.

    Late or twice it comes to the same: what has happened is due no more, and a second runner leaves at once. What a
    run does not reach in its ``AT_ONCE`` steps the next one finds; ``at`` only names the period. While the past
    of a demonstration is being written, the present waits: everything due happens there in the order of its days.
    """
    done = failed = 0
    while done + failed < AT_ONCE:
        run.check()
        found, broke = _next(run)
        if found is None:
            break
        if broke:
            with run.transaction():
                due.set_aside(found, error=broke, at=run.at)
        done, failed = done + (not broke), failed + bool(broke)
        run.progress(done + failed, AT_ONCE, "")
    return {"done": done} | ({"set_aside": failed} if failed else {})


def _next(run: Run) -> tuple[due.Due | None, str]:
    """The next thing that is due, done; why not, where it is to blame itself."""
    found = None
    with queue.blamed() as broke, run.transaction():
        found = due.first(run.at) if due.is_ours() and not jobs.is_under_way("build_world") else None
        if found is not None:
            due.run(found)
    return found, "".join(broke) if found is not None else ""
