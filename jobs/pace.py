"""How fast somebody may ask: windows counted in Redis, and in PostgreSQL while Redis is away. Never not at all."""

import hashlib
import time
from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog
from flask import current_app
from redis import Redis, RedisError
from redis.exceptions import NoScriptError

from models import transaction
from models.errors import Forbidden
from models.operations import attempt
from models.rules.attempt import Limit

SILENCE_SECONDS = 5.0
_COUNT = """
local counts = {}
for n = 1, #KEYS do
    counts[n] = redis.call('INCR', KEYS[n])
    if counts[n] == 1 then redis.call('EXPIRE', KEYS[n], ARGV[n]) end
end
return counts
"""
_COUNT_SHA = hashlib.sha1(_COUNT.encode(), usedforsecurity=False).hexdigest()

log = structlog.get_logger("jobs.pace")


class TooFast(Forbidden):
    """Asked more often than the limit; ``wait`` says when to come back."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__("操作过于频繁，请稍后再试。")
        self.wait = wait


class Pace:
    """Counts in the same Redis that the doorbell uses; after a failure it leaves Redis alone for a while."""

    def __init__(self, redis: Redis) -> None:
        self.redis = redis
        self.silent_until = 0.0

    def take(self, limits: Sequence[Limit], *, at: datetime) -> None:
        """Count one request on every limit, or refuse it."""
        if time.monotonic() >= self.silent_until:
            try:
                self._count(limits, at)
                return
            except RedisError as error:
                self.silent_until = time.monotonic() + SILENCE_SECONDS
                log.warning("pace.away", error=type(error).__name__)
        self._count_in_postgresql(limits, at)

    def _count(self, limits: Sequence[Limit], at: datetime) -> None:
        windows = [(limit, int(limit.within.total_seconds())) for limit in limits]
        now = int(at.timestamp())
        told = [f"pace:{limit.key}:{now // seconds}" for limit, seconds in windows]
        counts = self._counted(len(told), *told, *(2 * seconds for _, seconds in windows))
        for (limit, seconds), count in zip(windows, counts, strict=True):
            if count > limit.count:
                raise TooFast(timedelta(seconds=seconds - now % seconds))

    def _counted(self, *told: int | str) -> list[int]:
        """In one command: the script is sent again only where Redis has not got it (anew)."""
        try:
            counts: list[int] = self.redis.evalsha(_COUNT_SHA, *told)  # type: ignore[arg-type]
        except NoScriptError:
            counts = self.redis.eval(_COUNT, *told)  # type: ignore[arg-type]
        return counts

    def _count_in_postgresql(self, limits: Sequence[Limit], at: datetime) -> None:
        try:
            with transaction():
                attempt.take(limits, at=at)
        except attempt.TooManyAttempts as error:
            raise TooFast(error.wait) from error


def take(limits: Sequence[Limit], *, at: datetime) -> None:
    """Count one request of this application, or refuse it."""
    found: Pace = current_app.extensions["pace"]
    found.take(limits, at=at)
