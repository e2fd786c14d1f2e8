"""How often a request of the mini-program asks the database: each trip is waited for, and each costs a processor."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from models import KeptAnswer, db, transaction
from tests.console.api.phone import Phone
from tests.operations import world

NOW = datetime.now(UTC)


@pytest.fixture
def member(own_app):
    with own_app.app_context():
        with transaction():
            world.network()
            one = world.member("W1", "M-10", NOW)
        phone = Phone(own_app).as_member(one)
        db.session.remove()
        yield phone


@pytest.fixture
def asked(own_app, member):
    """The first words of each statement that a request sends."""
    told: list[str] = []

    def note(_connection, _cursor, statement, *_rest):
        told.append(" ".join(statement.split()[:3]))

    sa.event.listen(db.engine, "before_cursor_execute", note)
    yield told
    sa.event.remove(db.engine, "before_cursor_execute", note)


class TestTrips:
    def test_of_a_read_are_the_tokens_and_its_own(self, member, asked):
        assert member.get("/me/showcase").status_code == 200
        assert asked == ["SELECT s.id, s.identity_id,", "SELECT m.showcase, m.real_name_at,"]

    def test_of_a_write_are_two_more_than_what_it_does(self, member, asked):
        assert member.post("/me/notices/read", {"until": 1}).status_code == 200
        assert asked == ["SELECT s.id, s.identity_id,", "WITH seen AS", "INSERT INTO kept_answer"]

    def test_of_a_repeat_are_one(self, member, asked):
        member.post("/me/notices/read", {"until": 1}, key="one-and-the-same")
        asked.clear()
        again = member.post("/me/notices/read", {"until": 1}, key="one-and-the-same")
        assert (again.headers["Idempotent-Replayed"], len(asked)) == ("true", 1)


class TestRefusal:
    def test_is_kept_by_itself(self, member):
        answer = member.post("/me/showcase", {"finder_id": "wx1"}, key="one-and-the-same")
        again = member.post("/me/showcase", {"finder_id": "wx1"}, key="one-and-the-same")
        assert (answer.status_code, again.data) == (422, answer.data)
        assert db.session.query(KeptAnswer).one().status == 422
