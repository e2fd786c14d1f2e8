"""What is due happens by the timetable: late, twice, stopped half way, it comes to the same world."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from unittest.mock import ANY

import pytest
import sqlalchemy as sa

from models import Event, Job, Order, SetAside, StandingChange, db, transaction
from models.errors import Conflict
from models.operations import due
from models.queries import integrity, world
from tests.jobs.conftest import ask
from tests.model.world import advance, show
from tests.operations.tale import Tale


class Stuck(Conflict):
    """Something of these tests that cannot happen."""


def runs() -> list[tuple[str, dict]]:
    db.session.expire_all()
    found = db.session.execute(sa.select(Job.state, Job.result).where(Job.kind == "run_due").order_by(Job.id))
    return [(row.state, row.result) for row in found]


def run_due(work) -> None:
    ask("run_due", queue="money", payload={"at": datetime.now(UTC).isoformat()})
    work()


@pytest.fixture
def tale(session) -> Tale:
    """A candidate who will lapse, a receipt that confirms itself, shares that mature, cycles that end."""
    story = Tale().join("a", "b", "c").do("register", member="late", inviter="a").order("o1", "a")
    return story.do("ship", order="o1").sell("o2", "b")


def expected(tale: Tale) -> dict:
    advance(tale.world, datetime.now(UTC))
    return show(tale.world)


class TestRunUntil:
    def test_comes_to_the_world_of_the_model_in_sets(self, tale):
        assert due.run_until(datetime.now(UTC)) > 5
        assert world.shown() == expected(tale)
        assert list(integrity.differences()) == []
        assert due.first(datetime.now(UTC)) is None

    def test_lets_each_thing_happen_at_its_own_instant(self, tale):
        due.run_until(tale.at + timedelta(days=20))
        done = db.session.scalars(sa.select(Order).where(Order.number == "o1")).one()
        assert (done.completed_at - done.shipped_at).days == 10
        (matured,) = db.session.scalars(sa.text("SELECT at FROM posting WHERE key = 'mature:o1'")).all()
        assert (matured - done.completed_at).days == 7


class TestRunDue:
    def test_comes_to_the_world_of_the_model_however_late(self, tale, work):
        run_due(work)
        assert world.shown() == expected(tale)
        assert list(integrity.differences()) == []
        ((state, result),) = runs()
        assert state == "done"
        assert result["done"] > 5

    def test_lets_each_thing_happen_at_its_own_instant(self, tale, work):
        run_due(work)
        lapsed = db.session.scalars(sa.select(StandingChange.at).where(StandingChange.kind == "lapsed")).one()
        assert (lapsed - tale.at).days == 7

    def test_twice_changes_nothing(self, tale, work):
        run_due(work)
        once = world.shown()
        run_due(work)
        assert world.shown() == once
        assert runs()[1] == ("done", {"done": 0})

    def test_stopped_between_two_leaves_the_rest_for_the_next(self, tale, work, monkeypatch):
        real, count = due.run, iter(range(100))

        def stumbling(found: due.Due) -> None:
            real(found)
            if next(count) == 3:
                raise ConnectionError("gone")

        monkeypatch.setattr(due, "run", stumbling)
        run_due(work)
        assert runs()[0][0] == "waiting"
        monkeypatch.setattr(due, "run", real)
        run_due(work)
        assert world.shown() == expected(tale)
        assert list(integrity.differences()) == []

    def test_does_a_bounded_part_a_run(self, tale, work, monkeypatch):
        monkeypatch.setattr("jobs.due.AT_ONCE", 2)
        run_due(work)
        assert runs() == [("done", {"done": 2})]


class TestBlocked:
    @pytest.fixture
    def broken(self, monkeypatch) -> Callable[[], None]:
        """The receipt of `o1` cannot be confirmed, until the function that is answered is called."""
        real = due.run

        def refusing(found: due.Due) -> None:
            if found.kind is due.Kind.CONFIRM:
                raise Stuck("规则 5.1：此单暂时不能确认")
            real(found)

        monkeypatch.setattr(due, "run", refusing)
        return lambda: monkeypatch.setattr(due, "run", real)

    def test_does_not_stop_what_is_behind_it(self, tale, work, broken):
        run_due(work)
        assert runs()[0] == ("done", {"done": ANY, "set_aside": 1})
        assert runs()[0][1]["done"] > 4
        row = db.session.scalars(sa.select(SetAside)).one()
        assert (row.kind, row.failures, row.error) == (due.Kind.CONFIRM, 1, "规则 5.1：此单暂时不能确认")
        assert 50 < (row.try_at - row.first_at).total_seconds() <= 60
        assert db.session.scalars(sa.select(Event.name).where(Event.name == "due.set_aside")).all() != []

    def test_is_left_alone_until_its_time_and_longer_each_time(self, tale, work, broken):
        run_due(work)
        run_due(work)
        assert runs()[1] == ("done", {"done": 0})
        row = db.session.scalars(sa.select(SetAside)).one()
        row.try_at -= timedelta(hours=1)
        db.session.commit()
        run_due(work)
        db.session.refresh(row)
        assert row.failures == 2
        assert row.try_at - datetime.now(UTC) > timedelta(seconds=100)

    def test_happens_as_of_its_own_instant_once_it_can(self, tale, work, broken):
        run_due(work)
        broken()
        db.session.scalars(sa.select(SetAside)).one().try_at -= timedelta(hours=1)
        db.session.commit()
        run_due(work)
        assert db.session.scalars(sa.select(SetAside)).all() == []
        order = db.session.scalars(sa.select(Order).where(Order.number == "o1")).one()
        assert (order.completed_at - order.shipped_at).days == 10
        assert list(integrity.differences()) == []


class TestLock:
    def test_lets_one_runner_work_at_a_time(self, own_app):
        answers = []

        def second() -> None:
            with own_app.app_context(), transaction():
                answers.append(due.is_ours())

        with own_app.app_context(), transaction():
            assert due.is_ours()
            thread = threading.Thread(target=second)
            thread.start()
            thread.join()
        second()
        assert answers == [False, True]
