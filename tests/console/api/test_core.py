"""What every request of the API meets before it reaches an operation."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from redis import RedisError

from console.api import bearer, cursor
from console.problem import Problem
from jobs.pace import Pace
from models import Consent, KeptAnswer, MemberIdentity, db
from models.operations import answer
from tests.console.api.phone import BASE, Phone, with_agreement
from tests.operations import world

ACCEPTANCE = {"version": "1", "sha256": world.acceptance().sha256}


@pytest.fixture
def accepting(phone):
    with_agreement()
    return phone()


def raw(phone: Phone, body: bytes, content_type: str = "application/json"):
    headers = {"Authorization": f"Bearer {phone.tokens['access_token']}", "Idempotency-Key": "12345678"}
    return phone.browser.post(
        BASE + "/agreement/acceptance", data=body, content_type=content_type, headers=headers, csrf=False
    )


class TestProblem:
    def test_is_told_with_a_code_a_title_and_the_requests_number(self, phone):
        answer = phone().post("/agreement/acceptance", ACCEPTANCE)
        assert (answer.status_code, answer.mimetype) == (409, "application/problem+json")
        assert answer.json["code"] == "no_agreement"
        assert answer.json["title"] == "当前状态不允许这样做"
        assert answer.json["request_id"] == answer.headers["X-Request-ID"]

    def test_is_what_an_unknown_address_or_method_gives(self, phone):
        someone = phone()
        assert someone.get("/nowhere").json["code"] == "not_found"
        refused = someone.ask("PUT", "/session")
        assert (refused.status_code, refused.json["code"]) == (405, "method_not_allowed")
        assert "POST" in refused.headers["Allow"]
        # Of an address with two methods as well, a number that is none of ours is an unknown address.
        assert someone.ask("DELETE", f"/me/listings/{10**12}").status_code == 404
        assert someone.ask("DELETE", "/me/listings/1").status_code == 403

    def test_lists_each_wrong_field(self, accepting):
        answer = accepting.post("/agreement/acceptance", {"version": 1, "more": True})
        assert answer.status_code == 422
        found = {(one["field"], one["code"]) for one in answer.json["fields"]}
        assert found == {("version", "string_type"), ("sha256", "missing"), ("more", "extra_forbidden")}

    def test_refuses_parameters_nobody_declared(self, phone):
        assert phone().get("/agreement?x=1").status_code == 422


class TestBody:
    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            (b"{", 400, "bad_json"),
            (b"\xff\xfe", 400, "bad_json"),
            (b'{"version": "1", "version": "1"}', 400, "duplicate_key"),
            (b"[" * 10_000, 400, "too_deep"),
            (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400, "too_deep"),
            (b'{"version": 1e3}', 422, "not_whole"),
            (b'{"version": 1.0}', 422, "not_whole"),
            (b'{"version": NaN}', 422, "not_whole"),
            (b'{"version": -Infinity}', 422, "not_whole"),
            (b'{"version": ' + b"9" * 5000 + b"}", 422, "number_too_long"),
            (b'{"version": "\\u0000"}', 422, "bad_text"),
            (b'{"version": "\\ud800"}', 422, "bad_text"),
            (b'"' + b"x" * 300_000 + b'"', 413, None),
            (b"[]", 422, "invalid_fields"),
        ],
    )
    def test_is_refused_when_it_is_not_what_it_should_be(self, accepting, body, status, code):
        answer = raw(accepting, body)
        assert answer.status_code == status, answer.text
        assert answer.mimetype == "application/problem+json"
        assert code is None or answer.json["code"] == code

    def test_is_json_and_says_so(self, accepting):
        assert raw(accepting, b"{}", "text/plain").status_code == 415

    def test_may_quote_brackets_as_text(self, accepting):
        answer = raw(accepting, json.dumps({"version": "[{" * 30, "sha256": "0" * 64}).encode())
        assert answer.status_code == 409 or answer.json["code"] == "invalid_fields"


class TestHeaders:
    def test_let_no_other_site_in_and_set_no_cookie(self, phone):
        with_agreement()
        answer = phone().get("/agreement", headers={"Origin": "https://elsewhere.example"})
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert "Set-Cookie" not in answer.headers

    def test_carry_an_etag_that_saves_the_next_read(self, phone):
        with_agreement()
        someone = phone()
        first = someone.get("/agreement")
        again = someone.get("/agreement", headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
        assert first.headers["Cache-Control"] == "private, no-cache"


class TestCursor:
    def test_goes_on_in_its_own_list_alone(self, app):
        with app.app_context():
            rows, told = cursor.page([1, 2, 3], 2, place=lambda row: row, scope=("list", 7))
            assert (rows, cursor.after(told, scope=("list", 7))) == ([1, 2], 2)
            for scope in (("list", 8), ("other", 7)):
                with pytest.raises(Problem):
                    cursor.after(told, scope=scope)

    @pytest.mark.parametrize("text", ["x", "", "e30.x", "W10", "." * 50])
    def test_is_refused_when_nobody_signed_it(self, app, text):
        with app.app_context(), pytest.raises(Problem):
            cursor.after(text, scope=("list",))


class Away:
    """A Redis that answers nobody."""

    def evalsha(self, *_):
        raise RedisError


class TestPace:
    @pytest.mark.parametrize("redis", ["there", "away"])
    def test_refuses_who_asks_too_often_and_says_when_to_come_back(self, app, session, phone, monkeypatch, redis):
        with_agreement()
        pace = Pace(app.extensions["bell"].redis if redis == "there" else Away())
        monkeypatch.setitem(app.extensions, "pace", pace)
        someone = phone()
        person = db.session.query(MemberIdentity).order_by(MemberIdentity.id.desc()).first()
        if redis == "away":
            session.execute(
                sa.text("INSERT INTO attempt (key, hits, last_at) VALUES (:key, array_fill(now(), ARRAY[300]), now())"),
                {"key": f"api:person:{person.id}"},
            )
        else:
            now = int(datetime.now(UTC).timestamp()) // 60
            for window in (now, now + 1):
                pace.redis.set(f"pace:api:person:{person.id}:{window}", 300, ex=120)
        answer = someone.ask("DELETE", "/session")
        assert (answer.status_code, answer.json["code"]) == (429, "too_fast")
        assert 0 < int(answer.headers["Retry-After"]) <= 60


class TestKey:
    def test_is_asked_for(self, accepting):
        answer = accepting.post("/agreement/acceptance", ACCEPTANCE, key=None)
        assert (answer.status_code, answer.json["code"]) == (400, "key_required")

    def test_gives_the_same_answer_to_the_same_request(self, accepting):
        first = accepting.post("/agreement/acceptance", ACCEPTANCE, key="one-and-the-same")
        again = accepting.post("/agreement/acceptance", ACCEPTANCE, key="one-and-the-same")
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.data == again.data
        assert again.headers["Idempotent-Replayed"] == "true"

    def test_keeps_a_refusal_too(self, accepting):
        wrong = ACCEPTANCE | {"version": "2"}
        first = accepting.post("/agreement/acceptance", wrong, key="one-and-the-same")
        again = accepting.post("/agreement/acceptance", wrong, key="one-and-the-same")
        assert (first.status_code, first.json["code"]) == (409, "outdated")
        assert (again.status_code, again.data) == (409, first.data)
        assert again.mimetype == "application/problem+json"

    def test_refuses_another_request(self, accepting):
        accepting.post("/agreement/acceptance", ACCEPTANCE, key="one-and-the-same")
        answer = accepting.post("/agreement/acceptance", ACCEPTANCE | {"version": "2"}, key="one-and-the-same")
        assert (answer.status_code, answer.json["code"]) == (422, "key_reused")

    def test_belongs_to_one_person(self, accepting, phone):
        accepting.post("/agreement/acceptance", ACCEPTANCE, key="one-and-the-same")
        answer = phone().post("/agreement/acceptance", ACCEPTANCE, key="one-and-the-same")
        assert "Idempotent-Replayed" not in answer.headers

    def test_is_forgotten_after_thirty_days(self, accepting):
        accepting.post("/agreement/acceptance", ACCEPTANCE)
        kept = db.session.query(KeptAnswer).one()
        assert answer.forget(at=kept.at + timedelta(days=30)) == 0
        assert answer.forget(at=kept.at + timedelta(days=30, seconds=1)) == 1


class TestHundred:
    def test_equal_requests_at_once_have_one_effect_and_one_answer(self, own_app):
        with own_app.app_context():
            with_agreement()
            someone = Phone(own_app).sign_in()
        gate = threading.Barrier(20)

        def send(number: int) -> tuple[int, bytes]:
            with own_app.app_context():
                mine = Phone(own_app)
                mine.tokens = someone.tokens
                if number < 20:
                    gate.wait(30)
                answer = mine.post("/agreement/acceptance", ACCEPTANCE, key="a hundred times".replace(" ", "-"))
                return answer.status_code, answer.data

        with ThreadPoolExecutor(20) as pool:
            answers = list(pool.map(send, range(100)))
        assert {status for status, _ in answers} == {201}
        assert len({body for _, body in answers}) == 1
        with own_app.app_context():
            assert db.session.query(KeptAnswer).count() == 1
            assert db.session.query(Consent).count() == 0
            assert db.session.query(MemberIdentity).one().accepted_at is not None


class TestToken:
    def test_of_another_kind_or_another_key_opens_nothing(self, phone):
        someone = phone()
        good = someone.tokens["access_token"]
        for token in ("", "x", good[:-2], someone.tokens["refresh_token"], "A" * 500):
            answer = someone.ask("DELETE", "/session", headers={"Authorization": f"Bearer {token}"})
            assert (answer.status_code, answer.json["code"]) == (401, "bad_token"), token
        answer = someone.ask("DELETE", "/session", headers={"Authorization": f"Basic {good}"})
        assert answer.status_code == 401

    def test_runs_out_after_two_hours(self, app, phone):
        someone = phone()
        old = bearer.access_token(session_id=1, identity_id=1, at=datetime.now(UTC) - timedelta(hours=2, seconds=1))
        answer = someone.ask("DELETE", "/session", headers={"Authorization": f"Bearer {old}"})
        assert (answer.status_code, answer.json["code"]) == (401, "token_expired")
