"""Jobs done in this process: how each end is written down."""

import pytest
import sqlalchemy as sa

from jobs import queue
from jobs.queue import Run
from models import Audit, Job, db, transaction
from models.errors import Conflict
from models.operations import outbox


@pytest.fixture
def kinds(monkeypatch):
    """A register of kinds of its own, undone at the end."""
    monkeypatch.setattr(queue, "KINDS", dict(queue.KINDS))
    return queue.KINDS


def ask(kind: str, **values) -> int:
    with transaction():
        return outbox.request(kind, **{"payload": {}, **values}).id


def found(job_id: int) -> Job:
    return db.session.get_one(Job, job_id, populate_existing=True)


class TestPerform:
    def test_keeps_result_progress_and_the_name_of_the_writer(self, work, kinds):
        @queue.job()
        def count_sheep(run: Run, *, sheep: int) -> dict:
            with run.transaction():
                outbox.emit("sheep.counted", sheep=sheep)
            run.progress(sheep, sheep, "all in")
            return {"sheep": sheep}

        job_id = ask("count_sheep", payload={"sheep": 3})
        assert work() == 1
        job = found(job_id)
        assert (job.state, job.result, job.done, job.total, job.note) == ("done", {"sheep": 3}, 3, 3, "all in")
        trail = db.session.execute(
            sa.select(Audit.actor, Audit.request_id, Audit.action).where(Audit.table_name == "event")
        ).all()
        assert trail == [("job:count_sheep", f"job:{job_id}", "count_sheep")]

    def test_buries_a_refusal_at_once_with_its_sentence(self, work, kinds):
        @queue.job()
        def refuse(run: Run) -> None:
            raise Conflict("余额不足，请先充值")

        job_id = ask("refuse")
        work()
        job = found(job_id)
        assert (job.state, job.error, job.attempts) == ("dead", "余额不足，请先充值", 1)
