"""Real workers, real commits: bells in Redis, forked children, threads that race, leases that end."""

import json
import os
import signal
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime

import pytest
import sqlalchemy as sa
from flask import Flask

from jobs import bell, queue, relay, timetable, worker
from jobs.queue import Run
from models import Event, Job, db, transaction
from models.operations import job as operations
from models.operations import outbox
from models.operations.job import LeaseLost, Swept
from models.tables.job import Queue
from tests.jobs.conftest import ask, found

ALL = tuple(Queue)
WAIT_SECONDS = 30


@pytest.fixture(autouse=True)
def signals() -> Iterator[None]:
    """RQ's handlers of this process are taken away again."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


def standing_bells(app: Flask, name: str = "default") -> int:
    return app.extensions["bell"].redis.llen(f"rq:queue:{name}")


def answer_all(app: Flask) -> None:
    """A real worker answers every bell that stands, then ends."""
    # The parent of a forked child must hold no connection, and here the parent is the test.
    db.session.remove()
    worker.run(app, queues=ALL, burst=True)


def end_lease(job_id: int) -> None:
    with transaction():
        past = sa.func.clock_timestamp() - sa.text("interval '1 second'")
        db.session.execute(sa.update(Job).where(Job.id == job_id).values(lease_until=past))


def take(job_id: int, name: str = "first") -> operations.Claim:
    with transaction():
        claim = operations.claim(worker=name, queue="default", job_id=job_id)
    assert claim is not None
    return claim


def in_threads(app: Flask, count: int, step: Callable[[], object]) -> list[object]:
    """The step's answers from several threads that start together, each with a session of its own."""
    together, answers = threading.Barrier(count), []

    def one() -> None:
        with app.app_context():
            together.wait()
            answers.append(step())

    threads = [threading.Thread(target=one) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT_SECONDS)
    return answers


def emit_here(name: str) -> Callable[[Run], None]:
    def function(run: Run) -> None:
        with run.transaction():
            outbox.emit(name)
            run.complete()

    function.__name__ = name
    return function


def await_true(condition: Callable[[], bool]) -> bool:
    """Whether the condition came true before patience ended."""
    deadline = time.monotonic() + WAIT_SECONDS
    while not (met := condition()) and time.monotonic() < deadline:
        threading.Event().wait(0.01)
    return met


def lease_seen_elsewhere(app: Flask, job_id: int) -> datetime:
    with app.app_context():
        return db.session.scalars(sa.select(Job.lease_until).where(Job.id == job_id)).one()


def emitted(name: str) -> int:
    db.session.rollback()
    return db.session.scalars(sa.select(sa.func.count()).where(Event.name == name)).one()


class TestBell:
    def test_rings_after_the_commit_and_a_worker_answers(self, standing, kinds):
        kinds()(emit_here("sung"))
        job_id = ask("sung")
        assert standing_bells(standing) == 1
        answer_all(standing)
        assert (found(job_id).state, emitted("sung"), standing_bells(standing)) == ("done", 1, 0)

    def test_carries_json(self, standing):
        job_id = ask("anything")
        redis = standing.extensions["bell"].redis
        (key,) = redis.keys("rq:job:*")
        written = json.loads(zlib.decompress(redis.hget(key, "data")))
        assert written == ["jobs.queue.answer", None, [job_id], {}]

    def test_is_silent_for_a_transaction_rolled_back(self, standing):
        def ask_and_fail() -> None:
            with transaction():
                outbox.request("never", payload={})
                raise RuntimeError("no")

        with pytest.raises(RuntimeError):
            ask_and_fail()
        assert standing_bells(standing) == 0
        assert db.session.scalars(sa.select(Job.id)).all() == []

    def test_waits_for_the_commit_when_a_savepoint_is_released(self, standing):
        with transaction():
            with db.session.begin_nested():
                outbox.request("later", payload={})
            assert standing_bells(standing) == 0
        assert standing_bells(standing) == 1

    def test_survives_the_rollback_of_another_savepoint(self, standing):
        with transaction():
            outbox.request("kept", payload={})
            with pytest.raises(RuntimeError), db.session.begin_nested():
                raise RuntimeError("only this part")
        assert standing_bells(standing) == 1

    def test_is_rung_by_the_sweep_when_redis_was_away(self, standing, kinds, monkeypatch):
        kinds()(emit_here("waited"))
        monkeypatch.setitem(standing.extensions, "bell", bell.Bell("unix:///nowhere/redis.sock"))
        job_id = ask("waited")
        assert found(job_id).state == "waiting"
        monkeypatch.undo()
        kinds()(emit_here("waited"))
        timetable.sweep()
        answer_all(standing)
        assert (found(job_id).state, emitted("waited")) == ("done", 1)
        queue.KINDS.pop("waited")

    def test_is_rung_again_after_everything_in_redis_is_gone(self, standing, kinds):
        kinds()(emit_here("found_again"))
        job_id = ask("found_again")
        standing.extensions["bell"].redis.flushall()
        answer_all(standing)
        assert found(job_id).state == "waiting"
        timetable.sweep()
        answer_all(standing)
        assert found(job_id).state == "done"

    def test_never_piles_up(self, standing):
        for _ in range(30):
            ask("one_of_many")
        for _ in range(3):
            timetable.sweep()
        assert standing_bells(standing) == 30
        standing.extensions["bell"].redis.flushdb()
        for _ in range(3):
            timetable.sweep()
        assert standing_bells(standing) == bell.BELLS


class TestRace:
    def test_gives_one_job_to_one_of_two_workers(self, standing):
        for _ in range(20):
            job_id = ask("wanted")

            def take_it(job_id=job_id) -> bool:
                with transaction():
                    return operations.claim(worker="x", queue="default", job_id=job_id) is not None

            assert sorted(in_threads(standing, 2, take_it)) == [False, True]

    def test_does_each_of_many_jobs_once(self, standing, kinds):
        kinds()(emit_here("counted"))
        ids = [ask("counted") for _ in range(60)]
        assert sum(in_threads(standing, 4, lambda: queue.drain(beating=False))) == 60
        assert emitted("counted") == 60
        assert {found(job_id).attempts for job_id in ids} == {1}

    def test_makes_one_job_of_a_key_asked_for_twice_at_once(self, standing):
        def ask_once() -> int:
            return ask("monthly", key="monthly:2026-11")

        assert len(set(in_threads(standing, 4, ask_once))) == 1
        assert db.session.scalars(sa.select(sa.func.count()).select_from(Job)).one() == 1

    def test_relays_an_event_once_with_two_relays(self, standing, kinds, monkeypatch):
        kinds()(emit_here("told"))
        monkeypatch.setitem(relay.SUBSCRIBERS, "news", ("told",))
        with transaction():
            for _ in range(50):
                outbox.emit("news")
        assert sum(in_threads(standing, 3, relay.relay)) == 50
        assert db.session.scalars(sa.select(sa.func.count()).where(Job.kind == "told")).one() == 50


class TestFence:
    def test_refuses_the_commit_of_a_worker_that_was_overtaken(self, standing, kinds):
        kinds()(emit_here("twice"))
        job_id = ask("twice")
        late = Run(take(job_id))
        end_lease(job_id)
        assert timetable.sweep() == Swept(returned=1)
        with pytest.raises(LeaseLost), late.transaction():
            outbox.emit("twice")
        assert queue.drain(beating=False) == 1
        with pytest.raises(LeaseLost), late.transaction():
            outbox.emit("twice")
        assert (found(job_id).state, emitted("twice")) == ("done", 1)

    def test_holds_the_row_until_the_commit(self, standing):
        run = Run(take(ask("long_commit")))
        end_lease(run.job_id)
        with transaction():
            operations.fence(job_id=run.job_id, token=run.claim.token)
            assert in_threads(standing, 1, timetable.sweep) == [Swept()]
        assert timetable.sweep() == Swept(returned=1)

    def test_renews_and_reports_while_the_work_has_its_transaction_open(self, standing, monkeypatch):
        monkeypatch.setattr("jobs.run.RENEW_SECONDS", 0.01)
        run = Run(take(ask("long_work")))
        before = found(run.job_id).lease_until
        with run.beating(seconds=60), run.transaction():
            outbox.emit("long.work")
            run.progress(1, 1, "half")
            renewed = await_true(lambda: lease_seen_elsewhere(standing, run.job_id) > before)
        assert renewed
        assert found(run.job_id).note == "half"

    def test_frees_the_rows_of_a_frozen_worker(self, standing, monkeypatch):
        monkeypatch.setattr("jobs.run.IDLE_SECONDS", 0.05)
        run = Run(take(ask("frozen")))
        with pytest.raises(sa.exc.DBAPIError, match="idle-in-transaction"), run.transaction():
            threading.Event().wait(0.5)

    def test_gives_up_a_lease_that_ended_too_often(self, standing):
        job_id = ask("killer", max_attempts=2)
        for expected in (Swept(returned=1), Swept(died=1)):
            take(job_id)
            end_lease(job_id)
            assert timetable.sweep() == expected
        assert (found(job_id).state, found(job_id).error) == ("dead", "执行进程中断，未能完成（第 2 次尝试）")

    def test_cancels_a_vanished_job_that_was_to_be_cancelled(self, standing):
        job_id = ask("unwanted")
        take(job_id)
        with transaction():
            operations.cancel(job_id=job_id)
        end_lease(job_id)
        assert timetable.sweep() == Swept(cancelled=1)
        assert found(job_id).state == "cancelled"

    def test_leaves_a_live_lease_alone(self, standing):
        take(ask("busy"))
        assert timetable.sweep() == Swept()


class TestChild:
    def end_when_running(self, app: Flask, job_id: int) -> None:
        """Run a worker in this process and tell it to end once it works on the job."""
        # Not through the application's pool, which the worker throws away when it forks.
        engine = sa.create_engine(app.config["SQLALCHEMY_DATABASE_URI"], poolclass=sa.NullPool)
        state = sa.select(Job.state).where(Job.id == job_id)

        def end() -> None:
            with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                await_true(lambda: connection.scalar(state) == "running")
            os.kill(os.getpid(), signal.SIGTERM)

        thread = threading.Thread(target=end)
        thread.start()
        db.session.remove()
        worker.run(app, queues=ALL)
        thread.join(WAIT_SECONDS)

    def test_that_is_killed_gives_its_job_back_at_once(self, standing, kinds):
        @kinds()
        def die_once(run: Run) -> None:
            if run.attempt == 1:
                os.kill(os.getpid(), signal.SIGKILL)
            with run.transaction():
                outbox.emit("second.life")

        job_id = ask("die_once")
        answer_all(standing)
        assert (found(job_id).state, found(job_id).attempts, emitted("second.life")) == ("done", 2, 1)

    def test_that_hangs_is_ended_with_its_reason(self, standing, kinds):
        @kinds(seconds=0.3)
        def hang(run: Run) -> None:
            threading.Event().wait(WAIT_SECONDS)

        job_id = ask("hang", max_attempts=1)
        answer_all(standing)
        assert (found(job_id).state, found(job_id).error) == ("dead", "超过时限 0.3 秒，已中止")

    def test_shares_no_connection_with_its_parent(self, standing, kinds):
        @kinds()
        def whose(run: Run) -> dict:
            return {"backend": db.session.scalar(sa.text("SELECT pg_backend_pid()"))}

        ours = db.session.scalar(sa.text("SELECT pg_backend_pid()"))
        job_id = ask("whose")
        answer_all(standing)
        assert found(job_id).result["backend"] != ours

    def test_that_does_not_listen_is_ended_in_the_end(self, standing, kinds, monkeypatch):
        monkeypatch.setattr(worker, "GRACE_SECONDS", 0.2)

        @kinds()
        def deaf(run: Run) -> None:
            threading.Event().wait(WAIT_SECONDS)

        job_id = ask("deaf")
        self.end_when_running(standing, job_id)
        assert (found(job_id).state, found(job_id).attempts) == ("waiting", 1)

    def test_hands_its_job_back_when_the_worker_is_told_to_end(self, standing, kinds):
        @kinds()
        def endless(run: Run) -> None:
            while True:
                run.check()
                threading.Event().wait(0.01)

        job_id = ask("endless")

        self.end_when_running(standing, job_id)
        assert (found(job_id).state, found(job_id).attempts) == ("waiting", 0)
