"""What is due happens: candidates lapse, receipts confirm themselves, shares mature, cycles end."""

from typing import Any

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
    done = 0
    while done < AT_ONCE:
        run.check()
        with run.transaction():
            found = due.first(run.at) if due.is_ours() and not jobs.is_under_way("build_world") else None
            if found is not None:
                due.run(found)
        if found is None:
            break
        done += 1
        run.progress(done, AT_ONCE, "")
    return {"done": done}
