"""The worker: RQ listens for bells, a forked child answers each, and a restart of either server is waited out."""

import os
import signal
import socket
import threading
import time
from contextlib import suppress
from typing import Any
from uuid import uuid4

import structlog
from flask import Flask
from redis import Redis, RedisError
from rq import Queue as RedisQueue
from rq import Worker
from rq.exceptions import StopRequested
from rq.job import Job as RedisJob
from rq.serializers import JSONSerializer
from sqlalchemy.exc import DBAPIError

from jobs.queue import Station, load
from jobs.run import STOPPING
from models import Actor, acting, db, transaction
from models.operations import job as operations

# Processes to start, so that no export and no import ever stands in front of money.
POOLS: dict[str, tuple[str, ...]] = {
    "urgent": ("money", "risk"),
    "common": ("money", "risk", "default", "bulk"),
    "picture": ("picture",),
    "export": ("export",),
}
# Two hundred pictures within two minutes: one process reads one at a time.
COPIES = {"picture": 2}
GRACE_SECONDS = 25.0
RECONNECT_SECONDS = 1.0
SURRENDER_TRIES = 10
SURRENDERER = Actor("system:worker", source="worker", action="surrender")

log = structlog.get_logger("jobs.worker")


class AppWorker(Worker):
    """RQ's worker with our application: JSON, short blocking, no shared database connection, leases given back."""

    max_connection_wait_time = 5.0

    def __init__(self, app: Flask, queues: tuple[str, ...], connection: Redis) -> None:
        super().__init__(
            list(queues),
            name=f"{socket.gethostname()}-{os.getpid()}-{uuid4().hex[:6]}",
            connection=connection,
            serializer=JSONSerializer,
            worker_ttl=30,
            maintenance_interval=60,
            job_monitoring_interval=5,
        )
        self.app = app
        self.is_stopping = False
        self.horse_status: int | None = None

    def fork_work_horse(self, job: RedisJob, queue: RedisQueue) -> None:
        with self.app.app_context():
            # A forked child must not talk over its parent's sockets.
            db.engine.dispose()
        super().fork_work_horse(job, queue)

    def main_work_horse(self, job: RedisJob, queue: RedisQueue) -> None:
        with self.app.app_context():
            super().main_work_horse(job, queue)

    def setup_work_horse_signals(self) -> None:
        super().setup_work_horse_signals()
        for number in (signal.SIGTERM, signal.SIGUSR1):
            signal.signal(number, lambda *_: STOPPING.set())

    def perform_job(self, job: RedisJob, queue: RedisQueue, execution: Any) -> bool:
        if not super().perform_job(job, queue, execution):
            # RQ ends a child as if all were well; the parent must know that something may be left undone.
            raise SystemExit(1)
        return True

    def wait_for_horse(self) -> tuple[int | None, int | None, Any]:
        ended = super().wait_for_horse()
        self.horse_status = ended[1]
        return ended

    def monitor_work_horse(self, job: RedisJob, queue: RedisQueue, execution: Any) -> None:
        super().monitor_work_horse(job, queue, execution)
        if self.horse_status:
            self._surrender()

    def maintain_heartbeats(self, job: RedisJob, execution: Any) -> None:
        # Redis away while a child works: the child goes on, its lease is in PostgreSQL.
        with suppress(RedisError):
            super().maintain_heartbeats(job, execution)

    def handle_warm_shutdown_request(self) -> None:
        """Ask the child to give its job back at the next check; end it when it does not listen."""
        super().handle_warm_shutdown_request()
        self.is_stopping = True
        if self.horse_pid:
            with suppress(ProcessLookupError):
                os.kill(self.horse_pid, signal.SIGUSR1)
            timer = threading.Timer(GRACE_SECONDS, self._end_child, (self.horse_pid,))
            timer.daemon = True
            timer.start()

    def _end_child(self, pid: int) -> None:
        # Only that very child: with none, RQ's own kill would hit the process group of the worker.
        if self.horse_pid == pid:
            self.kill_horse()

    def set_shutdown_requested_date(self) -> None:
        with suppress(RedisError):
            super().set_shutdown_requested_date()

    def _surrender(self) -> None:
        """The child is gone: whatever it still held is free at once, without waiting for the lease to end."""
        for _ in range(SURRENDER_TRIES):
            try:
                with self.app.app_context(), acting(SURRENDERER), transaction():
                    operations.surrender(worker=self.name)
                return
            except DBAPIError:
                time.sleep(RECONNECT_SECONDS)


def run(app: Flask, *, queues: tuple[str, ...], burst: bool = False) -> None:
    """Answer the bells of some queues until told to stop (SIGTERM, SIGINT), whatever Redis does meanwhile."""
    load()
    stopping = burst
    while True:
        try:
            stopping |= _listen(app, queues, burst)
        except StopRequested:
            stopping = True
        except RedisError as error:
            log.warning("worker.redis_away", error=type(error).__name__)
        if stopping:
            log.info("worker.ended")
            return
        time.sleep(RECONNECT_SECONDS)


def _listen(app: Flask, queues: tuple[str, ...], burst: bool) -> bool:
    """One life of RQ's loop, which ends on any trouble with Redis; tells whether it was asked to stop."""
    worker = AppWorker(app, queues, Redis.from_url(app.config["SETTINGS"].redis_url))
    app.extensions["station"] = Station(worker=worker.name, queues=queues)
    log.info("worker.listening", worker=worker.name, queues=queues)
    try:
        worker.work(burst=burst, logging_level="WARNING")
    except RedisError:
        if not worker.is_stopping:
            raise
    return worker.is_stopping
