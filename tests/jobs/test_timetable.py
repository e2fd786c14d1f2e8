"""The timetable: each period once, whoever asks."""

import threading
from datetime import UTC, datetime, time, timedelta

import sqlalchemy as sa

from jobs import queue, relay, timetable, worker
from jobs.timetable import LINES, Line
from models import Audit, Event, Job, Mark, db, transaction
from models.operations import outbox
from models.rules.cadence import Daily
from models.tables.job import State
from tests.jobs.conftest import ask
from tests.jobs.test_worker import await_true, in_threads

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
NIGHTLY = (Line("nightly", "forget_finished", Daily(time(3, 30))),)


def made() -> list[str]:
    db.session.rollback()
    return list(db.session.scalars(sa.select(Job.key).order_by(Job.id)))


def heard() -> Job | None:
    db.session.rollback()
    return db.session.scalars(sa.select(Job).where(Job.kind == "hear")).one_or_none()


class TestPlan:
    def test_makes_the_job_of_a_period_in_shanghai_time(self, standing):
        assert timetable.plan(at=NOON, lines=NIGHTLY) == 1
        job = db.session.scalars(sa.select(Job)).one()
        assert job.payload == {"at": "2026-11-23T03:30:00+08:00"}
        assert (job.kind, job.title, job.subject) == ("forget_finished", "清理旧任务", "timetable:nightly")

    def test_makes_one_job_for_two_timetables(self, standing):
        both = in_threads(standing, 2, lambda: timetable.plan(at=NOON, lines=NIGHTLY))
        assert (sorted(both), len(made())) == ([0, 1], 1)

    def test_makes_nothing_twice_even_when_the_job_is_forgotten(self, standing):
        timetable.plan(at=NOON, lines=NIGHTLY)
        with transaction():
            db.session.execute(sa.delete(Job))
        assert timetable.plan(at=NOON, lines=NIGHTLY) == 0

    def test_catches_up_only_where_each_period_counts(self, standing):
        each = (Line("each", "forget_finished", Daily(time(3, 30)), catches_up=True), *NIGHTLY)
        timetable.plan(at=NOON, lines=each)
        assert timetable.plan(at=NOON + timedelta(days=3), lines=each) == 4
        assert [key.split(":")[1] for key in made()] == ["each", "nightly", "each", "each", "each", "nightly"]

    def test_knows_the_kind_of_every_line_and_a_worker_for_its_queue(self):
        queue.load()
        served = {name for queues in worker.POOLS.values() for name in queues}
        assert {queue.order(line.kind).queue for line in LINES} <= served
        assert len({line.name for line in LINES}) == len(LINES)

    def test_tells_only_kinds_that_exist(self):
        queue.load()
        assert {kind for kinds in relay.SUBSCRIBERS.values() for kind in kinds} <= set(queue.KINDS)

    def test_serves_every_queue_and_keeps_exports_apart(self):
        assert {name for queues in worker.POOLS.values() for name in queues} == set(queue.QUEUES)
        assert [queues for queues in worker.POOLS.values() if "export" in queues] == [("export",)]


class TestRun:
    def test_relays_and_sweeps_until_told_to_stop(self, standing, kinds, monkeypatch):
        @kinds()
        def hear(run: queue.Run, *, word: str) -> None:
            raise AssertionError("not worked on here")

        monkeypatch.setitem(relay.SUBSCRIBERS, "word.said", ("hear",))
        with transaction():
            outbox.emit("word.said", subject="word:1", word="hello")
        stop = threading.Event()
        thread = threading.Thread(target=timetable.run, args=(standing,), kwargs={"stop": stop})
        thread.start()
        try:
            assert await_true(lambda: heard() is not None)
        finally:
            stop.set()
            thread.join(30)
        job = heard()
        assert (job.payload, job.subject) == ({"word": "hello"}, "word:1")
        assert job.created_by == f"event:{job.event_id}"


class TestForgetting:
    def test_removes_what_is_old_and_over_and_keeps_the_dead(self, session, work):
        old = NOON - timedelta(days=100)
        with transaction():
            for state in (State.DONE, State.CANCELLED, State.DEAD):
                job = outbox.request("past", payload={})
                job.state, job.finished_at = state, old
            session.execute(sa.insert(Event).values(name="past", payload={}, created_at=old, relayed_at=old))
            session.execute(sa.insert(Mark).values(name="past", period=NOON - timedelta(days=500)))
        ask("forget_finished", payload={"at": NOON.isoformat()})
        work()
        assert session.scalars(sa.select(Job.state).where(Job.kind == "past")).all() == ["dead"]
        assert session.scalars(sa.select(Event.id).where(Event.name == "past")).all() == []
        assert session.scalars(sa.select(Mark.id)).all() == []
        result = session.scalars(sa.select(Job.result).where(Job.kind == "forget_finished")).one()
        assert result == {"jobs": 2, "events": 1, "marks": 1, "answers": 0}
        deletes = sa.select(sa.func.count()).where(Audit.kind == "delete", Audit.actor == "job:forget_finished")
        assert session.scalars(deletes).one() == 4
