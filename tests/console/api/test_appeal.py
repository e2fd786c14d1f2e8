"""POST /appeals and GET /me/appeals."""

from datetime import UTC, datetime

import pytest

from models import Appeal, Member, db
from models.operations import showcase
from tests.console.api.phone import Phone
from tests.operations import docket, world
from tests.operations.test_appeal import case_of

pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture(scope="module", autouse=True)
def _network(stage):
    world.network()


@pytest.fixture
def amy() -> Member:
    """Somebody whose showcase staff have closed just now."""
    made = world.member("amy")
    showcase.close(member_id=made.id, at=datetime.now(UTC))
    return made


class TestAppeals:
    def test_are_filed_once_and_answered_in_plain_words(self, app, amy):
        mine = Phone(app).as_member(amy)
        answer = mine.post("/appeals", {"subject": "showcase", "words": "橱窗商品均已更正"})
        assert (answer.status_code, answer.json["against"], answer.json["state"]) == (201, "showcase", "open")
        again = mine.post("/appeals", {"subject": "showcase", "words": "再次申诉"})
        assert (again.status_code, again.json["code"]) == (409, "already_appealed")
        made, me, at = db.session.get_one(Appeal, answer.json["id"]), docket.reviewer(), datetime.now(UTC)
        docket.decide(docket.taken(case_of(made), me, at), me, "cleared", at, why="our_mistake")
        (told,) = mine.get("/me/appeals").json["items"]
        assert (told["state"], told["answer"]) == ("won", "经复核原决定有误，已撤销，给您带来不便请谅解。")
        assert amy.showcase == "open"

    def test_are_about_oneself(self, app, amy):
        other = Phone(app).as_member(world.member("bob"))
        answer = other.post("/appeals", {"subject": "showcase", "words": "代为申诉"})
        assert (answer.status_code, answer.json["code"]) == (404, "nothing_to_appeal")
        assert other.get("/me/appeals").json == {"items": [], "next": None}

    @pytest.mark.parametrize("body", [{}, {"subject": "showcase"}, {"subject": "showcase", "words": "  "}])
    def test_say_which_field_is_wrong(self, app, amy, body):
        answer = Phone(app).as_member(amy).post("/appeals", body)
        assert (answer.status_code, answer.json["code"]) == (422, "invalid_fields")
