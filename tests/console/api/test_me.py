"""Registering, one's own data and money through the API, and leaving."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from models import Consent, KeptAnswer, Member, MemberIdentity, MemberSession, Person, Withdrawal, db, transaction
from models.operations import note, order, share, withdrawal
from models.queries import ledger as books
from models.rules.compliance import DISCLAIMERS
from models.rules.withdrawal import TransferState
from tests.operations import world

NOW = datetime.now(UTC)


@pytest.fixture
def promoter(session, phone):
    """Somebody qualified, with ¥ 21 pending of an order of a stranger."""
    with transaction():
        world.network()
        made = world.member("W1", "M-10", NOW)
        note.keep_person(member_id=made.id, facts=note.Facts(nickname="林青", phone="13800138000", real_name="林青"))
    return phone().as_member(made)


def sold(number: str, **facts):
    with transaction():
        return world.completed(number, "W1", datetime.now(UTC), **facts)


def ripen(code: str, fen: int) -> None:
    """Put so much into a member's available bucket, as if it had matured."""
    with transaction():
        draft = share.Draft()
        draft.add("custody", -fen, "adjustment")
        draft.add(f"member:{code}:available", fen, "adjustment")
        draft.book(key=f"test:{code}", kind="adjustment", subject=f"member:{code}", at=NOW)


class TestRegistration:
    def test_places_who_accepted_below_the_inviter(self, session, phone):
        with transaction():
            world.network()
        someone = phone().accept()
        answer = someone.post("/registration", {"inviter": "M-10"})
        assert answer.status_code == 201, answer.text
        assert (answer.json["parent"], answer.json["slot"], answer.json["depth"]) == ("***-10", 1, 10)
        made = db.session.query(Member).filter_by(code=answer.json["code"]).one()
        kept = db.session.query(Consent).filter_by(member_id=made.id).one()
        assert kept.ip == "127.0.0.1"
        assert someone.get("/me").json["standing"] == "candidate"

    @pytest.mark.parametrize(
        ("body", "status", "code"),
        [
            ({"inviter": "nobody"}, 404, "no_member"),
            ({"inviter": 7}, 422, "invalid_fields"),
            ({"inviter": "M-10", "code": "x"}, 422, "invalid_fields"),
        ],
    )
    def test_is_refused_and_leaves_nobody(self, session, phone, body, status, code):
        with transaction():
            world.network()
        answer = phone().accept().post("/registration", body)
        assert (answer.status_code, answer.json["code"]) == (status, code)
        assert db.session.query(Member).filter(Member.position.is_(None)).count() == 0

    def test_waits_for_the_agreement_and_happens_once(self, session, phone):
        with transaction():
            world.network()
        someone = phone()
        assert someone.post("/registration", {}).json["code"] == "not_accepted"
        someone.accept()
        assert someone.post("/registration", {}).status_code == 201
        assert someone.post("/registration", {}).json["code"] == "registered"
        assert db.session.query(Member).filter(Member.position.is_(None)).count() == 1


class TestMe:
    def test_is_there_for_members_alone(self, session, phone):
        assert phone().get("/me").json["code"] == "not_registered"

    def test_shows_the_phone_masked(self, promoter):
        told = promoter.get("/me").json
        assert (told["code"], told["phone"], told["nickname"]) == ("W1", "138****8000", "林青")

    def test_changes_what_is_given(self, promoter, trail):
        told = promoter.ask("PATCH", "/me", {"nickname": "阿青"})
        assert (told.status_code, told.json["nickname"], told.json["phone"]) == (200, "阿青", "138****8000")
        assert [(row.kind, row.actor) for row in trail("person")][-1] == ("update", "member:W1")

    @pytest.mark.parametrize("body", [{}, {"nickname": " "}, {"phone": "12"}, {"standing": "active"}, {"phone": 138}])
    def test_refuses_what_is_wrong(self, promoter, body):
        assert promoter.ask("PATCH", "/me", body).status_code == 422

    def test_leaves_a_number_to_whoever_has_it(self, promoter):
        with transaction():
            other = world.member("W2", "M-10", NOW)
            note.keep_person(member_id=other.id, facts=note.Facts(phone="13900139000"))
        refused = promoter.ask("PATCH", "/me", {"phone": "13900139000"})
        assert (refused.status_code, refused.json["code"]) == (409, "phone_taken")


class TestMoney:
    def test_balance_and_earnings_carry_their_disclaimer(self, promoter):
        sold("o1")
        held = promoter.get("/me/balance").json
        # Steady pays the seller the whole commission of ¥30.
        assert (held["pending_fen"], held["available_fen"]) == (3_000, 0)
        (row,) = promoter.get("/me/earnings").json["items"]
        assert (row["order"], row["level"], row["amount_fen"], row["rule"]) == ("o1", 1, 3_000, "5.2")
        assert "o1" in row["why"]
        assert held["disclaimer"] == row["disclaimer"] == {"id": "D-03", "text": DISCLAIMERS["D-03"]}

    def test_earnings_page_by_page_are_all_of_them_once(self, promoter):
        for n in range(5):
            sold(f"o{n}")
        seen, cursor = [], ""
        while cursor is not None:
            told = promoter.get(f"/me/earnings?limit=2{'&cursor=' + cursor if cursor else ''}").json
            seen += [row["order"] for row in told["items"]]
            cursor = told["next"]
        assert seen == ["o4", "o3", "o2", "o1", "o0"]

    @pytest.mark.parametrize(
        ("query", "count"), [("kind=level", 1), ("kind=region", 0), ("from=2020-01-01&to=2020-01-02", 0)]
    )
    def test_earnings_are_narrowed(self, promoter, query, count):
        sold("o1")
        assert len(promoter.get(f"/me/earnings?{query}").json["items"]) == count

    @pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=1e1", "kind=all", "from=1", "cursor=x", "x=1"])
    def test_earnings_refuse_what_they_do_not_know(self, promoter, query):
        assert promoter.get(f"/me/earnings?{query}").status_code == 422

    def test_withdrawals_reserve_the_money_and_are_listed(self, promoter):
        ripen("W1", 10_000)
        answer = promoter.post("/me/withdrawals", {"amount_fen": 4_000})
        assert answer.status_code == 201, answer.text
        assert (answer.json["state"], answer.json["tax_fen"], answer.json["net_fen"]) == ("requested", 0, 4_000)
        assert promoter.get("/me/balance").json["available_fen"] == 6_000
        assert [row["number"] for row in promoter.get("/me/withdrawals").json["items"]] == [answer.json["number"]]

    def test_withdrawals_carry_what_their_payee_confirms_with_for_a_day(self, promoter):
        ripen("W1", 10_000)
        number = promoter.post("/me/withdrawals", {"amount_fen": 4_000}).json["number"]
        made = datetime.now(UTC) - timedelta(hours=23)
        for at, is_offered in ((made, True), (made - timedelta(hours=1), False)):
            with transaction():
                row = db.session.scalars(sa.select(Withdrawal)).one()
                row.state, row.confirm_by = "approved", None
                told = withdrawal.Told(state=TransferState.WAIT_USER_CONFIRM, package="ABBQ==", made_at=at)
                withdrawal.hear(number=number, told=told, at=at)
            confirmation = promoter.get("/me/withdrawals").json["items"][0]["confirmation"]
            assert (confirmation is not None) is is_offered
            if confirmation:
                assert confirmation["package"] == "ABBQ=="

    @pytest.mark.parametrize(
        ("amount", "status", "code"), [(0, 422, "invalid_fields"), (99, 409, "below_minimum"), (500, 409, "not_enough")]
    )
    def test_withdrawals_are_refused(self, promoter, amount, status, code):
        answer = promoter.post("/me/withdrawals", {"amount_fen": amount})
        assert (answer.status_code, answer.json["code"]) == (status, code)
        assert db.session.query(Withdrawal).count() == 0

    @pytest.mark.parametrize("amount", [b"1e3", b"1000.0", b"-0", b'"1000"', b"true"])
    def test_money_is_written_in_plain_digits(self, promoter, amount):
        ripen("W1", 10_000)
        answer = promoter.ask(
            "POST", "/me/withdrawals", data=b'{"amount_fen": ' + amount + b"}", content_type="application/json"
        )
        assert answer.status_code == 422
        assert books.balance("member:W1:available") == 10_000

    def test_withdrawals_sent_again_take_the_money_once(self, promoter):
        ripen("W1", 10_000)
        answers = [promoter.post("/me/withdrawals", {"amount_fen": 4_000}, key="again-and-again") for _ in range(3)]
        assert len({answer.data for answer in answers}) == 1
        assert books.balance("member:W1:available") == 6_000


class TestSimulation:
    def test_says_what_the_cap_pays_and_every_text(self, phone):
        told = phone().post("/simulations", {}).json
        assert (told["orders"], told["capped_orders"], told["capped_fen"], told["median_fen"]) == (88572, 39, 78000, 0)
        assert [one["id"] for one in told["disclaimers"]] == ["D-01", "D-02"]

    @pytest.mark.parametrize("body", [{"width": 4}, {"depth": 11}, {"fen": 0}, {"fen": True}, {"shown": []}])
    def test_refuses_another_tree(self, phone, body):
        assert phone().post("/simulations", body).status_code == 422


class TestLeaving:
    def test_forgets_the_person_and_keeps_the_ledger(self, promoter):
        sold("o1")
        refused = promoter.ask("DELETE", "/me")
        assert (refused.status_code, refused.json["code"]) == (409, "money_left")
        with transaction():
            order.refund(number="o1", amount_fen=9_900, at=datetime.now(UTC))
        assert promoter.ask("DELETE", "/me").status_code == 204
        person = db.session.query(Person).join(Member, Member.id == Person.member_id).filter(Member.code == "W1").one()
        assert (person.nickname, person.phone, person.real_name) == (None, None, None)
        gone = db.session.query(MemberIdentity).one()
        assert (gone.openid, gone.member_id is None) == (None, False)
        assert {row.why for row in db.session.query(MemberSession)} == {"cancelled"}
        assert db.session.scalars(sa.select(Member.showcase).where(Member.code == "W1")).one() == "closed"
        assert books.balance("member:W1:pending") == 0

    def test_ends_the_token_at_once_and_a_new_sign_in_is_somebody_new(self, promoter):
        assert promoter.ask("DELETE", "/me").status_code == 204
        assert promoter.get("/me").json["code"] == "session_ended"
        refresh = {"refresh_token": promoter.tokens["refresh_token"]}
        assert promoter.post("/session/refresh", refresh).status_code == 401
        again = promoter.sign_in()
        assert again.tokens["is_registered"] is False

    def test_lets_a_candidates_seat_lapse(self, session, phone):
        with transaction():
            world.network()
        someone = phone().accept()
        code = someone.post("/registration", {}).json["code"]
        assert someone.ask("DELETE", "/me").status_code == 204
        assert db.session.query(Member).filter_by(code=code).one().standing == "lapsed"
        assert db.session.query(KeptAnswer).count() == 2
