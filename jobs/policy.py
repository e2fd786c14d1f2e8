"""What a drafted policy would have paid: last month's orders worked out under it and under the one in force."""

from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from jobs.queue import Run, job
from models.queries import effect
from models.queries import policy as policies
from models.tables.job import Queue

DAYS = 30
CHUNK = 500


@job(queue=Queue.EXPORT, title="试算策略影响", max_attempts=3, seconds=3600.0)
def measure_policy(run: Run, *, version_id: int) -> dict[str, Any]:
    """Sum by kind of row what both policies make of the last thirty days' completed orders; nothing is written."""
    until = run.at
    since = until - timedelta(days=DAYS)
    policy, (_, current) = policies.of(version_id), policies.in_force(until)
    now, then = Counter[str](), Counter[str]()
    total, done, after = effect.count(since=since, until=until), 0, 0
    while orders := effect.settled(since=since, until=until, after=after, limit=CHUNK):
        run.check()
        now.update(effect.paid(orders, current))
        then.update(effect.paid(orders, policy))
        done, after = done + len(orders), orders[-1].id
        run.progress(done, total)
    return {"orders": done, "since": _iso(since), "until": _iso(until), "now": dict(now), "then": dict(then)}


def _iso(moment: datetime) -> str:
    return moment.isoformat()
