"""One action over many rows: taken down as they were seen, each tried once, each with its result."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.errors import Conflict, Invalid, Missing
from models.operations import job as jobs
from models.operations import outbox
from models.tables.batch import Batch, BatchRow, Outcome
from models.tables.job import FINAL, Job

MOST = 200_000
RESULT_LENGTH = 300

# Taking two hundred thousand rows down on a busy machine takes longer than a page may.
_PATIENCE = sa.text("SET LOCAL statement_timeout = '30s'")


class NothingChosen(Invalid):
    """A batch without a row."""


class TooMany(Invalid):
    """More rows than one batch takes."""


class SeenOtherwise(Conflict):
    """The rows are not those of the preview any more."""


class NoBatch(Missing):
    """The batch is not there, or is another person's."""


class BatchOver(Conflict):
    """A batch that has ended cannot be cancelled."""


@dataclass(frozen=True, kw_only=True)
class Wish:
    """What to do with which rows of which list, and what the preview said of them."""

    page: str
    title: str
    operation: str
    permission: str
    query: str
    is_filter: bool
    reason: str
    rows: int
    amount_fen: int | None


@dataclass(frozen=True, slots=True)
class Result:
    """What a row of a batch came to."""

    id: int
    outcome: Outcome
    text: str = ""


def check_size(rows: int) -> None:
    """Refuse a batch over nothing, or over more than one batch takes."""
    if rows <= 0:
        raise NothingChosen("没有选中任何行，请勾选或放宽筛选条件")
    if rows > MOST:
        raise TooMany(f"一次最多处理 {MOST:,} 行，当前 {rows:,} 行，请缩小筛选范围后分批处理")


def start(*, wish: Wish, rows: sa.Select[tuple[int, int | None]], staff_id: int, at: datetime) -> Batch:
    """Take down the rows (`row_id`, `amount_fen`, in the list's order) and ask for the job that works on them."""
    check_size(wish.rows)
    db.session.execute(_PATIENCE)
    batch = Batch(**vars(wish), staff_id=staff_id, made_by=f"staff:{staff_id}", made_at=at)
    db.session.add(batch)
    db.session.flush()
    found = rows.limit(wish.rows + 1).subquery()
    chosen = sa.select(sa.literal(batch.id), found.c.row_id, found.c.amount_fen)
    db.session.execute(sa.insert(BatchRow).from_select(["batch_id", "row_id", "amount_fen"], chosen))
    total = sa.select(sa.func.count(), sa.func.sum(BatchRow.amount_fen)).where(BatchRow.batch_id == batch.id)
    count, amount = db.session.execute(total).one()
    if (count, amount) != (wish.rows, wish.amount_fen):
        raise SeenOtherwise("数据在预览之后有变化，请重新预览核对后再执行")
    job = outbox.request(
        "work_batch", payload={"batch_id": batch.id}, subject=f"batch:{batch.id}", title=f"批量 {wish.title}",
        by=batch.made_by, lane=f"batch:{wish.operation}", max_attempts=5,
    )  # fmt: skip
    batch.job_id = job.id
    db.session.flush()
    return batch


def waiting(*, batch_id: int, limit: int) -> list[tuple[int, int]]:
    """The next rows to be tried, as (id of the batch's row, id of the list's row), in the order of the list."""
    query = (
        sa.select(BatchRow.id, BatchRow.row_id)
        .where(BatchRow.batch_id == batch_id, BatchRow.outcome == Outcome.WAITING)
        .order_by(BatchRow.id)
        .limit(limit)
    )
    return [(row.id, row.row_id) for row in db.session.execute(query)]


def record(*, results: Iterable[Result], at: datetime) -> None:
    """Write down what the rows came to, in one statement."""
    told = list(results)
    if not told:
        return
    # Three arrays, whatever the number of rows: the statement is always the same one.
    columns = (
        sa.cast([each.id for each in told], sa.ARRAY(sa.BigInteger)),
        sa.cast([each.outcome.value for each in told], sa.ARRAY(sa.Text)),
        sa.cast([each.text[:RESULT_LENGTH] for each in told], sa.ARRAY(sa.Text)),
    )
    ends = sa.func.unnest(*columns).table_valued("id", "outcome", "result").render_derived(name="ends")
    db.session.execute(
        sa.update(BatchRow)
        .where(BatchRow.id == ends.c.id)
        .values(outcome=ends.c.outcome, result=ends.c.result, ended_at=at),
        execution_options={"synchronize_session": False},
    )


def close(*, batch_id: int, at: datetime) -> None:
    """The batch is over: rows that were never tried are so by somebody's wish."""
    left = (BatchRow.batch_id == batch_id) & (BatchRow.outcome == Outcome.WAITING)
    db.session.execute(
        sa.update(BatchRow).where(left).values(outcome=Outcome.CANCELLED, ended_at=at),
        execution_options={"synchronize_session": False},
    )
    db.session.get_one(Batch, batch_id).ended_at = at
    db.session.flush()


def cancel(*, batch_id: int, at: datetime) -> Batch:
    """Stop a batch: rows already done stay done, the others are left as they are."""
    batch = db.session.get(Batch, batch_id, with_for_update=True)
    if batch is None or batch.job_id is None:
        raise NoBatch("没有这个批量任务，请刷新列表")
    if batch.ended_at is not None:
        raise BatchOver("该批量任务已经结束，无需取消")
    job = db.session.get_one(Job, batch.job_id)
    if job.state not in FINAL:
        job = jobs.cancel(job_id=job.id)
    if job.state in FINAL:
        close(batch_id=batch.id, at=at)
    return batch
