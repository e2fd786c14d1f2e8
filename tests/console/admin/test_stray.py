"""未归属 as operators work at it."""

import pytest
import sqlalchemy as sa

from models import StrayOrder, db, transaction
from models.operations import shop_order
from models.rules import shop_order as rules
from tests.jobs.shops import told
from tests.operations import world


@pytest.fixture
def stray(session) -> StrayOrder:
    world.network()
    world.member("a")
    content = told("3731", world.AT, finder="stranger")
    with transaction():
        shop_order.fold(sold=rules.read(content), content=content, at=world.AT)
    return db.session.scalars(sa.select(StrayOrder)).one()


class TestStrays:
    def test_are_listed_with_why_and_whom_the_shop_names(self, staff, stray):
        page = staff("operator").get("/stray-orders/").text
        assert "视频号 <code>stranger</code>" in page
        assert "没有对应的会员" in page

    def test_are_assigned_with_a_reason(self, session, staff, stray):
        operator = staff("operator")
        assert "洗衣液" in operator.get(f"/stray-orders/{stray.id}").text
        operator.post(f"/stray-orders/{stray.id}/assign", data={"seller": "a"})
        session.refresh(stray)
        assert stray.seller_id is None
        operator.post(f"/stray-orders/{stray.id}/assign", data={"seller": "a", "reason_code": "merchant_told"})
        session.refresh(stray)
        assert stray.decided_by == f"staff:{operator.person.id}"

    def test_say_when_nobody_has_the_code(self, session, staff, stray):
        operator = staff("operator")
        operator.post(f"/stray-orders/{stray.id}/assign", data={"seller": "nobody", "reason_code": "merchant_told"})
        assert "没有代码为 nobody 的会员" in operator.get("/stray-orders/").text

    def test_are_dropped_by_those_alone_who_may(self, session, staff, stray):
        assert staff("auditor").post(f"/stray-orders/{stray.id}/drop", data={}).status_code == 403
        staff("operator").post(f"/stray-orders/{stray.id}/drop", data={"reason_code": "test_order"})
        session.refresh(stray)
        assert stray.state == "dropped"
