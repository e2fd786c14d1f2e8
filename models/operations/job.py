"""The life of a job in PostgreSQL: claimed under a lease, renewed, finished, failed, cancelled, run again.

Every step of a worker names its token; whoever holds an older one than the row is refused (`LeaseLost`).
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Missing
from models.operations import outbox
from models.queries import job as queries
from models.rules import backoff
from models.tables.job import FINAL, Job, State

LEASE_SECONDS = 20
SWEPT_AT_ONCE = 500


class LeaseLost(Conflict):
    """Somebody else holds the job by now, or nobody may: what this worker did must not be committed."""


class NoSuchJob(Missing):
    """There is no job of this number."""


class AlreadyFinished(Conflict):
    """The job is over, so there is nothing left to cancel or to run again."""


@dataclass(frozen=True)
class Claim:
    """The right to work on one job until the lease ends; ``attempt`` counts from 1."""

    job_id: int
    kind: str
    queue: str
    payload: dict[str, Any]
    token: int
    attempt: int


@dataclass(frozen=True)
class Swept:
    """Jobs whose worker vanished: given back to be run again, given up, or cancelled as was asked."""

    returned: int = 0
    died: int = 0
    cancelled: int = 0


def _after(seconds: float) -> sa.ColumnElement[Any]:
    return sa.func.clock_timestamp() + sa.func.make_interval(0, 0, 0, 0, 0, 0, seconds)


def claim(*, worker: str, queue: str, job_id: int | None = None) -> Claim | None:
    """Take the first due job of a queue, or the named one, under a lease and a new token; None when none is due."""
    takeable = queries.takeable(queue=queue)
    if job_id is not None:
        takeable = takeable.where(Job.id == job_id)
    chosen = takeable.limit(1).with_for_update(skip_locked=True, of=Job)
    taken = db.session.execute(
        sa.update(Job)
        .where(Job.id == chosen.scalar_subquery())
        .values(
            state=State.RUNNING,
            token=Job.token + 1,
            attempts=Job.attempts + 1,
            worker=worker,
            lease_until=_after(LEASE_SECONDS),
            started_at=sa.func.clock_timestamp(),
            done=0,
            total=0,
            note="",
        )
        .returning(Job.id, Job.kind, Job.queue, Job.payload, Job.token, Job.attempts)
        .execution_options(synchronize_session=False)
    ).first()
    return None if taken is None else Claim(*taken)


def _held(*, job_id: int, token: int) -> tuple[sa.ColumnElement[bool], ...]:
    return Job.id == job_id, Job.token == token, Job.state == State.RUNNING


def _move(*, job_id: int, token: int, **values: Any) -> bool:
    """Change a job this token holds and tell whether a cancel was asked for; refuse a token that is no longer good."""
    moved = db.session.execute(
        sa.update(Job)
        .where(*_held(job_id=job_id, token=token))
        .values(**values)
        .returning(Job.cancel_requested)
        .execution_options(synchronize_session=False)
    ).first()
    if moved is None:
        raise LeaseLost("任务已由其他执行者接手，本次结果作废")
    return bool(moved[0])


def fence(*, job_id: int, token: int) -> None:
    """Lock the job's row and refuse an old token: nobody can take the job over before this transaction ends."""
    held = sa.select(Job.id).where(*_held(job_id=job_id, token=token)).with_for_update()
    if db.session.scalar(held) is None:
        raise LeaseLost("任务已由其他执行者接手，本次结果作废")


def renew(*, job_id: int, token: int) -> bool:
    """Extend the lease; tells whether a cancel was asked for."""
    return _move(job_id=job_id, token=token, lease_until=_after(LEASE_SECONDS))


def report(*, job_id: int, token: int, done: int, total: int, note: str) -> bool:
    """Write down how far the job is; tells whether a cancel was asked for."""
    return _move(job_id=job_id, token=token, done=done, total=total, note=note)


def finish(*, job_id: int, token: int, result: dict[str, Any] | None) -> None:
    """The work is done; ``result`` is what the console shows of it."""
    _end(job_id=job_id, token=token, state=State.DONE, result=result, error="")


def stop(*, job_id: int, token: int) -> None:
    """The work stopped where it was, as somebody asked."""
    _end(job_id=job_id, token=token, state=State.CANCELLED)


def bury(*, job_id: int, token: int, error: str) -> None:
    """The work can never be done as asked: a dead letter with its reason, at once."""
    _end(job_id=job_id, token=token, state=State.DEAD, error=error)
    _mourn(job_id=job_id)


def _end(*, job_id: int, token: int, **values: Any) -> None:
    _move(job_id=job_id, token=token, lease_until=None, finished_at=sa.func.clock_timestamp(), **values)


def _mourn(*, job_id: int) -> None:
    outbox.emit("job.died", subject=f"job:{job_id}", job_id=job_id)


def fail(*, job_id: int, token: int, error: str) -> None:
    """The attempt failed: wait and try again, or give up after the last one."""
    job = _fenced(job_id=job_id, token=token)
    _settle(job, seconds=backoff.after_failure(attempt=job.attempts, jitter=random.random()), error=error)
    db.session.flush()


def give_back(*, job_id: int, token: int) -> None:
    """Put the job back untried: its worker is asked to stop and the next one begins anew."""
    job = _fenced(job_id=job_id, token=token)
    _settle(job, seconds=0, error=job.error, attempts=job.attempts - 1)
    db.session.flush()


def _fenced(*, job_id: int, token: int) -> Job:
    fence(job_id=job_id, token=token)
    return db.session.get_one(Job, job_id, populate_existing=True)


def _settle(job: Job, *, seconds: float, error: str, attempts: int | None = None) -> State:
    """Where a job goes that did not reach its end: stopped as asked, given up after the last try, or tried again."""
    now, then = _moment(), _moment(seconds)
    job.lease_until, job.error, job.attempts = None, error, job.attempts if attempts is None else attempts
    if job.cancel_requested or job.attempts >= job.max_attempts:
        job.state, job.finished_at = State.CANCELLED if job.cancel_requested else State.DEAD, now
        if job.state == State.DEAD:
            _mourn(job_id=job.id)
    else:
        job.state = State.WAITING
        if seconds:
            job.run_at = then
        else:
            # Its turn stays what it was: a job that lost its worker does not wait behind all that came since.
            outbox.announce(job)
    return State(job.state)


def _moment(seconds: float = 0) -> datetime:
    """A moment of the database's clock, ``seconds`` from now."""
    moment: datetime = db.session.scalars(sa.select(_after(seconds))).one()
    return moment


def sweep() -> Swept:
    """Take care of the jobs whose lease ended without a word."""
    return _recover(Job.lease_until < queries.NOW)


def surrender(*, worker: str) -> Swept:
    """Take care of the jobs of a worker that is known to be dead, without waiting for the lease."""
    return _recover(Job.worker == worker)


def _recover(which: sa.ColumnElement[bool]) -> Swept:
    lost = db.session.scalars(
        sa.select(Job)
        .where(Job.state == State.RUNNING, which)
        .order_by(Job.id)
        .limit(SWEPT_AT_ONCE)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    ends = [_recover_one(job) for job in lost]
    db.session.flush()
    return Swept(ends.count(State.WAITING), ends.count(State.DEAD), ends.count(State.CANCELLED))


def _recover_one(job: Job) -> State:
    seconds = backoff.after_loss(attempt=job.attempts, jitter=random.random())
    return _settle(job, seconds=seconds, error=f"执行进程中断，未能完成（第 {job.attempts} 次尝试）")


MISSING = "没有这个任务，请刷新列表"
SUCCEEDED = "任务已成功完成，无需重跑"


def _locked(job_id: int) -> Job:
    job = db.session.get(Job, job_id, with_for_update=True, populate_existing=True)
    if job is None:
        raise NoSuchJob(MISSING)
    return job


def cancel(*, job_id: int) -> Job:
    """Cancel a waiting job at once; ask a running one to stop at its next check."""
    job = _locked(job_id)
    if job.state in FINAL:
        raise AlreadyFinished("任务已结束，无需取消")
    now = _moment()
    job.cancel_requested = True
    if job.state == State.WAITING:
        job.state, job.finished_at = State.CANCELLED, now
    db.session.flush()
    return job


def rerun(*, job_id: int) -> Job:
    """Give a dead or cancelled job a new set of attempts. Asked twice, it is run again once."""
    job = _locked(job_id)
    if job.state == State.DONE:
        raise AlreadyFinished(SUCCEEDED)
    if job.state in (State.DEAD, State.CANCELLED):
        now = _moment()
        job.state, job.finished_at, job.attempts, job.cancel_requested = State.WAITING, None, 0, False
        job.run_at = now
        outbox.announce(job)
    db.session.flush()
    return job


def rerun_all(job_ids: Sequence[int]) -> dict[int, str]:
    """``rerun`` of many in two statements: why those that are not run again are not."""
    asked = Job.id == sa.any_(sa.cast(list(job_ids), sa.ARRAY(sa.BigInteger)))
    held = sa.select(Job.id, Job.state).where(asked).order_by(Job.id).with_for_update()
    states = {row.id: row.state for row in db.session.execute(held)}
    over = [job_id for job_id, state in states.items() if state in (State.DEAD, State.CANCELLED)]
    again = db.session.execute(
        sa.update(Job)
        .where(Job.id == sa.any_(sa.cast(over, sa.ARRAY(sa.BigInteger))))
        .values(state=State.WAITING, finished_at=None, attempts=0, cancel_requested=False, run_at=_after(0))
        .returning(Job.queue, Job.id)
        .execution_options(synchronize_session=False)
    ).all()
    outbox.remember((row.queue, row.id) for row in again)
    refusals = {State.DONE: SUCCEEDED, None: MISSING}
    return {job_id: refusals[state] for job_id in job_ids if (state := states.get(job_id)) in refusals}
