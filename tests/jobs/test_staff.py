"""Housekeeping of sign-in, through the timetable."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from jobs import timetable
from models import Attempt, StaffSession, db, transaction
from models.operations import attempt, session
from models.rules.attempt import Limit
from tests.people import person

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


class TestCloseLapsed:
    def test_runs_by_the_timetable(self, work):
        who = person()
        with transaction():
            session.open_(staff_id=who.id, ip="", user_agent="", at=NOON - timedelta(hours=2))
            attempt.take([Limit("old", 1, timedelta(minutes=5))], at=NOON - timedelta(days=2))
            attempt.take([Limit("new", 1, timedelta(minutes=5))], at=NOON)
        lines = tuple(line for line in timetable.LINES if line.kind == "close_lapsed")
        assert timetable.plan(at=NOON, lines=lines) == 1
        work()
        assert db.session.scalars(sa.select(StaffSession.ended_why)).all() == ["idle"]
        assert db.session.scalars(sa.select(Attempt.key)).all() == ["new"]
