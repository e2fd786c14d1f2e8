"""Signing in with both factors."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from models import Staff, StaffSession, db
from models.operations import signin
from models.operations.attempt import TooManyAttempts
from models.operations.signin import Origin, Proof
from models.rules import totp
from tests.people import PASSWORD, SECRET, person

AT = datetime(2026, 11, 23, 12, 0, 15, tzinfo=UTC)
ORIGIN = Origin(ip="203.0.113.9", user_agent="Firefox")


def proof(staff: Staff, at: datetime = AT, **wrong: str) -> Proof:
    right = {"login": staff.code, "password": PASSWORD, "code": totp.code_of(SECRET, totp.step_at(at))}
    return Proof(**right | wrong)


@pytest.fixture
def notes(trail):
    """Every refusal written down: of whom, and why."""
    return lambda: [(row.row_id, row.after["why"]) for row in trail("sign_in.refused")]


class TestSignIn:
    def test_opens_a_session_and_keeps_only_the_digest_of_its_token(self, session):
        staff = person()
        token = signin.sign_in(proof=proof(staff), origin=ORIGIN, at=AT)
        row = db.session.scalars(sa.select(StaffSession)).one()
        assert (row.staff_id, row.ip, row.user_agent, row.authenticated_at) == (staff.id, ORIGIN.ip, "Firefox", AT)
        assert token
        assert token not in (row.token_hash, str(row.id))

    def test_knows_the_login_in_any_case_and_with_blanks(self, session):
        staff = person(code="wang.li")
        assert signin.sign_in(proof=proof(staff, login=" Wang.LI "), origin=ORIGIN, at=AT)

    @pytest.mark.parametrize("wrong", [{"password": "another mosaic 41"}, {"code": "000000"}, {"code": ""}])
    def test_is_refused_without_either_factor(self, session, wrong):
        assert signin.sign_in(proof=proof(person(), **wrong), origin=ORIGIN, at=AT) is None

    def test_is_refused_to_the_disabled_and_to_those_without_credentials(self, session):
        for staff in (person(state="disabled"), person(password_hash=None, totp_secret=None)):
            assert signin.sign_in(proof=proof(staff), origin=ORIGIN, at=AT) is None

    def test_takes_a_code_once(self, session):
        staff = person()
        assert signin.sign_in(proof=proof(staff), origin=ORIGIN, at=AT)
        for again in ("{0}", " {0} ", "{1}"):
            code = totp.code_of(SECRET, totp.step_at(AT))
            wide = "".join(chr(ord(digit) + 0xFEE0) for digit in code)
            typed = proof(staff, code=again.format(code, wide))
            assert signin.sign_in(proof=typed, origin=ORIGIN, at=AT + timedelta(seconds=5)) is None

    def test_ends_the_session_that_the_browser_had(self, session):
        staff = person()
        signin.sign_in(proof=proof(staff), origin=ORIGIN, at=AT)
        first = db.session.scalars(sa.select(StaffSession)).one()
        later = AT + timedelta(minutes=1)
        signin.sign_in(proof=proof(staff, later), origin=Origin(ip="x", session_id=first.id), at=later)
        db.session.refresh(first)
        assert first.ended_why == "replaced"

    def test_notes_each_refusal_with_its_reason_and_no_word_typed(self, session, notes):
        staff = person(code="known")
        for wrong in ({"password": "wrong word 4711"}, {"code": "111111"}, {"login": "my secret passphrase"}):
            signin.sign_in(proof=proof(staff, **wrong), origin=ORIGIN, at=AT)
        assert notes() == [("known", "password"), ("known", "code"), ("", "unknown")]


class TestAdmit:
    def test_lets_ten_tries_of_a_login_pass_from_wherever(self, session):
        staff = person()
        for number in range(10):
            signin.admit(proof=proof(staff), origin=Origin(ip=f"10.0.0.{number}"), at=AT)
        with pytest.raises(TooManyAttempts):
            signin.admit(proof=proof(staff), origin=Origin(ip="10.0.1.1"), at=AT)

    def test_lets_ten_tries_from_one_address_pass_for_whomever(self, session):
        for number in range(10):
            signin.admit(proof=Proof(f"nobody{number}", "", ""), origin=ORIGIN, at=AT)
        with pytest.raises(TooManyAttempts):
            signin.admit(proof=Proof("somebody", "", ""), origin=ORIGIN, at=AT)

    def test_lets_a_thousand_tries_pass_in_all(self, session):
        hits = sa.text(
            "INSERT INTO attempt SELECT 'sign_in:all', array_agg(:at + n * interval '1 ms'), :at"
            " FROM generate_series(1, 999) n"
        )
        session.execute(hits, {"at": AT})
        signin.admit(proof=Proof("a", "", ""), origin=Origin(ip="10.0.0.1"), at=AT + timedelta(seconds=2))
        with pytest.raises(TooManyAttempts):
            signin.admit(proof=Proof("b", "", ""), origin=Origin(ip="10.0.0.2"), at=AT + timedelta(seconds=3))

    def test_keeps_no_login_name_in_clear(self, session):
        signin.admit(proof=Proof("my secret passphrase", "", ""), origin=ORIGIN, at=AT)
        assert "secret" not in str(session.execute(sa.text("SELECT array_agg(key) FROM attempt")).scalar_one())

    def test_is_given_back_by_success_so_that_only_failures_add_up(self, session):
        staff = person()
        for number in range(15):
            at = AT + timedelta(seconds=31 * number)
            signin.admit(proof=proof(staff, at), origin=ORIGIN, at=at)
            assert signin.sign_in(proof=proof(staff, at), origin=ORIGIN, at=at)


class TestCode:
    def test_may_be_tried_five_times_in_five_minutes_by_who_has_the_password(self, session, notes):
        staff = person()
        for _ in range(5):
            signin.sign_in(proof=proof(staff, code="000000"), origin=ORIGIN, at=AT)
        assert signin.sign_in(proof=proof(staff), origin=ORIGIN, at=AT) is None
        assert notes()[-1] == (staff.code, "locked")
        later = AT + timedelta(minutes=5)
        assert signin.sign_in(proof=proof(staff, later), origin=ORIGIN, at=later)

    @pytest.mark.parametrize(("tries", "minutes", "hours"), [(20, 2.9, 1), (50, 20, 24)])
    def test_may_be_tried_twenty_times_an_hour_and_fifty_a_day(self, session, notes, tries, minutes, hours):
        staff = person()
        for number in range(tries):
            at = AT + timedelta(minutes=minutes * number)
            signin.sign_in(proof=proof(staff, at, code="000000"), origin=ORIGIN, at=at)
        assert {why for _, why in notes()} == {"code"}
        at = AT + timedelta(hours=hours) - timedelta(seconds=1)
        assert signin.sign_in(proof=proof(staff, at), origin=ORIGIN, at=at) is None
        assert notes()[-1] == (staff.code, "locked")

    def test_is_not_counted_for_who_has_no_password(self, session):
        staff = person()
        for _ in range(8):
            signin.sign_in(proof=proof(staff, password="a wrong password"), origin=ORIGIN, at=AT)
        assert signin.sign_in(proof=proof(staff), origin=ORIGIN, at=AT)


class TestStepUp:
    def test_renews_the_proof_under_a_new_token(self, session):
        staff = person()
        first = signin.sign_in(proof=proof(staff), origin=ORIGIN, at=AT)
        row = db.session.scalars(sa.select(StaffSession)).one()
        digest, later = row.token_hash, AT + timedelta(minutes=20)
        second = signin.step_up(proof=proof(staff, later), origin=Origin(ip=ORIGIN.ip, session_id=row.id), at=later)
        db.session.refresh(row)
        assert second not in (None, first)
        assert row.token_hash != digest
        assert (row.authenticated_at, row.created_at) == (later, AT)

    def test_is_refused_without_both_factors(self, session):
        staff = person()
        signin.sign_in(proof=proof(staff), origin=ORIGIN, at=AT)
        row = db.session.scalars(sa.select(StaffSession)).one()
        at = AT + timedelta(minutes=20)
        typed = proof(staff, at, password="not the password")
        assert signin.step_up(proof=typed, origin=Origin(ip="x", session_id=row.id), at=at) is None
