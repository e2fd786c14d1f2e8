"""The pages before the console, through a browser's eyes."""

import dataclasses
import re

import pytest
import sqlalchemy as sa
from flask import request, request_started

from console import access, create_app, signin
from models import Attempt, Staff, StaffLink, StaffSession, db, transaction
from models.operations import staff as operations
from models.rules import totp
from models.rules.permission import Role
from models.tables.staff import LinkKind
from tests import factories
from tests.conftest import isolated
from tests.people import SECRET, Browser, person, proof_of

NEW = "violin harbour 77 lichen"
WRONG = "登录名、密码或验证码不对"


def cookie(browser: Browser) -> str:
    found = browser.get_cookie("qianxing")
    return found.value if found else ""


def sessions() -> list[StaffSession]:
    return list(db.session.scalars(sa.select(StaffSession).order_by(StaffSession.id)))


@pytest.fixture(scope="module")
def demo_app(settings):
    application = create_app(dataclasses.replace(settings, environment="demo"))
    yield application
    with application.app_context():
        db.engine.dispose()


@pytest.fixture(scope="module")
def production_app(settings):
    application = create_app(dataclasses.replace(settings, environment="production", proxies=1))
    yield application
    with application.app_context():
        db.engine.dispose()


class TestSignIn:
    def test_leads_to_the_page_asked_for(self, client):
        answer = client.post("/sign-in", data=proof_of(person()) | {"next": "/account/?a=1"})
        assert (answer.status_code, answer.location) == (303, "/account/?a=1")
        assert client.get("/account/").status_code == 200

    @pytest.mark.parametrize(
        "elsewhere",
        [
            "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)",
            "http:/evil.example", "/%5cevil.example\\", "evil", "", "///evil.example", "/\tevil\\x", "/\t/evil.example",
        ],
    )  # fmt: skip
    def test_leads_nowhere_else(self, client, elsewhere):
        answer = client.post("/sign-in", data=proof_of(person()) | {"next": elsewhere})
        assert answer.location == "/"

    def test_gives_one_answer_to_every_failure(self, client):
        known, off = person(), person(state="disabled")
        for wrong in (
            proof_of(known) | {"login": "nobody"},
            proof_of(known) | {"password": "wrong"},
            proof_of(known) | {"code": "123"},
            proof_of(off),
        ):
            answer = client.post("/sign-in", data=wrong)
            assert answer.status_code == 401
            assert WRONG in answer.text
            assert not cookie(client)

    def test_answers_the_same_words_to_known_and_unknown_when_full(self, client):
        known = person()
        for login in (known.code, "nobody"):
            db.session.execute(sa.delete(Attempt))
            for _ in range(10):
                assert client.post("/sign-in", data={"login": login, "password": "x", "code": "1"}).status_code == 401
            full = client.post("/sign-in", data=proof_of(known) | {"login": login})
            assert (full.status_code, full.headers["Retry-After"]) == (429, "300")
            assert "5 分钟后再试" in full.text

    def test_writes_down_every_refusal_with_the_address(self, client, trail):
        client.post("/sign-in", data=proof_of(person(code="known")) | {"password": "wrong"})
        (row,) = trail("sign_in.refused")
        assert (row.row_id, row.actor, row.ip, row.source) == ("known", "system:anonymous", "127.0.0.1", "web")
        assert len(row.request_id) == 32

    def test_needs_the_forms_token(self, client):
        answer = client.post("/sign-in", data=proof_of(person()), csrf=False)
        assert answer.status_code == 400
        assert sessions() == []

    def test_works_without_redis(self, client, monkeypatch):
        monkeypatch.setitem(client.application.config, "RATELIMIT_STORAGE_URI", "redis://127.0.0.1:1/0")
        assert client.post("/sign-in", data=proof_of(person())).status_code == 303

    def test_lets_nobody_in_while_tries_cannot_be_counted(self, app, client, owner):
        """Fails closed: where the counters are out of reach there is no sign-in, right factors or not."""
        proof = proof_of(person())
        db.session.execute(sa.text("SET LOCAL lock_timeout = '200ms'"))
        owner.execute(sa.text("LOCK TABLE attempt IN ACCESS EXCLUSIVE MODE"))
        app.testing = False
        try:
            answer = client.post("/sign-in", data=proof)
        finally:
            app.testing = True
            owner.rollback()
        assert answer.status_code >= 500
        assert not cookie(client)

    def test_takes_a_planted_session_for_nothing(self, client):
        client.set_cookie("qianxing", "planted-by-somebody-else")
        client.post("/sign-in", data=proof_of(person()))
        assert cookie(client) != "planted-by-somebody-else"
        assert len(sessions()) == 1

    def test_replaces_the_session_and_its_id(self, staff):
        browser = staff("support")
        first = cookie(browser)
        browser.post("/sign-in", data=proof_of(browser.person))
        assert cookie(browser) != first
        assert [row.ended_why for row in sessions()] == ["replaced", None]

    def test_drops_the_forms_token_of_before(self, client):
        client.get("/sign-in")
        with client.session_transaction() as kept:
            before = kept["csrf_token"]
        client.post("/sign-in", data=proof_of(person()))
        with client.session_transaction() as kept:
            assert kept.get("csrf_token") != before

    def test_is_passed_over_by_who_is_signed_in(self, staff):
        assert staff("support").get("/sign-in?next=/account/").location == "/account/"


class TestCookie:
    def test_is_out_of_reach_of_scripts_and_other_sites(self, client):
        line = client.post("/sign-in", data=proof_of(person())).headers["Set-Cookie"]
        assert re.fullmatch(r"qianxing=[\w-]{43}; HttpOnly; Path=/; SameSite=Lax", line)

    def test_is_bound_to_https_and_this_host_in_production(self, production_app):
        rules = {rule.rule for rule in production_app.url_map.iter_rules()}
        assert "/sign-in" in rules
        with production_app.test_request_context("/"):
            line = signin.entered("t" * 43, "/").headers["Set-Cookie"]
        assert line == f"__Host-qianxing={'t' * 43}; Secure; HttpOnly; Path=/; SameSite=Lax"
        assert production_app.config["SESSION_COOKIE_NAME"].startswith("__Host-")
        assert production_app.config["SESSION_COOKIE_SECURE"] is True

    def test_is_bound_to_https_wherever_https_is_spoken(self, client):
        answer = client.post(
            "/sign-in", data=proof_of(person()), base_url="https://localhost", headers={"Referer": "https://localhost/"}
        )
        assert any(line.startswith("__Host-qianxing=") for line in answer.headers.getlist("Set-Cookie"))


class TestProxy:
    def test_is_believed_for_its_own_hop_alone(self, production_app, app):
        told = {"X-Forwarded-For": "1.2.3.4, 198.51.100.7"}
        assert self.seen_by(production_app, told) == "198.51.100.7"
        assert self.seen_by(app, told) == "127.0.0.1"

    @staticmethod
    def seen_by(application, headers) -> str | None:
        seen = []

        def look(sender, **_):
            seen.append(request.remote_addr)

        with request_started.connected_to(look, application):
            application.test_client().get("/nowhere", headers=headers)
        return seen[0]


class TestStepUp:
    def test_is_asked_for_what_is_sensitive_after_15_minutes(self, staff):
        browser = staff("admin")
        assert browser.get("/staff/new").status_code == 200
        self.age()
        answer = browser.get("/staff/new")
        assert (answer.status_code, answer.location) == (303, "/step-up?next=/staff/new")
        assert browser.get("/staff/").status_code == 200

    def test_goes_on_where_it_was_asked_under_a_new_id(self, staff):
        browser = staff("admin")
        self.age()
        before, typed = cookie(browser), proof_of(browser.person)
        answer = browser.post("/step-up", data=typed | {"next": "/staff/new"})
        assert answer.location == "/staff/new"
        assert cookie(browser) != before
        assert browser.get("/staff/new").status_code == 200
        assert len(sessions()) == 1

    def test_leads_a_sent_form_back_to_its_page(self, staff):
        browser, other = staff("admin"), person()
        self.age()
        page = f"/staff/{other.id}"
        answer = browser.post(
            f"{page}/disable", data={"reason": "left"}, headers={"Referer": f"http://localhost{page}"}
        )
        assert answer.location == f"/step-up?next={page}"
        db.session.refresh(other)
        assert other.state == "active"

    def test_takes_no_other_persons_proof(self, staff):
        browser, other = staff("admin"), person("admin")
        assert browser.post("/step-up", data=proof_of(other) | {"password": "x"}).status_code == 422
        db.session.refresh(other)
        assert other.totp_last_step == 0

    @staticmethod
    def age() -> None:
        past = sa.text("UPDATE staff_session SET authenticated_at = now() - interval '15 minutes 1 second'")
        db.session.execute(past)
        db.session.commit()


class TestSignOut:
    def test_ends_the_session_on_the_server(self, staff):
        browser = staff("support")
        kept = cookie(browser)
        assert browser.post("/sign-out").location == "/sign-in"
        assert [row.ended_why for row in sessions()] == ["signed_out"]
        browser.set_cookie("qianxing", kept)
        assert browser.get("/").status_code == 303

    def test_needs_a_post(self, staff):
        assert staff("support").get("/sign-out").status_code == 405


class TestLink:
    def link(self, who: Staff) -> str:
        with transaction():
            return operations.reset(staff_id=who.id, by=0, at=access.sessions.now())

    def code(self) -> str:
        secret = db.session.scalars(sa.select(StaffLink.totp_secret).order_by(StaffLink.id.desc())).first()
        return totp.code_of(secret, totp.step_at(access.sessions.now()))

    def test_shows_a_code_to_scan_from_this_page_alone(self, client):
        page = client.get(f"/link/{self.link(person())}").text
        assert 'src="data:image/svg+xml' in page
        assert "二维码" in page

    def test_sets_both_factors_and_enters(self, client):
        who = person()
        link = self.link(who)
        filled = {"password": NEW, "again": NEW, "code": self.code()}
        assert client.post(f"/link/{link}", data=filled).location == "/"
        assert client.get("/").status_code == 200
        again = client.get(f"/link/{link}")
        assert again.status_code == 404
        assert "已用过" in again.text

    @pytest.mark.parametrize(
        ("wrong", "says"),
        [
            ({"again": "something else 123"}, "两次输入的密码不一致"),
            ({"password": "short", "again": "short"}, "12 到 128"),
            ({"password": "password1234", "again": "password1234"}, "太容易"),
            ({"code": "000000"}, "验证码不对"),
        ],
    )
    def test_says_what_is_wrong_and_stays_usable(self, client, wrong, says):
        link = self.link(person())
        filled = {"password": NEW, "again": NEW, "code": self.code()}
        answer = client.post(f"/link/{link}", data=filled | wrong)
        assert answer.status_code == 400
        assert says in answer.text
        assert client.post(f"/link/{link}", data=filled).status_code == 303

    def test_makes_the_first_administrator(self, client):
        path = access.create_admin_token()
        assert client.get(path).status_code == 200
        filled = {"login": "first", "name": "首位", "password": NEW, "again": NEW, "code": self.code()}
        assert client.post(path, data=filled).location == "/"
        assert client.get("/staff/").status_code == 200
        made = db.session.scalars(sa.select(Staff)).one()
        assert (made.code, made.roles) == ("first", ["admin"])

    @pytest.mark.parametrize("link", ["x", "0" * 43, "%00", "名"])
    def test_unknown_is_gone(self, client, link):
        assert client.get(f"/link/{link}").status_code == 404


class TestAccount:
    def test_shows_ones_own_sessions_alone(self, staff):
        staff("support")
        browser = staff("support")
        assert browser.get("/account/").text.count("<code>127.0.0.1</code>") == 1

    def test_ends_ones_own_session_and_no_others(self, staff):
        other, mine = staff("support"), staff("support")
        second = Browser(mine.application, mine.application.response_class).sign_in(mine.person)
        rows = {row.staff_id: row.id for row in sessions()}
        mine.post("/account/end-session", data={"id": rows[mine.person.id]})
        assert second.get("/").status_code == 303
        mine.post("/account/end-session", data={"id": rows[other.person.id]})
        assert other.get("/").status_code == 200

    def test_changes_the_password_and_stays_in_this_browser_alone(self, staff):
        mine = staff("support")
        second = Browser(mine.application, mine.application.response_class).sign_in(mine.person)
        before = cookie(mine)
        filled = proof_of(mine.person) | {"new": NEW, "again": NEW}
        mine.post("/account/password", data=filled)
        assert cookie(mine) != before
        assert (mine.get("/").status_code, second.get("/").status_code) == (200, 303)

    @pytest.mark.parametrize("wrong", [{"password": "x"}, {"code": "1"}, {"again": "x"}, {"new": "a", "again": "a"}])
    def test_changes_nothing_without_both_factors_and_a_good_password(self, staff, wrong):
        mine = staff("support")
        kept = mine.person.password_hash
        mine.post("/account/password", data=proof_of(mine.person) | {"new": NEW, "again": NEW} | wrong)
        db.session.refresh(mine.person)
        assert mine.person.password_hash == kept
        assert mine.get("/").status_code == 200

    def test_leads_to_a_new_authenticator(self, staff):
        mine = staff("support")
        to = mine.post("/account/authenticator", data=proof_of(mine.person)).location
        secret = db.session.scalars(sa.select(StaffLink.totp_secret)).one()
        code = totp.code_of(secret, totp.step_at(access.sessions.now()))
        assert mine.post(to, data={"code": code}).location == "/"
        db.session.refresh(mine.person)
        assert mine.person.totp_secret == secret != SECRET
        assert mine.get("/").status_code == 200


class TestDemo:
    def test_is_no_way_in_anywhere_else(self, app, production_app, client):
        for application in (app, production_app):
            assert not [rule for rule in application.url_map.iter_rules() if rule.rule.startswith("/demo")]
        with transaction():
            link = operations.issue(kind=LinkKind.DEMO, staff_id=person().id, at=access.sessions.now())
        assert client.get(f"/demo/{link}").status_code == 404
        assert client.get(f"/link/{link}").status_code == 404
        with pytest.raises(access.NotADemo):
            access.demo_accounts()

    def test_signs_in_by_link_by_form_and_by_the_shown_code(self, demo_app):
        with isolated(demo_app):
            first = access.demo_accounts()[0]
            admin = access.demo_accounts()[0]
            assert admin.password == first.password
            browser = Browser(demo_app, demo_app.response_class)
            assert browser.get(first.path).status_code == 404
            assert browser.get(admin.path).location == "/"
            assert browser.get("/").status_code == 200
            assert browser.get(admin.path).status_code == 404
            fresh = Browser(demo_app, demo_app.response_class)
            shown = re.search(r"<b>(\d{6})</b>", fresh.get("/sign-in").text)[1]
            typed = {"login": admin.login, "password": admin.password, "code": shown}
            assert fresh.post("/sign-in", data=typed).status_code == 303
            again = Browser(demo_app, demo_app.response_class).get("/sign-in").text
            assert shown != re.search(r"<b>(\d{6})</b>", again)[1]

    def test_has_an_account_of_every_role(self, demo_app):
        with isolated(demo_app):
            made = access.demo_accounts(merchant_id=factories.merchant().id)
        assert {account.role for account in made} == set(Role)
        assert len({account.password for account in made}) == 8
