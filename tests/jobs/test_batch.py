"""Working through a batch: in parts, resumed after a death, stopped when asked, never one row twice."""

import dataclasses
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from jobs import batch as jobs
from jobs import queue, run
from models import Batch, BatchRow, Event, Job, db
from models.errors import Conflict
from models.operations import batch as operations
from models.operations import outbox
from models.operations.batch import Result
from models.tables.batch import Outcome
from tests import people

AT = datetime(2026, 11, 20, tzinfo=UTC)


@pytest.fixture
def tried(monkeypatch):
    """A step that writes down what it is given, refuses multiples of 5 and breaks on a number asked to."""
    seen: list[int] = []
    broken: set[int] = set()

    def step(row_id, at, by, reason):
        if row_id in broken:
            raise ZeroDivisionError
        seen.append(row_id)
        if row_id % 5 == 0:
            raise Conflict(f"{row_id} 不行")
        return f"{by} {reason}"

    step.seen, step.broken = seen, broken
    monkeypatch.setitem(jobs.ROWS, "test.step", step)
    monkeypatch.setattr(jobs, "CHUNK", 4)
    return step


def start(number: int) -> Batch:
    """A batch over so many numbers from 1."""
    staff = people.person("operator")
    numbers = sa.func.generate_series(1, number).table_valued("n").render_derived()
    wish = operations.Wish(
        page="jobs", title="试", operation="test.step", permission="job.rerun", query="", is_filter=True,
        reason="repaired", rows=number, amount_fen=number * 100,
    )  # fmt: skip
    rows = sa.select(numbers.c.n.label("row_id"), sa.literal(100).label("amount_fen")).order_by(numbers.c.n)
    made = operations.start(wish=wish, rows=rows, staff_id=staff.id, at=AT)
    db.session.commit()
    return made


@pytest.fixture
def started(session):
    """Starts a batch in the isolated session."""
    return start


def outcomes(batch: Batch) -> dict[int, str]:
    rows = sa.select(BatchRow.row_id, BatchRow.outcome).where(BatchRow.batch_id == batch.id).order_by(BatchRow.id)
    return {row.row_id: row.outcome for row in db.session.execute(rows)}


def job_of(batch: Batch) -> Job:
    return db.session.get_one(Job, batch.job_id, populate_existing=True)


class TestWork:
    def test_tries_each_row_once_in_the_order_of_the_list(self, started, tried, work):
        batch = started(10)
        work()
        # The refusals of 5 and of 10 took their parts back: each row of them was tried again by itself.
        assert tried.seen == [1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10, 9, 10]
        assert [outcome for outcome in outcomes(batch).values() if outcome == "refused"] == ["refused"] * 2
        job = job_of(batch)
        assert (job.state, job.result) == ("done", {"waiting": 0, "done": 8, "refused": 2, "cancelled": 0})

    def test_of_whole_parts_ends_too(self, started, tried, work):
        batch = started(8)
        work()
        assert (set(tried.seen), job_of(batch).state) == (set(range(1, 9)), "done")
        assert db.session.get_one(Batch, batch.id, populate_existing=True).ended_at is not None

    def test_goes_on_where_it_was_after_a_failure(self, started, tried, work):
        batch = started(10)
        tried.broken.add(7)
        queue.drain(beating=False)
        assert list(outcomes(batch).values()) == ["done"] * 4 + ["waiting"] * 6
        tried.broken.clear()
        db.session.execute(sa.update(Job).values(run_at=sa.func.clock_timestamp()))
        db.session.commit()
        work()
        assert "waiting" not in outcomes(batch).values()
        assert {row: outcome for row, outcome in outcomes(batch).items() if outcome == "refused"} == {
            5: "refused",
            10: "refused",
        }
        # 5 and 6 were tried in a part that was never committed.
        assert tried.seen == [1, 2, 3, 4, 5, 5, 6, 5, 5, 6, 7, 8, 9, 10, 9, 10]

    def test_keeps_nothing_of_a_part_that_was_taken_back(self, started, tried, work, monkeypatch):
        def noted(row_id, at, by, reason):
            outbox.emit(f"row.{row_id}")
            return tried(row_id, at, by, reason)

        monkeypatch.setitem(jobs.ROWS, "test.step", noted)
        started(6)
        work()
        names = sa.select(Event.name).where(Event.name.startswith("row.")).order_by(Event.name)
        assert list(db.session.scalars(names)) == ["row.1", "row.2", "row.3", "row.4", "row.6"]

    def test_says_what_a_row_came_to(self, started, tried, work):
        batch = started(5)
        work()
        told = sa.select(BatchRow.result).where(BatchRow.batch_id == batch.id).order_by(BatchRow.id.desc())
        assert list(db.session.scalars(told.limit(2))) == ["5 不行", f"{batch.made_by} repaired"]

    def test_stops_when_asked_and_closes_the_rest(self, standing, tried, monkeypatch):
        batch = start(12)
        record = operations.record

        def record_and_ask(**asked):
            record(**asked)
            if len(tried.seen) == 4:
                db.session.execute(sa.update(Job).where(Job.id == batch.job_id).values(cancel_requested=True))

        monkeypatch.setattr(operations, "record", record_and_ask)
        monkeypatch.setattr(run, "CHECK_SECONDS", 0)
        queue.drain(beating=False)
        assert list(outcomes(batch).values()) == ["done"] * 4 + ["cancelled"] * 8
        assert job_of(batch).state == "cancelled"


class TestRow:
    def test_keeps_its_result(self, started, tried, work):
        batch = started(1)
        work()
        (row,) = db.session.scalars(sa.select(BatchRow).where(BatchRow.batch_id == batch.id))
        with pytest.raises(IntegrityError, match="has its result"):
            operations.record(results=[Result(row.id, Outcome.REFUSED)], at=AT)

    def test_stands_in_a_batch_once(self, started):
        batch = started(1)
        db.session.add(BatchRow(batch_id=batch.id, row_id=1))
        with pytest.raises(IntegrityError, match="uq_batch_row_batch_id_row_id"):
            db.session.flush()


class TestSize:
    @pytest.mark.parametrize(("rows", "says"), [(0, "没有选中任何行"), (200_001, "一次最多处理 200,000 行")])
    def test_is_bounded(self, rows, says):
        with pytest.raises((operations.NothingChosen, operations.TooMany), match=says):
            operations.check_size(rows)

    def test_is_what_the_preview_said(self, session):
        staff_id = people.person("operator").id
        wish = operations.Wish(
            page="jobs", title="试", operation="test.step", permission="job.rerun", query="", is_filter=True,
            reason="x", rows=2, amount_fen=None,
        )  # fmt: skip
        rows = sa.select(sa.literal(1).label("row_id"), sa.null().cast(sa.BigInteger).label("amount_fen"))
        for seen in (wish, dataclasses.replace(wish, rows=1, amount_fen=5)):
            with pytest.raises(operations.SeenOtherwise, match="请重新预览"), session.begin_nested():
                operations.start(wish=seen, rows=rows, staff_id=staff_id, at=AT)
