"""Whoever commits an event wakes the relay at once; what is taken back wakes nobody; without Redis the tick remains."""

import threading
import time

import pytest
import sqlalchemy as sa
from redis import RedisError

from jobs import bell, relay, timetable
from models import Event, Job, db, transaction
from models.operations import outbox


def state() -> None:
    outbox.emit("story.published", subject="story:1")


class TestTogether:
    def test_joins_the_job_that_nobody_has_taken_yet(self, standing):
        for n in range(3):
            with transaction():
                outbox.emit("order.paid", subject=f"order:{n}", order_id=n)
            relay.relay()
        (job,) = db.session.scalars(sa.select(Job).where(Job.kind == "score_events"))
        assert job.payload == {"event_ids": list(db.session.scalars(sa.select(Event.id).order_by(Event.id)))}

    def test_leaves_alone_what_is_at_work_or_tried_before(self, standing):
        with transaction():
            outbox.emit("order.paid", subject="order:1", order_id=1)
        relay.relay()
        with transaction():
            db.session.execute(sa.update(Job).where(Job.kind == "score_events").values(attempts=1))
            outbox.emit("order.paid", subject="order:2", order_id=2)
        relay.relay()
        jobs = db.session.scalars(sa.select(Job).where(Job.kind == "score_events")).all()
        assert [len(one.payload["event_ids"]) for one in jobs] == [1, 1]


class TestWaking:
    def test_ends_the_rest_at_once_and_once_for_many(self, standing):
        for _ in range(3):
            with transaction():
                state()
        assert standing.extensions["bell"].rest(0.9) is True
        assert standing.extensions["bell"].rest(0.01) is False

    def test_is_forgotten_with_what_was_taken_back(self, standing):
        state()
        db.session.rollback()
        with transaction():
            pass
        assert standing.extensions["bell"].rest(0.01) is False

    def test_waits_for_the_commit_and_not_for_a_savepoint(self, standing):
        with transaction():
            with db.session.begin_nested():
                state()
            assert standing.extensions["bell"].rest(0.01) is False
        assert standing.extensions["bell"].rest(0.9) is True

    def test_leaves_the_tick_where_redis_is_away(self, standing, monkeypatch):
        away = bell.Bell("unix:///nowhere/redis.sock")
        monkeypatch.setitem(standing.extensions, "bell", away)
        with pytest.raises(RedisError):
            away.rest(0.01)
        with transaction():
            state()
        began = time.monotonic()
        timetable._rest(standing, threading.Event())
        assert time.monotonic() - began >= timetable.TICK_SECONDS
