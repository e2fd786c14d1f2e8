"""The counters against guessing, exact under concurrency."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from models import Attempt, db, transaction
from models.operations import attempt
from models.rules.attempt import Limit

AT = datetime(2026, 11, 23, 12, tzinfo=UTC)
LIMIT = Limit("test:one", 3, timedelta(minutes=5))


def taken(at: datetime, *limits: Limit) -> bool:
    try:
        attempt.take(limits or (LIMIT,), at=at)
    except attempt.TooManyAttempts:
        return False
    return True


class TestTake:
    def test_lets_as_many_pass_as_the_limit_says(self, session):
        assert [taken(AT) for _ in range(5)] == [True, True, True, False, False]

    def test_slides_with_the_window(self, session):
        minutes = (0, 1, 4, 4.5, 5, 5.5, 6, 9)
        passed = [taken(AT + timedelta(minutes=m)) for m in minutes]
        assert passed == [True, True, True, False, True, False, True, True]

    def test_counts_no_refused_try(self, session):
        for minute in range(20):
            taken(AT + timedelta(seconds=minute))
        assert len(db.session.scalars(sa.select(Attempt.hits)).one()) == 3

    def test_says_how_long_to_wait(self, session):
        [taken(AT) for _ in range(3)]
        with pytest.raises(attempt.TooManyAttempts, match="5 分钟") as refused:
            attempt.take((LIMIT,), at=AT)
        assert refused.value.wait == timedelta(minutes=5)

    def test_of_one_key_leaves_others_alone(self, session):
        [taken(AT) for _ in range(4)]
        assert taken(AT, Limit("test:two", 3, timedelta(minutes=5)))

    def test_lets_exactly_the_limit_pass_of_many_at_once(self, own_app):
        def one(_: int) -> bool:
            with own_app.app_context(), transaction():
                return taken(AT, Limit("test:many", 10, timedelta(minutes=5)))

        with ThreadPoolExecutor(8) as pool:
            assert sum(pool.map(one, range(40))) == 10


class TestGiveBack:
    def test_frees_the_try_of_that_moment(self, session):
        [taken(AT + timedelta(seconds=n)) for n in range(3)]
        attempt.give_back((LIMIT,), at=AT + timedelta(seconds=1))
        assert taken(AT + timedelta(seconds=4))
        assert not taken(AT + timedelta(seconds=5))


class TestPrune:
    def test_drops_what_nobody_touched_since(self, session):
        taken(AT)
        assert attempt.prune(before=AT) == 0
        assert attempt.prune(before=AT + timedelta(seconds=1)) == 1
