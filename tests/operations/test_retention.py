"""Retention: what goes when its time is over, and what stays."""

from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from models import Erasure, Leg, MemberIdentity, MemberSession, Order, Person, db
from models.operations import admission, complaint, identity, order, retention
from models.operations.identity import Device
from models.rules import retention as rules
from models.rules.complaint import Category
from tests import people
from tests.operations import world
from tests.operations.world import AT

DEVICE = Device(ip="10.1.2.3", user_agent="tests")


@pytest.fixture(autouse=True)
def _network(session):
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
        assert {one.key for one in rules.KEEPS if one.job == rules.NIGHTLY} == set(retention.STATEMENTS)

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
