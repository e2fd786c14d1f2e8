"""Housekeeping of sign-in: sessions that ran out unseen, counters that nobody touches any more."""

from datetime import datetime, timedelta
from typing import Any

from jobs.queue import Run, job
from models.operations import attempt, session

# The longest window of any limit: an older counter is empty.
_COUNTED = timedelta(days=1)


@job(title="收尾过期会话与登录计数")
def close_lapsed(run: Run, *, at: str) -> dict[str, Any]:
    """End the sessions that have lapsed by ``at`` and drop the counters of a day before."""
    moment = datetime.fromisoformat(at)
    with run.transaction():
        return {"sessions": session.end_lapsed(at=moment), "counters": attempt.prune(before=moment - _COUNTED)}
