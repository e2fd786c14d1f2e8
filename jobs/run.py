"""One attempt at one job: its fenced transactions, its progress, its lease kept alive."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
import structlog
from flask import current_app
from sqlalchemy.exc import DBAPIError

from models import Actor, acting, db, transaction
from models.operations import job as operations
from models.operations.job import Claim, LeaseLost

RENEW_SECONDS = 6.0
RETRY_SECONDS = 1.0
REPORT_SECONDS = 0.5
CHECK_SECONDS = 1.0
OVERRUN_EXIT = 75
IDLE_SECONDS = 120.0

log = structlog.get_logger("jobs.run")

_IDLE = sa.text("SELECT set_config('idle_in_transaction_session_timeout', :milliseconds, true)")

# Set when this process is asked to end: running jobs go back at their next check.
STOPPING = threading.Event()


class Cancelled(Exception):
    """Somebody asked this job to stop."""


class Interrupted(Exception):
    """This worker is asked to end; the job goes back and counts no attempt."""


class Run:
    """What a job's function is given. ``at`` is the moment the attempt began, the clock its operations are told."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.at = datetime.now(UTC)
        self.actor = Actor(
            name=f"job:{claim.kind}", source="worker", action=claim.kind, request_id=f"job:{claim.job_id}"
        )
        self.is_complete = False
        self._app = current_app._get_current_object()  # type: ignore[attr-defined]
        self._ending: list[dict[str, Any] | None] = []
        self._lost = False
        self._cancelled = False
        self._progress: dict[str, Any] = {"done": 0, "total": 0, "note": ""}
        self._reported = 0.0

    @property
    def job_id(self) -> int:
        return self.claim.job_id

    @property
    def attempt(self) -> int:
        return self.claim.attempt

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """A transaction that commits only while this run holds the job, checked under a lock of the job's row.

        The lock is taken last, so that progress and renewal, which have connections of their own, never wait for it.
        """
        with transaction():
            if self._lost:
                raise LeaseLost("任务已由其他执行者接手，本次结果作废")
            # A frozen process must not keep the rows it has locked from the one that takes its job over.
            db.session.execute(_IDLE, {"milliseconds": f"{IDLE_SECONDS * 1000:.0f}"})
            yield
            db.session.flush()
            if self._ending:
                operations.finish(job_id=self.job_id, token=self.claim.token, result=self._ending[-1])
            else:
                operations.fence(job_id=self.job_id, token=self.claim.token)
        self.is_complete = bool(self._ending)

    def complete(self, result: dict[str, Any] | None = None) -> None:
        """Inside ``transaction``: the job is done if and only if this transaction commits."""
        self._ending.append(result)

    def progress(self, done: int, total: int, note: str = "") -> None:
        """Tell the console how far the job is; written at most twice a second, the last step always."""
        self._progress = {"done": done, "total": total, "note": note}
        if done >= total or time.monotonic() - self._reported >= REPORT_SECONDS:
            self._report()

    def check(self) -> None:
        """Raise ``Cancelled``, ``LeaseLost`` or ``Interrupted`` when the job should not go on; call it at each step."""
        if STOPPING.is_set():
            raise Interrupted
        if time.monotonic() - self._reported >= CHECK_SECONDS:
            self._report()
        if self._lost:
            raise LeaseLost("任务已由其他执行者接手，本次结果作废")
        if self._cancelled:
            raise Cancelled

    def _report(self) -> None:
        self._reported = time.monotonic()
        self.aside(operations.report, **self._progress)

    def aside(self, step: Callable[..., Any], **values: Any) -> None:
        """Take one step of the job's own row in a session, a connection and a transaction apart from the work's."""
        try:
            with self._app.app_context(), acting(self.actor), transaction():
                self._cancelled |= bool(step(job_id=self.job_id, token=self.claim.token, **values))
        except LeaseLost:
            self._lost = True

    @contextmanager
    def beating(self, *, seconds: float) -> Iterator[None]:
        """Renew the lease from a thread while the work lasts, ``seconds`` at most."""
        over = threading.Event()
        thread = threading.Thread(target=self._beat, args=(over, seconds), name=f"lease-{self.job_id}", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _beat(self, over: threading.Event, seconds: float) -> None:
        began, pause = time.monotonic(), RENEW_SECONDS
        while not over.wait(min(pause, max(0.0, began + seconds - time.monotonic()))) and not self._lost:
            if time.monotonic() - began >= seconds:
                self._overrun(seconds)
            try:
                self.aside(operations.renew)
                pause = RENEW_SECONDS
            except DBAPIError as error:
                log.warning("lease.not_renewed", job_id=self.job_id, error=type(error).__name__)
                pause = RETRY_SECONDS

    def _overrun(self, seconds: float) -> None:
        """The work hangs: write down why, then end this process, as nothing else stops a thread that does not look."""
        log.error("job.overrun", job_id=self.job_id, seconds=seconds)
        try:
            self.aside(operations.fail, error=f"超过时限 {seconds:g} 秒，已中止")
        finally:
            os._exit(OVERRUN_EXIT)
