"""The trial balance, debts and corrections."""

import pytest
import sqlalchemy as sa

from models import Approval, Job, Order, db
from models.operations import ledger, order, share
from models.queries import balance
from models.queries import ledger as books
from tests.operations import world
from tests.operations.world import AT

RIPE = AT.replace(month=2)


@pytest.fixture
def indebted(session, plan) -> None:
    """`a` earned ¥21.00, had it made available, paid away by a correction, then refunded: a debt of ¥21.00."""
    world.member("a")
    world.completed("o1", "a")
    share.mature(order_id=session.scalars(sa.select(Order.id)).one(), at=RIPE)
    draft = share.Draft()
    draft.add("member:a:available", -2_100, "payout")
    draft.add("custody", 2_100, "payout")
    draft.book(key="payout:x", kind="payout", subject="withdrawal:x", at=RIPE)
    order.refund(number="o1", amount_fen=9_900, at=RIPE)
    session.commit()


class TestBalance:
    def test_is_zero_over_all_kinds_and_shows_the_seal(self, staff, indebted):
        ledger.seal(at=RIPE)
        rows = balance.by_kind()
        assert sum(fen for _bucket, _number, fen in rows) == 0
        assert {bucket: fen for bucket, _number, fen in rows}["debt"] == -2_100
        page = staff("auditor").get("/trial-balance/").text
        assert "最近封存块" in page
        assert "¥0.00" in page

    def test_is_verified_in_the_background(self, staff, indebted, work):
        browser = staff("finance")
        browser.post("/trial-balance/verify", data={"reason_code": "routine"})
        work()
        job = db.session.scalars(sa.select(Job).where(Job.kind == "verify_ledger")).one()
        assert (job.state, job.result) == ("done", {"findings": []})
        assert "没有发现问题" in browser.get("/trial-balance/").text


class TestDebts:
    def test_show_who_owes_how_much_and_since_when(self, staff, indebted):
        page = staff("finance").get("/debts/").text
        for text in ("¥21.00", "90 天以上", "member:a:debt", "2026-02-01"):
            assert text in page
        assert "没有人欠款" not in page
        assert "member:a:debt" not in staff("finance").get("/debts/?age=week").text

    def test_show_what_is_expected_to_pay_them_and_lead_to_a_filled_in_correction(self, staff, indebted):
        world.completed("o2", "a", at=RIPE, commission_fen=1_000)
        db.session.commit()
        browser = staff("finance")
        assert "¥7.00" in browser.get("/debts/").text
        assert "/adjustments/?template=forgive&amp;member=a&amp;amount=21.00" in browser.get("/debts/").text
        page = browser.get("/adjustments/?template=forgive&member=a&amount=21.00").text
        assert '<option value="forgive" selected>' in page
        assert 'value="21.00"' in page


class TestAdjust:
    def test_forgives_a_debt_by_two_people(self, staff, indebted, trail):
        first, second = staff("finance"), staff("admin")
        form = {"template": "forgive", "member": "a", "amount": "21", "reason_code": "hardship"}
        first.post("/adjustments/ask", data=form)
        asked = db.session.scalars(sa.select(Approval)).one()
        path, digest = f"/approvals/{asked.id}/approve", {"digest": asked.digest.hex()}
        assert "不能审批自己的申请" in first.post(path, data=digest, follow_redirects=True).text
        assert books.balance("member:a:debt") == -2_100
        second.post(path, data=digest)
        assert books.balance("member:a:debt") == 0
        assert [row.action for row in trail("approval")] == ["balance.ask_to_adjust", "approval.approve"]
        assert "减免欠款" in first.get("/adjustments/").text

    @pytest.mark.parametrize("wrong", [{"amount": "x"}, {"amount": "-1"}, {"template": "free"}, {"reason_code": ""}])
    def test_refuses_what_is_no_template_amount_or_reason(self, staff, indebted, wrong):
        form = {"template": "forgive", "member": "a", "amount": "21", "reason_code": "hardship"} | wrong
        staff("finance").post("/adjustments/ask", data=form)
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Approval)) == 0
