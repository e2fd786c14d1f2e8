"""What staff may do to a job, and asking for one."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from models import Event, Job, db
from models.operations import job as operations
from models.operations import outbox
from models.operations.job import AlreadyFinished, LeaseLost, NoSuchJob
from models.queries import job as queries


def waiting(**values: object) -> Job:
    return outbox.request("any", **{"payload": {}, **values})


def running(**values: object) -> Job:
    job = waiting(**values)
    assert operations.claim(worker="w", queue=job.queue, job_id=job.id) is not None
    return db.session.get_one(Job, job.id, populate_existing=True)


def dead() -> Job:
    job = running()
    operations.bury(job_id=job.id, token=job.token, error="坏了")
    return db.session.get_one(Job, job.id, populate_existing=True)


class TestRequest:
    def test_is_one_job_for_one_key(self, session):
        first = waiting(key="month:2026-11", payload={"n": 1})
        assert waiting(key="month:2026-11", payload={"n": 2}).id == first.id
        assert session.scalars(sa.select(Job.payload)).all() == [{"n": 1}]

    def test_waits_for_its_time(self, session):
        job = waiting(run_at=datetime.now(UTC) + timedelta(hours=1))
        assert operations.claim(worker="w", queue="default", job_id=job.id) is None

    def test_refuses_a_queue_nobody_serves(self, session):
        with pytest.raises(sa.exc.IntegrityError, match="ck_job_queue"):
            waiting(queue="fast")


class TestCancel:
    def test_ends_a_waiting_job(self, session):
        job = operations.cancel(job_id=waiting().id)
        assert (job.state, job.finished_at is not None) == ("cancelled", True)

    def test_asks_a_running_one(self, session):
        job = operations.cancel(job_id=running().id)
        assert (job.state, job.cancel_requested) == ("running", True)
        assert operations.renew(job_id=job.id, token=job.token) is True

    def test_is_refused_for_one_that_is_over(self, session):
        with pytest.raises(AlreadyFinished, match="任务已结束"):
            operations.cancel(job_id=dead().id)

    def test_is_refused_for_none(self, session):
        with pytest.raises(NoSuchJob):
            operations.cancel(job_id=0)


class TestRerun:
    def test_gives_a_dead_job_new_attempts_once(self, session):
        job = dead()
        operations.rerun(job_id=job.id)
        claim = operations.claim(worker="w", queue="default", job_id=job.id)
        assert claim is not None
        operations.rerun(job_id=job.id)
        session.refresh(job)
        assert (claim.attempt, job.state, job.attempts) == (1, "running", 1)

    def test_is_refused_for_one_that_was_done(self, session):
        job = running()
        operations.finish(job_id=job.id, token=job.token, result=None)
        with pytest.raises(AlreadyFinished, match="无需重跑"):
            operations.rerun(job_id=job.id)

    def test_of_many_tells_why_some_are_not(self, session):
        died, busy, done = [dead(), dead()], running(), running()
        operations.finish(job_id=done.id, token=done.token, result=None)
        asked = [died[0].id, busy.id, done.id, died[1].id, 999_999_999]
        refused = {done.id: "任务已成功完成，无需重跑", 999_999_999: "没有这个任务，请刷新列表"}
        for _ in range(2):
            assert operations.rerun_all(asked) == refused
        session.expire_all()
        assert [(job.state, job.attempts, job.finished_at) for job in died] == [("waiting", 0, None)] * 2
        assert (busy.state, busy.attempts) == ("running", 1)


class TestToken:
    @pytest.mark.parametrize(
        "step",
        [
            lambda **held: operations.renew(**held),
            lambda **held: operations.report(**held, done=1, total=2, note=""),
            lambda **held: operations.finish(**held, result=None),
            lambda **held: operations.fail(**held, error="x"),
            lambda **held: operations.bury(**held, error="x"),
            lambda **held: operations.stop(**held),
            lambda **held: operations.give_back(**held),
            lambda **held: operations.fence(**held),
        ],
    )
    def test_is_asked_for_at_every_step(self, session, step):
        job = running()
        with pytest.raises(LeaseLost, match="其他执行者"):
            step(job_id=job.id, token=job.token - 1)

    def test_grows_with_every_claim(self, session):
        job = running()
        operations.give_back(job_id=job.id, token=job.token)
        claim = operations.claim(worker="w", queue="default", job_id=job.id)
        assert claim is not None
        assert claim.token == job.token + 1


class TestDeath:
    def test_is_a_fact_others_may_hear_of(self, session):
        job = dead()
        assert session.scalars(sa.select(Event.subject).where(Event.name == "job.died")).all() == [f"job:{job.id}"]


class TestFigures:
    def test_count_what_waits_runs_and_died_by_queue(self, session):
        waiting(queue="money")
        running(queue="risk")
        dead()
        counts = queries.counts()
        assert {key: count for key, count in counts.items() if count} == {
            ("money", "waiting"): 1,
            ("risk", "running"): 1,
            ("default", "dead"): 1,
        }

    def test_tell_how_long_the_first_of_a_queue_has_waited(self, session):
        waiting(queue="money", run_at=datetime.now(UTC) - timedelta(minutes=2))
        waiting(queue="export", run_at=datetime.now(UTC) + timedelta(minutes=2))
        ages = queries.ages()
        assert 119 < ages["money"] < 150
        assert (ages["risk"], ages["export"]) == (0, 0)

    def test_count_the_events_not_yet_relayed(self, session):
        outbox.emit("one")
        outbox.emit("two")
        assert queries.unrelayed() == 2
