"""Retention: what goes when its time is over, and what stays."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from models import (
    CaseSnooze,
    CaseStep,
    ComplaintMessage,
    Erasure,
    Leg,
    MemberIdentity,
    MemberNote,
    MemberSession,
    Order,
    Person,
    RiskEvent,
    db,
)
from models.operations import (
    admission,
    case_decision,
    caseload,
    complaint,
    identity,
    order,
    retention,
    risk_event,
)
from models.operations.identity import Device
from models.operations.risk_event import Signals
from models.rules import retention as rules
from models.rules.complaint import Category
from models.rules.risk_feature import Kind
from tests import people
from tests.operations import docket, world
from tests.operations.world import AT

DEVICE = Device(ip="10.1.2.3", user_agent="tests")


pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture(scope="module", autouse=True)
def _network(stage):
    world.network()


def after(days: int) -> datetime:
    return AT + timedelta(days=days)


def bought(number: str = "o1") -> Order:
    purchase = world.purchase(number, buyer="张三", address={"detail": "文三路 1 号"})
    order.place(purchase=purchase, at=AT)
    order.ship(number=number, at=AT)
    return order.complete(number=number, at=AT)


class TestKeeps:
    def test_name_what_they_erase_and_on_what_ground(self):
        keys = [one.key for one in rules.KEEPS]
        assert len(keys) == len(set(keys))
        assert all(one.what and one.basis and one.counted_from for one in rules.KEEPS)
        assert {one.key for one in rules.KEEPS if one.job == rules.NIGHTLY} == set(retention.ERASED)

    def test_keep_orders_three_years_and_books_ten(self):
        assert rules.of("order_address").days == 1_095
        assert rules.of("ledger").days == 3_650


class TestOrders:
    def test_lose_address_and_buyer_after_three_years_and_no_fact_of_the_ledger(self):
        made = bought()
        legs = db.session.scalar(sa.select(sa.func.count()).select_from(Leg))
        assert retention.erase(key="order_address", at=after(1_095)) == 0
        assert retention.erase(key="order_address", at=after(1_096)) == 1
        assert retention.erase(key="order_buyer", at=after(1_096)) == 1
        db.session.refresh(made)
        assert (made.address, made.buyer, made.paid_fen) == ({}, None, 9_900)
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Leg)) == legs
        assert retention.erase(key="order_address", at=after(1_096)) == 0

    def test_that_are_quarrelled_about_wait(self):
        bought()
        made = complaint.open_(
            member_id=None, category=Category.MERCHANT, subject="o1", words="破损", at=AT, by="member:X"
        )
        assert retention.erase(key="order_address", at=after(2_000)) == 0
        complaint.answer(complaint_id=made.id, words="已核实。", at=AT, by=f"staff:{people.person('support').id}")
        complaint.close(complaint_id=made.id, outcome="已退款", at=AT)
        assert retention.erase(key="order_address", at=after(2_000)) == 1


class TestPeople:
    def test_who_lapsed_are_forgotten_after_half_a_year(self):
        amy = world.joins("amy")
        db.session.add(Person(member_id=amy.id, nickname="阿米", phone="13800001234", real_name="张三"))
        db.session.flush()
        admission.lapse(member_id=amy.id, at=after(8))
        assert retention.erase(key="lapsed_person", at=after(100)) == 0
        assert retention.erase(key="lapsed_person", at=after(189)) == 1
        (person,) = db.session.scalars(sa.select(Person))
        db.session.refresh(person)
        assert (person.nickname, person.phone, person.real_name) == (None, None, None)

    def test_who_never_registered_lose_their_openid(self):
        identity.sign_in(openid="openid-1", code="code-1", device=DEVICE, at=AT)
        assert retention.erase(key="stranger", at=after(179)) == 0
        assert retention.erase(key="stranger", at=after(181)) == 1
        (person,) = db.session.scalars(sa.select(MemberIdentity))
        db.session.refresh(person)
        assert (person.openid, person.ended_at) == (None, after(181))

    def test_sessions_lose_their_device_after_a_year(self):
        made = identity.sign_in(openid="openid-1", code="code-1", device=DEVICE, at=AT)
        identity.end(session_id=made.id, why="signed_out", at=AT)
        assert retention.erase(key="session_device", at=after(366)) == 1
        found = db.session.get_one(MemberSession, made.id, populate_existing=True)
        assert (found.ip, found.user_agent) == ("", "")


class TestTrail:
    def test_keeps_the_count_and_not_what_was_erased(self, trail):
        amy = world.joins("amy")
        db.session.add(Person(member_id=amy.id, phone="13800001234"))
        db.session.flush()
        admission.lapse(member_id=amy.id, at=after(8))
        retention.erase(key="lapsed_person", at=after(400))
        (made,) = db.session.scalars(sa.select(Erasure))
        assert (made.kind, made.rows, made.before) == ("lapsed_person", 1, after(220))
        told = str([(row.before, row.after) for row in trail("person")])
        assert "13800001234" not in told


YEARS = timedelta(days=1_100)
PHONE, NAME = "13800001234", "张三丰"


def everything(trail) -> str:
    return str([(row.before, row.after, row.reason) for row in trail()])


class TestWordsOfOneWhoLeft:
    def test_stand_nowhere_in_the_trail_and_go_when_their_time_is_over(self, trail):
        amy, long_ago = world.joins("amy"), AT - YEARS
        db.session.add(Person(member_id=amy.id, nickname=NAME, phone=PHONE, real_name=NAME))
        db.session.add(MemberNote(member_id=amy.id, at=long_ago, by="staff:1", text=f"{NAME} 来电 {PHONE}"))
        made = complaint.open_(
            member_id=amy.id, category=Category.MERCHANT, subject="", words=f"我是{NAME}，{PHONE}", at=long_ago,
            by=f"member:{amy.code}",
        )  # fmt: skip
        complaint.answer(
            complaint_id=made.id, words=f"{NAME}您好", at=long_ago, by=f"staff:{people.person('support').id}"
        )
        complaint.close(complaint_id=made.id, outcome=f"已回电 {PHONE}", at=long_ago)
        db.session.add(MemberIdentity(member_id=amy.id, made_at=long_ago, ended_at=long_ago))
        db.session.flush()
        gone = {key: retention.erase(key=key, at=AT) for key in ("complaint", "complaint_message", "member_note")}
        assert gone == {"complaint": 1, "complaint_message": 3, "member_note": 1}
        db.session.expire_all()
        said = set(db.session.scalars(sa.select(ComplaintMessage.words))) | {made.words, made.outcome}
        assert said == {"（已到期删除）"}
        assert (made.category, made.closed_at) == ("merchant", long_ago)
        told = everything(trail)
        assert PHONE not in told
        assert NAME not in told

    def test_wait_for_the_shortest_time_of_the_law_whoever_asks(self):
        made = complaint.open_(
            member_id=None, category=Category.MERCHANT, subject="", words="破损", at=AT, by="member:X"
        )
        complaint.answer(complaint_id=made.id, words="已核实。", at=AT, by=f"staff:{people.person('support').id}")
        complaint.close(complaint_id=made.id, outcome="已退款", at=AT)
        assert retention.erase(key="complaint_message", at=after(2_000)) == 0

    def test_are_changed_by_nobody(self, owner):
        for statement in ("UPDATE complaint_message SET words = 'x'", "UPDATE member_note SET text = 'x'"):
            with pytest.raises(sa.exc.ProgrammingError, match="append-only"), owner.begin_nested():
                owner.execute(sa.text(statement))


class TestReviews:
    def test_lose_what_was_written_three_years_after_their_end(self, trail):
        long_ago = AT - YEARS
        reviewer = docket.reviewer()
        made = docket.opened("ring:1", at=long_ago)
        rest = long_ago + timedelta(days=3)
        caseload.snooze(case_id=made.id, staff_id=reviewer.id, until=rest, why=f"等{NAME}回电", at=long_ago)
        assert retention.erase(key="case_step", at=AT) == 0
        case_decision.expire(case_id=made.id, at=rest)
        assert retention.erase(key="case_step", at=AT) > 0
        assert retention.erase(key="case_snooze", at=AT) == 1
        db.session.expire_all()
        said = {*db.session.scalars(sa.select(CaseStep.note)), *db.session.scalars(sa.select(CaseSnooze.reason))}
        assert said - {""} == {"（已到期删除）"}
        assert NAME not in everything(trail)


class TestSignals:
    def test_lose_their_network_after_a_year_and_their_ties_with_it(self):
        old, new = AT - timedelta(days=400), AT - timedelta(days=10)
        for ref, at in (("r1", old), ("r2", new)):
            risk_event.record(
                facts=[
                    risk_event.Fact(
                        kind=Kind.PAYOUT, ref=ref, at=at, actor=risk_event.Who(buyer=ref),
                        signals=Signals(ip="10.1.2.3", device=f"d-{ref}", phone=PHONE),
                    )
                ],
                at=AT,
            )  # fmt: skip
        assert retention.erase(key="risk_device", at=AT) == 1
        assert retention.erase(key="risk_signal", at=AT) == 0
        assert retention.erase(key="risk_tie", at=AT) == 2
        assert retention.erase(key="risk_device", at=AT) == retention.erase(key="risk_tie", at=AT) == 0
        kept = {row.ref: row for row in db.session.scalars(sa.select(RiskEvent))}
        db.session.refresh(kept["r1"])
        assert (kept["r1"].ip, kept["r1"].ip_shown, kept["r1"].device) == (None, "", None)
        assert kept["r1"].phone is not None
        assert kept["r2"].ip is not None


class TestAddress:
    def test_never_reaches_the_trail(self, trail):
        bought()
        retention.erase(key="order_address", at=after(1_096))
        told = everything(trail)
        assert "文三路" not in told
        assert "'address': '***'" in told
