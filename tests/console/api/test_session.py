"""Signing in to the mini-program, refreshing, signing out."""

import sqlalchemy as sa

from jobs.gateways.invented import openid
from models import MemberIdentity, MemberSession, db, transaction
from tests.console.api.phone import Phone


def refreshed(phone: Phone, token: str):
    return phone.post("/session/refresh", {"refresh_token": token}, headers={"Authorization": ""})


class TestSignIn:
    def test_makes_a_person_once_and_a_session_each_time(self, phone, trail):
        first, second = phone("alice"), phone("alice")
        person = db.session.scalars(sa.select(MemberIdentity).where(MemberIdentity.openid == openid("alice"))).one()
        assert db.session.query(MemberSession).filter_by(identity_id=person.id).count() == 2
        assert first.tokens["is_registered"] is False
        assert first.tokens["access_token"] != second.tokens["access_token"]
        assert openid("alice") not in str([row.after for row in trail("member_identity", "member_session")])

    def test_takes_a_code_once_even_if_wechat_would_take_it_again(self, app, session):
        someone = Phone(app)
        code = someone.code()
        assert someone.post("/session", {"code": code}).status_code == 201
        refused = someone.post("/session", {"code": code})
        assert (refused.status_code, refused.json["code"]) == (401, "code_refused")
        app.extensions["wechat_program"].world.codes.clear()
        replayed = someone.post("/session", {"code": code})
        assert (replayed.status_code, replayed.json["code"]) == (401, "code_used")

    def test_tells_a_bad_code_from_a_silent_wechat(self, app, session):
        someone = Phone(app)
        codes = ("bad", "blocked", "busy", "silent")
        answers = {code: someone.post("/session", {"code": f"{code}.1"}) for code in codes}
        assert {code: answer.status_code for code, answer in answers.items()} == {
            "bad": 401, "blocked": 401, "busy": 503, "silent": 503
        }  # fmt: skip
        assert answers["busy"].json["code"] == "wechat_unavailable"
        assert db.session.query(MemberSession).count() == 0

    def test_leaves_one_audit_row_a_changed_row(self, phone, trail):
        phone()
        assert [row.kind for row in trail("member_identity", "member_session")] == ["insert", "insert"]


class TestRefresh:
    def test_gives_a_new_pair_and_the_old_token_ends_everything(self, phone):
        someone = phone()
        old = someone.tokens["refresh_token"]
        new = refreshed(someone, old).json
        assert new["refresh_token"] != old
        reused = refreshed(someone, old)
        assert (reused.status_code, reused.json["code"]) == (401, "refresh_reused")
        assert db.session.query(MemberSession).one().why == "reused"
        assert refreshed(someone, new["refresh_token"]).status_code == 401
        assert someone.ask("DELETE", "/session").status_code == 401

    def test_is_over_after_thirty_days(self, phone):
        someone = phone()
        with transaction():
            db.session.execute(sa.update(MemberSession).values(expires_at=sa.func.now()))
        assert refreshed(someone, someone.tokens["refresh_token"]).json["code"] == "session_ended"
        assert someone.ask("DELETE", "/session").status_code == 401

    def test_is_no_access_token(self, phone):
        someone = phone()
        assert refreshed(someone, someone.tokens["access_token"]).json["code"] == "bad_token"


class TestSignOut:
    def test_ends_the_session_at_once(self, phone):
        someone, elsewhere = phone("bob"), phone("bob")
        assert someone.ask("DELETE", "/session").status_code == 204
        again = someone.ask("DELETE", "/session")
        assert (again.status_code, again.json["code"]) == (401, "session_ended")
        assert elsewhere.ask("DELETE", "/session").status_code == 204
