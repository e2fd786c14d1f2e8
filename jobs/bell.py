"""The doorbell: RQ entries that tell workers to look into PostgreSQL. Losing one costs seconds, never a job."""

import time
from collections import defaultdict
from collections.abc import Iterable, Sequence

import structlog
from flask import Flask, current_app, has_app_context
from redis import Redis, RedisError
from redis.backoff import NoBackoff
from redis.retry import Retry
from rq import Queue
from rq.serializers import JSONSerializer
from sqlalchemy import event
from sqlalchemy.orm import Session

from models import db
from models.operations import outbox
from models.queries import job as jobs

ENTRY = "jobs.queue.answer"
RELAY = "qianxing:relay"
BELLS = 8
PATIENCE_SECONDS = 1.0
SILENCE_SECONDS = 5.0

log = structlog.get_logger("jobs.bell")


def init_app(app: Flask) -> None:
    """Give the application its doorbell."""
    app.extensions["bell"] = Bell(app.config["SETTINGS"].redis_url)


class Bell:
    """Rings in Redis, never waits for it, and stays silent for a while after it was away."""

    def __init__(self, url: str) -> None:
        patience = {"socket_timeout": PATIENCE_SECONDS, "socket_connect_timeout": PATIENCE_SECONDS}
        self.redis: Redis = Redis.from_url(url, retry=Retry(NoBackoff(), 0), **patience)
        self.silent_until = 0.0

    def ring(self, queue: str, ids: Sequence[int]) -> int:
        """Ring for some jobs of a queue; how many rings Redis took. A worker that comes takes whatever is due."""
        if time.monotonic() < self.silent_until:
            return 0
        try:
            for job_id in ids[:BELLS]:
                self._queue(queue).enqueue(ENTRY, job_id, job_timeout=-1, result_ttl=0, failure_ttl=60)
        except RedisError as error:
            self.silent_until = time.monotonic() + SILENCE_SECONDS
            log.warning("bell.away", queue=queue, error=type(error).__name__)
            return 0
        return len(ids[:BELLS])

    def ring_missing(self, queue: str, ids: Sequence[int]) -> int:
        """Ring for due jobs that no bell in Redis stands for."""
        if not ids:
            return 0
        try:
            standing = len(self._queue(queue))
        except RedisError:
            return 0
        return self.ring(queue, ids[standing:])

    def wake(self) -> None:
        """Tell whoever relays that events wait; told twice before anybody came, it is told once."""
        if time.monotonic() < self.silent_until:
            return
        try:
            with self.redis.pipeline() as both:
                both.lpush(RELAY, 1)
                both.ltrim(RELAY, 0, 0)
                both.execute()
        except RedisError as error:
            self.silent_until = time.monotonic() + SILENCE_SECONDS
            log.warning("bell.away", queue=RELAY, error=type(error).__name__)

    def rest(self, seconds: float) -> bool:
        """Wait to be woken, so long at most; whether somebody did. Without Redis that is an error at once."""
        return self.redis.blpop([RELAY], timeout=seconds) is not None

    def _queue(self, name: str) -> Queue:
        return Queue(name, connection=self.redis, serializer=JSONSerializer)


def ring_due(queues: Iterable[str]) -> int:
    """Ring for what is due and has no bell: rings lost with Redis, retries whose time has come, jobs given back."""
    bell: Bell = current_app.extensions["bell"]
    return sum(bell.ring_missing(queue, jobs.due(queue=queue, limit=BELLS)) for queue in queues)


@event.listens_for(db.session, "after_commit")
def _ring_after_commit(session: Session) -> None:
    # The event fires for a released savepoint too, when nothing is committed yet.
    if session.in_nested_transaction():
        return
    if session.info.pop(outbox.EMITTED, False) and has_app_context() and "bell" in current_app.extensions:
        current_app.extensions["bell"].wake()
    requested: list[tuple[str, int]] = session.info.pop(outbox.REQUESTED, [])
    if not requested or not has_app_context() or "bell" not in current_app.extensions:
        return
    by_queue: dict[str, list[int]] = defaultdict(list)
    for queue, job_id in requested:
        by_queue[queue].append(job_id)
    for queue, ids in by_queue.items():
        current_app.extensions["bell"].ring(queue, ids)


@event.listens_for(db.session, "after_rollback")
def _forget_after_rollback(session: Session) -> None:
    if not session.in_nested_transaction():
        session.info.pop(outbox.REQUESTED, None)
        session.info.pop(outbox.EMITTED, None)
