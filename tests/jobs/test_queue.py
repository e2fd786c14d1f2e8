"""Jobs done in this process: how each end is written down."""

import pytest
import sqlalchemy as sa

from jobs import queue
from jobs.queue import Cancelled, Run
from jobs.run import STOPPING
from models import Audit, Event, Job, db, transaction
from models.errors import Conflict
from models.operations import job as operations
from models.operations import outbox
from models.operations.job import LeaseLost
from tests.jobs.conftest import ask


def found(job_id: int) -> Job:
    return db.session.get_one(Job, job_id, populate_existing=True)


def make_due(job_id: int) -> None:
    with transaction():
        db.session.execute(sa.update(Job).where(Job.id == job_id).values(run_at=sa.func.clock_timestamp()))


class TestDone:
    def test_keeps_result_and_progress(self, work, kinds):
        @kinds()
        def count_sheep(run: Run, *, sheep: int) -> dict:
            run.progress(sheep, sheep, "all in")
            return {"sheep": sheep}

        job_id = ask("count_sheep", payload={"sheep": 3})
        assert work() == 1
        job = found(job_id)
        assert (job.state, job.result, job.done, job.total, job.note) == ("done", {"sheep": 3}, 3, 3, "all in")

    def test_writes_in_the_name_of_the_job(self, work, kinds):
        @kinds()
        def note_it(run: Run) -> None:
            with run.transaction():
                outbox.emit("sheep.counted")

        job_id = ask("note_it")
        work()
        trail = sa.select(Audit.actor, Audit.request_id, Audit.action, Audit.source).where(Audit.table_name == "event")
        assert db.session.execute(trail).all() == [("job:note_it", f"job:{job_id}", "note_it", "worker")]

    def test_leaves_no_audit_row_for_progress(self, work, kinds):
        @kinds()
        def walk(run: Run) -> None:
            for step in range(50):
                run.progress(step, step, f"step {step}")

        job_id = ask("walk")
        work()
        trail = sa.select(Audit.kind).where(Audit.table_name == "job", Audit.row_id == str(job_id)).order_by(Audit.id)
        assert db.session.scalars(trail).all() == ["insert", "update", "update"]

    def test_is_one_with_the_work_when_completed_inside_it(self, work, kinds):
        @kinds()
        def settle(run: Run) -> None:
            with run.transaction():
                outbox.emit("settled")
                run.complete({"legs": 6})
            raise RuntimeError("after the end")

        job_id = ask("settle")
        work()
        assert (found(job_id).state, found(job_id).result) == ("done", {"legs": 6})
        assert db.session.scalars(sa.select(Event.name).where(Event.name == "settled")).all() == ["settled"]


class TestFailed:
    def test_buries_a_refusal_at_once_with_its_sentence(self, work, kinds):
        @kinds()
        def refuse(run: Run) -> None:
            raise Conflict("余额不足，请先充值")

        job_id = ask("refuse")
        work()
        job = found(job_id)
        assert (job.state, job.error, job.attempts) == ("dead", "余额不足，请先充值", 1)

    def test_rolls_back_and_waits_for_another_try(self, work, kinds):
        @kinds()
        def stumble(run: Run) -> None:
            with run.transaction():
                outbox.emit("half.done")
                raise RuntimeError("the road is wet")

        job_id = ask("stumble")
        work()
        job = found(job_id)
        assert (job.state, job.attempts, job.error) == ("waiting", 1, "RuntimeError: the road is wet")
        assert job.run_at > job.started_at
        assert db.session.scalars(sa.select(Event.id).where(Event.name == "half.done")).all() == []

    def test_is_dead_after_its_last_attempt_and_says_so(self, work, kinds):
        @kinds()
        def poison(run: Run) -> None:
            raise RuntimeError("always")

        job_id = ask("poison", max_attempts=3)
        for _ in range(5):
            work()
            make_due(job_id)
        job = found(job_id)
        assert (job.state, job.attempts, job.error) == ("dead", 3, "RuntimeError: always")
        assert db.session.scalars(sa.select(Event.subject).where(Event.name == "job.died")).all() == [f"job:{job_id}"]

    def test_does_not_show_the_parameters_of_a_statement(self, work, kinds):
        @kinds()
        def leak(run: Run) -> None:
            with run.transaction():
                db.session.execute(sa.text("SELECT :phone / 0"), {"phone": 13800138000})

        job_id = ask("leak")
        work()
        assert found(job_id).error == "DataError: division by zero"

    def test_buries_an_unknown_kind_at_once(self, work):
        job_id = ask("never_written")
        work()
        assert found(job_id).state == "dead"
        assert found(job_id).error.startswith("未知的任务类型 never_written")

    @pytest.mark.parametrize("payload", [{}, {"import_id": 1, "shop": 2}])
    def test_buries_a_payload_its_function_does_not_take(self, work, kinds, payload):
        @kinds()
        def stage(run: Run, *, import_id: int) -> None:
            raise AssertionError("must not be called")

        job_id = ask("stage", payload=payload)
        work()
        assert (found(job_id).state, found(job_id).attempts) == ("dead", 1)
        assert found(job_id).error.startswith("任务参数不符")

    def test_counts_a_result_that_is_no_json_as_a_failure(self, work, kinds):
        @kinds()
        def answer_with_a_set(run: Run) -> dict:
            return {"ids": {1, 2}}

        job_id = ask("answer_with_a_set")
        work()
        assert found(job_id).error == "TypeError: Object of type set is not JSON serializable"


class TestStopped:
    def test_stops_at_the_next_check_when_cancelled(self, work, kinds):
        @kinds()
        def endless(run: Run) -> None:
            with transaction():
                operations.cancel(job_id=run.job_id)
            run.check()
            raise AssertionError("must not go on")

        job_id = ask("endless")
        work()
        assert (found(job_id).state, found(job_id).error) == ("cancelled", "")

    def test_is_cancelled_rather_than_tried_again(self, work, kinds):
        @kinds()
        def deaf(run: Run) -> None:
            with transaction():
                operations.cancel(job_id=run.job_id)
            raise RuntimeError("failed before it looked")

        job_id = ask("deaf")
        work()
        assert found(job_id).state == "cancelled"

    def test_goes_back_uncounted_when_the_worker_must_end(self, work, kinds):
        @kinds()
        def long_way(run: Run) -> None:
            STOPPING.set()
            run.check()

        job_id = ask("long_way")
        try:
            assert queue.drain(beating=False) == 1
        finally:
            STOPPING.clear()
        assert (found(job_id).state, found(job_id).attempts) == ("waiting", 0)

    def test_cannot_commit_what_it_did_after_losing_its_lease(self, work, kinds):
        @kinds()
        def late(run: Run) -> None:
            with transaction():
                db.session.execute(sa.update(Job).where(Job.id == run.job_id).values(token=Job.token + 1))
            with run.transaction():
                outbox.emit("late.work")

        job_id = ask("late")
        work()
        assert found(job_id).state == "running"
        assert db.session.scalars(sa.select(Event.id).where(Event.name == "late.work")).all() == []

    def test_is_told_of_a_lost_lease_at_its_check(self, work, kinds):
        told = []

        @kinds()
        def looks(run: Run) -> None:
            with transaction():
                db.session.execute(sa.update(Job).where(Job.id == run.job_id).values(token=Job.token + 1))
            try:
                run.check()
            except LeaseLost:
                told.append(run.job_id)
                raise

        job_id = ask("looks")
        work()
        assert told == [job_id]

    def test_knows_cancelled_from_an_error(self):
        assert not issubclass(Cancelled, Conflict)


class TestOrder:
    def test_takes_money_before_exports(self, work, kinds):
        seen = []

        @kinds()
        def look(run: Run, *, word: str) -> None:
            seen.append(word)

        for name in ("export", "picture", "bulk", "default", "risk", "money"):
            ask("look", queue=name, payload={"word": name})
        work()
        assert seen == ["money", "risk", "default", "bulk", "picture", "export"]

    def test_keeps_a_lane_in_order_while_its_first_waits(self, work, kinds):
        seen = []

        @kinds()
        def step(run: Run, *, number: int) -> None:
            seen.append(number)
            if number == 1 and run.attempt == 1:
                raise RuntimeError("once")

        first = ask("step", lane="order:7", payload={"number": 1})
        ask("step", lane="order:7", payload={"number": 2})
        ask("step", lane="order:8", payload={"number": 3})
        work()
        assert seen == [1, 3]
        make_due(first)
        work()
        assert seen == [1, 3, 1, 2]
