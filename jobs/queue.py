"""Kinds of jobs and how one is done: claimed in PostgreSQL, worked on under a lease, its end written down."""

import importlib
import inspect
import json
import pkgutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import structlog
from flask import current_app
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

import jobs
from jobs import bell
from jobs.run import STOPPING, Cancelled, Interrupted, Run
from models import Actor, acting, transaction
from models.errors import DomainError, Invalid
from models.operations import job as operations
from models.operations.job import Claim, LeaseLost
from models.operations.outbox import Order
from models.tables.job import Queue

__all__ = ["Cancelled", "Interrupted", "Run", "answer", "drain", "job", "load", "order"]

QUEUES = tuple(queue.value for queue in Queue)
SITTING_SECONDS = 20.0
ERROR_LENGTH = 500

log = structlog.get_logger("jobs.queue")


class UnknownKind(Invalid):
    """No function of this name does jobs here."""


class BadPayload(Invalid):
    """The job was asked for with arguments its function does not take."""


@dataclass(frozen=True)
class Kind:
    """A function that does jobs, and how they are asked for; ``seconds`` is the longest an attempt may take."""

    order: Order
    function: Callable[..., dict[str, Any] | None]
    seconds: float


@dataclass(frozen=True)
class Station:
    """Who works in this process, and on which queues, the most urgent first."""

    worker: str
    queues: tuple[str, ...]


F = TypeVar("F", bound=Callable[..., dict[str, Any] | None])
KINDS: dict[str, Kind] = {}


def job(
    *,
    queue: str = Queue.DEFAULT,
    max_attempts: int = 8,
    title: str = "",
    seconds: float = 3600,
    is_batched: bool = False,
) -> Callable[[F], F]:
    """Register a function under its name as a kind of job. Never rename one in a single deploy."""

    def register(function: F) -> F:
        name = function.__name__
        KINDS[name] = Kind(Order(name, queue, title or name, max_attempts, is_batched), function, seconds)
        return function

    return register


def load() -> None:
    """Import every module of this package, so that each kind of job is known."""
    for module in pkgutil.iter_modules(jobs.__path__):
        importlib.import_module(f"jobs.{module.name}")


def order(kind: str) -> Order:
    """How a kind is asked for by an event or the timetable."""
    return KINDS[kind].order


def answer(job_id: int) -> None:
    """What a bell starts in a worker: the job it rang for, then whatever is due on this worker's queues."""
    station: Station = current_app.extensions["station"]
    began = time.monotonic()
    drain(station.queues, first=job_id, worker=station.worker)
    if not STOPPING.is_set() and time.monotonic() - began > SITTING_SECONDS:
        bell.ring_due(station.queues)


def drain(
    queues: Sequence[str] = QUEUES, *, first: int | None = None, worker: str = "inline", beating: bool = True
) -> int:
    """Do due jobs until none is left or this sitting is over; how many attempts were made."""
    began, attempts = time.monotonic(), 0
    claim = _take(queues, worker=worker, first=first)
    while claim is not None:
        perform(claim, beating=beating)
        attempts += 1
        if STOPPING.is_set() or time.monotonic() - began > SITTING_SECONDS:
            break
        claim = _take(queues, worker=worker)
    return attempts


def _take(queues: Sequence[str], *, worker: str, first: int | None = None) -> Claim | None:
    with acting(Actor(name="system:worker", source="worker", action="claim")), transaction():
        asked = [(queue, first) for queue in queues if first is not None] + [(queue, None) for queue in queues]
        for queue, job_id in asked:
            if claim := operations.claim(worker=worker, queue=queue, job_id=job_id):
                return claim
    return None


def perform(claim: Claim, *, beating: bool = True) -> None:
    """Do one attempt and write down how it ended; a lease lost on the way ends it without a word."""
    run = Run(claim)
    with (
        acting(run.actor),
        structlog.contextvars.bound_contextvars(job_id=claim.job_id, kind=claim.kind, attempt=claim.attempt),
    ):
        log.info("job.started", queue=claim.queue)
        try:
            ending = _attempt(run, beating=beating)
            if not run.is_complete:
                with transaction():
                    ending(job_id=claim.job_id, token=claim.token)
        except LeaseLost:
            log.warning("job.lease_lost")
        else:
            log.info("job.ended", how=getattr(ending, "func", ending).__name__)


def _attempt(run: Run, *, beating: bool) -> Callable[..., None]:
    """Call the function; the answer is the operation that writes down how it went."""
    try:
        kind = _known(run.claim)
        lease = run.beating(seconds=kind.seconds) if beating else nullcontext()
        with lease, current_app.app_context():
            result = kind.function(run, **run.claim.payload)
        json.dumps(result)
        return partial(operations.finish, result=result)
    except LeaseLost:
        raise
    except Cancelled:
        return operations.stop
    except Interrupted:
        return operations.give_back
    except DomainError as error:
        log.warning("job.refused", code=error.code)
        return partial(operations.bury, error=str(error))
    except Exception as error:
        log.exception("job.failed")
        return partial(operations.fail, error=_reason(error))


@contextmanager
def blamed() -> Iterator[list[str]]:
    """Let what is wrong with the work itself end here, its sentence in the list; what befell its servers goes on up."""
    broke: list[str] = []
    try:
        yield broke
    except (LeaseLost, Cancelled, Interrupted, OSError, OperationalError, InterfaceError):
        raise
    except DomainError as error:
        broke.append(str(error))
    except Exception as error:
        log.exception("step.failed")
        broke.append(_reason(error))


def _known(claim: Claim) -> Kind:
    kind = KINDS.get(claim.kind)
    if kind is None:
        raise UnknownKind(f"未知的任务类型 {claim.kind}：当前版本没有处理它的程序，请升级后重跑或取消")
    try:
        inspect.signature(kind.function).bind(None, **claim.payload)
    except TypeError as error:
        raise BadPayload(f"任务参数不符（{error}）：请取消后重新发起") from error
    return kind


def _reason(error: Exception) -> str:
    """One line for the console: what broke, without the parameters of a statement, which may be personal data."""
    told = error.orig if isinstance(error, DBAPIError) else error
    lines = str(told).splitlines() or [""]
    return f"{type(error).__name__}: {lines[0]}"[:ERROR_LENGTH]
