"""The demonstration's world: the same by seed, alive in every corner, and true by every check we have."""

import dataclasses
import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from jobs.demo import world as days
from jobs.demo.plan import Plan
from models import db
from models.base import rehearsal
from models.queries import integrity, world

AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
TINY = Plan(members=40, seed=7, ends_at=AT, days=24)


@contextmanager
def flushed() -> Iterator[None]:
    yield
    db.session.flush()


def built(plan: Plan) -> str:
    """The world of a plan as text, and nothing of it left behind."""
    with rehearsal():
        days.build(plan, edge=flushed)
        assert list(integrity.differences()) == []
        return json.dumps(world.shown(), sort_keys=True)


@pytest.mark.usefixtures("session")
class TestWorld:
    def test_is_the_same_for_the_same_seed_and_another_for_another(self):
        first = built(TINY)
        assert built(TINY) == first
        assert built(dataclasses.replace(TINY, seed=8)) != first

    def test_goes_on_with_the_first_day_that_is_not_written(self):
        days.build(dataclasses.replace(TINY, days=0), edge=flushed)
        assert db.session.scalar(sa.text("SELECT count(*) FROM policy_version WHERE note LIKE '演示数据%'")) == 1
