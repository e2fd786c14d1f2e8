"""Working through a batch: hundreds or thousands of rows a transaction, each result written once.

The rows of a part are done together; when one of them refuses, what was done of the part is taken back and each row of
it is tried in a savepoint of its own.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy.exc import IntegrityError

from jobs.queue import Cancelled, Run, job
from models import Actor, acting, db
from models.errors import DomainError, Forbidden
from models.operations import batch as operations
from models.operations import caseload, curation, listing, withdrawal
from models.operations import job as dead
from models.operations.batch import Result
from models.queries import batch as queries
from models.queries import view
from models.queries import withdrawal as withdrawals
from models.tables.batch import Batch, Outcome

CHUNK = 500
# Rows that a few statements do together: what a transaction costs besides is shared by more of them.
STRIDE_CHUNK = 2_000
LONGEST_SECONDS = 4 * 3600.0

# A row's step: (row id, moment, who, coded reason) -> the words of its result, nothing for "done".
Step = Callable[[int, datetime, str, str], str | None]
ChosenStep = Callable[..., str | None]
# A step of many rows in a few statements: the words of those that it refused.
Stride = Callable[[Sequence[int]], dict[int, str]]
Rows = Sequence[tuple[int, int]]


class NotAllowed(Forbidden):
    """The person who started the batch may no longer do this."""


def _rerun(row_id: int, at: datetime, by: str, reason: str) -> None:
    dead.rerun(job_id=row_id)


def _approve_refresh(row_id: int, at: datetime, by: str, reason: str) -> None:
    curation.approve(proposal_id=row_id, at=at, by=by)


def _refuse_refresh(row_id: int, at: datetime, by: str, reason: str) -> None:
    curation.refuse(proposal_id=row_id, why=reason, at=at, by=by)


def _delist(row_id: int, at: datetime, by: str, reason: str) -> None:
    listing.delist_everywhere(product_id=row_id, why=reason, at=at, by=by)


def _approve_withdrawal(row_id: int, at: datetime, by: str, reason: str) -> None:
    withdrawal.approve(number=withdrawals.number_of(row_id), by=by, at=at)


def _reject_withdrawal(row_id: int, at: datetime, by: str, reason: str) -> None:
    withdrawal.reject(number=withdrawals.number_of(row_id), reason=reason, at=at)


def _staff_id(by: str) -> int:
    return int(by.removeprefix("staff:"))


def _clear_case(row_id: int, at: datetime, by: str, reason: str) -> None:
    caseload.clear(case_id=row_id, staff_id=_staff_id(by), why=reason, at=at)


def _assign_case(row_id: int, at: datetime, by: str, reason: str, choice: str) -> None:
    caseload.assign(case_id=row_id, staff_id=_staff_id(by), to=choice, at=at)


def _snooze_case(row_id: int, at: datetime, by: str, reason: str, choice: str) -> None:
    until = at + timedelta(hours=int(choice))
    caseload.snooze(case_id=row_id, staff_id=_staff_id(by), until=until, why=reason, at=at)


# What a batch can do to a row; each desk adds its lines, named as the permission or the operation.
ROWS: dict[str, Step] = {
    "job.rerun": _rerun,
    "product.delist": _delist,
    "curation.approve": _approve_refresh,
    "curation.refuse": _refuse_refresh,
    "withdrawal.approve": _approve_withdrawal,
    "withdrawal.reject": _reject_withdrawal,
    "case.clear": _clear_case,
}


# Steps that need one more thing to know, said behind the operation's name: `case.snooze:24`.
CHOSEN: dict[str, ChosenStep] = {"case.assign": _assign_case, "case.snooze": _snooze_case}


def _step(operation: str) -> Step:
    name, _sep, choice = operation.partition(":")
    return partial(CHOSEN[name], choice=choice) if choice else ROWS[name]


# Those of them that are done in a few statements for all rows of a part.
STRIDES: dict[str, Stride] = {"job.rerun": dead.rerun_all}


@job(title="批量操作", max_attempts=5, seconds=LONGEST_SECONDS)
def work_batch(run: Run, *, batch_id: int) -> dict[str, Any]:
    """Try every waiting row of a batch once; a worker that dies loses at most the chunk it had not committed."""
    batch = db.session.get_one(Batch, batch_id)
    person = view.viewer(staff_id=batch.staff_id)
    if person is None or batch.permission not in person.permissions:
        raise NotAllowed("发起人的账号已停用，或已没有执行该操作的权限；请由有权限的人重新发起")
    actor = Actor(
        batch.made_by, source="worker", action=batch.operation, reason=batch.reason, request_id=f"job:{run.job_id}"
    )
    done, total = batch.rows - queries.outcomes(batch_id)[Outcome.WAITING], batch.rows
    with acting(actor):
        try:
            while tried := _chunk(run, batch_id):
                done += tried
                run.progress(done, total)
                run.check()
        except Cancelled:
            with run.transaction():
                operations.close(batch_id=batch_id, at=run.at)
            raise
    return dict(queries.outcomes(batch_id))


def _chunk(run: Run, batch_id: int) -> int:
    """One transaction: rows and results commit together, or neither; how many rows were tried."""
    with run.transaction():
        batch = db.session.get_one(Batch, batch_id)
        most = STRIDE_CHUNK if batch.operation in STRIDES else CHUNK
        rows = operations.waiting(batch_id=batch_id, limit=most)
        operations.record(results=_results(rows, batch, run.at), at=run.at)
        if len(rows) < most:
            operations.close(batch_id=batch_id, at=run.at)
            run.complete(dict(queries.outcomes(batch_id)))
    return len(rows) if len(rows) == most else 0


def _results(rows: Rows, batch: Batch, at: datetime) -> list[Result]:
    try:
        with db.session.begin_nested():
            return _together(rows, batch, at)
    except (DomainError, IntegrityError):
        step = _step(batch.operation)
        return [_tried(id_, step, row_id, at, batch) for id_, row_id in rows]


def _together(rows: Rows, batch: Batch, at: datetime) -> list[Result]:
    stride, step = STRIDES.get(batch.operation), _step(batch.operation)
    if stride is None:
        return [_done(id_, step(row_id, at, batch.made_by, batch.reason)) for id_, row_id in rows]
    refused = stride([row_id for _, row_id in rows])
    return [_told(id_, refused.get(row_id)) for id_, row_id in rows]


def _told(id_: int, refusal: str | None) -> Result:
    return _done(id_, None) if refusal is None else Result(id_, Outcome.REFUSED, refusal)


def _done(id_: int, said: str | None) -> Result:
    return Result(id_, Outcome.DONE, said or "")


def _tried(id_: int, step: Step, row_id: int, at: datetime, batch: Batch) -> Result:
    try:
        with db.session.begin_nested():
            return _done(id_, step(row_id, at, batch.made_by, batch.reason))
    except DomainError as refusal:
        return Result(id_, Outcome.REFUSED, str(refusal))
    except IntegrityError:
        return Result(id_, Outcome.REFUSED, "与刚刚发生的其他操作冲突，请刷新后单独处理")
