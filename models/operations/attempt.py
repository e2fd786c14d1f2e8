"""Counting tries in PostgreSQL: exact under concurrency, gone only with the data itself."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from models.base import db
from models.errors import Forbidden
from models.rules.attempt import Limit
from models.tables.staff import Attempt

KEY_LENGTH = 120

# One statement under the row's lock: of any number of simultaneous tries exactly ``count`` pass.
_TAKE = sa.text(
    "INSERT INTO attempt (key, hits, last_at) VALUES (:key, ARRAY[CAST(:at AS timestamptz)], :at)"
    " ON CONFLICT (key) DO UPDATE SET last_at = :at, hits ="
    "  ARRAY(SELECT hit FROM unnest(attempt.hits) hit WHERE hit > :since ORDER BY hit) || CAST(:at AS timestamptz)"
    " WHERE (SELECT count(*) FROM unnest(attempt.hits) hit WHERE hit > :since) < :count"
    " RETURNING key"
)


class TooManyAttempts(Forbidden):
    """Tried too often; ``wait`` is the time after which the counter is empty for certain."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"尝试过于频繁，请 {round(wait.total_seconds() / 60)} 分钟后再试")
        self.wait = wait


def take(limits: Iterable[Limit], *, at: datetime) -> None:
    """Count one try on every limit, or refuse at the first that is full."""
    for limit in limits:
        facts = {"key": limit.key[:KEY_LENGTH], "at": at, "since": at - limit.within, "count": limit.count}
        if db.session.execute(_TAKE, facts).scalar_one_or_none() is None:
            raise TooManyAttempts(limit.within)


def give_back(limits: Iterable[Limit], *, at: datetime) -> None:
    """Uncount the try of this very moment: it succeeded, and only failures add up."""
    for limit in limits:
        moment = sa.cast(at, sa.DateTime(timezone=True))
        db.session.execute(
            sa.update(Attempt)
            .where(Attempt.key == limit.key[:KEY_LENGTH])
            .values(hits=sa.func.array_remove(Attempt.hits, moment, type_=ARRAY(sa.DateTime(timezone=True))))
        )


def prune(*, before: datetime) -> int:
    """Drop counters that nobody has touched since; returns how many."""
    gone = db.session.execute(sa.delete(Attempt).where(Attempt.last_at < before).returning(Attempt.key))
    return len(gone.all())
