"""POST /complaints and GET /me/complaints."""

from datetime import datetime, timedelta

import pytest

from models import Complaint, db
from models.operations import complaint
from tests import people
from tests.console.api.phone import Phone
from tests.operations import world

BODY = {"category": "income_claim", "subject": "M-10", "words": "有人说交钱就能躺赚"}


pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture(scope="module", autouse=True)
def _network(stage):
    world.network()


@pytest.fixture
def mine(app) -> Phone:
    return Phone(app).as_member(world.member("amy"))


class TestComplaints:
    def test_are_handed_in_with_their_clock_and_a_receipt_that_is_no_answer(self, mine):
        answer = mine.post("/complaints", BODY)
        assert answer.status_code == 201, answer.text
        told = answer.json
        opened, until = (datetime.fromisoformat(told[key]) for key in ("opened_at", "answer_by"))
        assert until - opened == timedelta(hours=24)
        assert (told["state"], told["answered_at"]) == ("open", None)
        assert [one["speaker"] for one in told["messages"]] == ["me", "receipt"]
        assert told["notice"]["id"] == "D-11"

    def test_are_kept_once_under_a_key(self, mine):
        answers = [mine.post("/complaints", BODY, key="k" * 12).json["id"] for _ in range(2)]
        assert answers[0] == answers[1]
        assert db.session.query(Complaint).count() == 1

    def test_show_the_answer_and_never_a_note(self, mine):
        number = mine.post("/complaints", BODY).json["id"]
        by = f"staff:{people.person('support').id}"
        at = datetime.now().astimezone()
        complaint.note(complaint_id=number, words="内部：先查录音", at=at, by=by)
        complaint.answer(complaint_id=number, words="已核实并处理。", at=at, by=by)
        (told,) = mine.get("/me/complaints").json["items"]
        assert [one["words"] for one in told["messages"]][-1] == "已核实并处理。"
        assert "录音" not in str(told)
        assert told["state"] == "answered"

    def test_of_another_are_not_shown(self, app, mine):
        mine.post("/complaints", BODY)
        other = Phone(app).as_member(world.member("bob"))
        assert other.get("/me/complaints").json == {"items": [], "next": None}

    def test_are_paged(self, mine):
        numbers = [mine.post("/complaints", BODY | {"words": f"第 {n} 件"}).json["id"] for n in range(3)]
        first = mine.get("/me/complaints?limit=2").json
        second = mine.get(f"/me/complaints?limit=2&cursor={first['next']}").json
        assert [one["id"] for one in first["items"] + second["items"]] == numbers[::-1]

    @pytest.mark.parametrize("body", [BODY | {"category": "mood"}, BODY | {"words": ""}, BODY | {"words": "x" * 501}])
    def test_with_something_unreadable_are_refused(self, mine, body):
        assert mine.post("/complaints", body).status_code == 422
