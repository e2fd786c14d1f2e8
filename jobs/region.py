"""Regional agents whose term is over: each is ended at its instant, the deposit goes back."""

from typing import Any

from jobs.queue import Run, job
from models.operations import agency
from models.queries import region_agent as agents
from models.tables.job import Queue


@job(queue=Queue.MONEY, title="到期的区域代理", max_attempts=3)
def end_agencies(run: Run, *, at: str) -> dict[str, Any]:
    """End every agency whose term is over, one transaction each."""
    due = agents.over(at=run.at)
    for agent_id in due:
        run.check()
        with run.transaction():
            agency.expire(agent_id=agent_id)
    return {"ended": len(due)}
