"""How an agency comes about and ends."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import RegionAgent
from models.operations import agency, approval, order
from models.queries import ledger as books
from models.queries import region_agent as queries
from models.rules import region_share as rules
from models.rules.approval import SameHands
from tests.operations import world
from tests.operations.world import AT

YEAR = AT + timedelta(days=365)
CITY = "330100"


pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture(scope="module", autouse=True)
def network(stage):
    world.network()
    world.member("amy")


def signed(code: str = "amy", region: str = CITY) -> RegionAgent:
    made = agency.apply(code=code, region_code=region, at=AT)
    return agency.sign(agent_id=made.id, contract="HT-1", at=AT)


def running(code: str = "amy", region: str = CITY) -> RegionAgent:
    return agency.admit(agent_id=signed(code, region).id, ends_at=YEAR, at=AT)


class TestApplication:
    def test_waits_and_earns_nothing(self):
        made = agency.apply(code="amy", region_code=CITY, at=AT)
        assert (made.state, made.deposit_fen, queries.active([CITY])) == ("applied", 2_000_000, {})

    def test_is_made_once(self):
        agency.apply(code="amy", region_code=CITY, at=AT)
        with pytest.raises(agency.AlreadyApplied, match="规则 6"):
            agency.apply(code="amy", region_code=CITY, at=AT)

    @pytest.mark.parametrize(
        ("region", "refusal"), [("33010", rules.BadRegion), ("339900", rules.UnknownRegion), ("", rules.BadRegion)]
    )
    def test_names_a_region_that_stands(self, region, refusal):
        with pytest.raises(refusal):
            agency.apply(code="amy", region_code=region, at=AT)

    def test_of_a_region_that_is_taken_is_refused(self):
        running()
        world.member("bob")
        with pytest.raises(rules.RegionTaken):
            agency.apply(code="bob", region_code=CITY, at=AT)

    def test_that_was_decided_is_decided_once(self):
        made = agency.apply(code="amy", region_code=CITY, at=AT)
        agency.refuse(agent_id=made.id, answer="资料不全", at=AT)
        with pytest.raises(agency.NotApplied):
            agency.sign(agent_id=made.id, contract="HT-1", at=AT)


class TestAdmission:
    def test_books_the_deposit_and_begins_the_term(self):
        made = running()
        assert (made.state, made.begins_at, made.ends_at) == ("active", AT, YEAR)
        assert books.balances([f"deposit:{CITY}"]) == {f"deposit:{CITY}": 2_000_000}

    def test_wants_a_signed_contract(self):
        made = agency.apply(code="amy", region_code=CITY, at=AT)
        with pytest.raises(agency.NotSigned):
            agency.admit(agent_id=made.id, ends_at=YEAR, at=AT)

    def test_of_two_applicants_lets_one_in(self):
        world.member("bob")
        first, second = signed(), signed("bob")
        agency.admit(agent_id=first.id, ends_at=YEAR, at=AT)
        with pytest.raises(rules.RegionTaken):
            agency.admit(agent_id=second.id, ends_at=YEAR, at=AT)

    def test_wants_an_end_after_the_beginning(self):
        with pytest.raises(rules.TermBackwards):
            agency.admit(agent_id=signed().id, ends_at=AT, at=AT)


class TestEnd:
    def test_of_the_term_gives_the_deposit_back_less_what_was_agreed(self):
        made = running()
        asked = approval.ask(
            kind="agency.deduct", payload={"agent_id": made.id, "deducted_fen": 5_000}, reason="damage", at=AT, by="a"
        )
        approval.approve(approval_id=asked.id, digest=asked.digest, at=AT, by="b")
        assert queries.over(at=YEAR - timedelta(seconds=1)) == []
        assert queries.over(at=YEAR) == [made.id]
        agency.expire(agent_id=made.id)
        assert (made.state, made.deducted_fen, made.ends_at) == ("ended", 5_000, YEAR)
        assert world.accounts() == {"platform:margin": 5_000, "custody": -5_000}

    def test_before_the_term_takes_a_second_person(self):
        made = running()
        asked = approval.ask(
            kind="agency.end", payload={"agent_id": made.id, "deducted_fen": 0}, reason="left", at=AT, by="a"
        )
        with pytest.raises(SameHands):
            approval.approve(approval_id=asked.id, digest=asked.digest, at=AT, by="a")
        approval.approve(approval_id=asked.id, digest=asked.digest, at=AT + timedelta(hours=1), by="b")
        assert (made.state, world.accounts()) == ("ended", {})

    def test_never_keeps_more_than_the_deposit(self):
        made = running()
        with pytest.raises(rules.DeductionTooLarge):
            approval.ask(
                kind="agency.end", payload={"agent_id": made.id, "deducted_fen": 2_000_001}, reason="x", at=AT, by="a"
            )


class TestIncome:
    def test_counts_orders_of_the_region_by_month(self):
        made = running()
        world.completed("A-1", region="330106")
        world.completed("A-2", region="330203")
        rows = queries.income(since=AT, until=AT + timedelta(days=1))
        assert [(row.region_code, row.member, row.orders, row.amount_fen) for row in rows] == [(CITY, "amy", 1, 99)]
        months = queries.by_month(member_id=made.member_id, region_code=CITY, zone="Asia/Shanghai")
        assert [(row.month, row.orders, row.net_fen) for row in months] == [("2026-01", 1, 99)]


class TestUnmatched:
    def test_address_gets_its_region_before_the_settlement(self):
        running()
        order.place(purchase=world.purchase("A-1"), at=AT)
        agency.match_region(number="A-1", region_code="330106")
        order.complete(number="A-1", at=AT)
        assert world.accounts()["member:amy:pending"] == 99

    def test_address_of_a_settled_order_stays_as_it_was(self):
        world.completed("A-1")
        with pytest.raises(agency.AlreadySettled):
            agency.match_region(number="A-1", region_code="330106")

    def test_address_is_given_no_region_that_nobody_knows(self):
        order.place(purchase=world.purchase("A-1"), at=AT)
        with pytest.raises(rules.UnknownRegion):
            agency.match_region(number="A-1", region_code="339900")


class TestSchema:
    def test_keeps_one_application_of_a_member_for_a_region(self, session):
        made = agency.apply(code="amy", region_code=CITY, at=AT)
        copy = "INSERT INTO region_agent (region_code, member_id, state, deposit_fen, deducted_fen, agreed_fen, note)"
        values = " SELECT region_code, member_id, state, deposit_fen, 0, 0, '' FROM region_agent WHERE id = :id"
        with pytest.raises(sa.exc.IntegrityError, match="uq_region_agent_applied"), session.begin_nested():
            session.execute(sa.text(copy + values), {"id": made.id})

    @pytest.mark.parametrize(
        ("change", "check"),
        [
            ("contract = 'x'", "signed"),
            ("agreed_fen = -1", "agreed"),
            ("agreed_fen = deposit_fen + 1", "agreed"),
            ("state = 'active'", "begun"),
        ],
    )
    def test_refuses_an_agency_that_cannot_be(self, session, change, check):
        made = agency.apply(code="amy", region_code=CITY, at=AT)
        with pytest.raises(sa.exc.IntegrityError, match=f"ck_region_agent_{check}"), session.begin_nested():
            session.execute(sa.text(f"UPDATE region_agent SET {change} WHERE id = :id"), {"id": made.id})
