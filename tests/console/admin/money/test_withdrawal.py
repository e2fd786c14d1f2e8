"""Withdrawals reviewed one by one and in batches, and the board of their transfers."""

import pytest
import sqlalchemy as sa

from models import Job, Order, Withdrawal, db
from models.operations import hold, share, withdrawal
from models.operations import order as orders
from models.queries import ledger as books
from models.rules.tax import Month
from models.rules.withdrawal import TransferState
from tests.operations import world
from tests.operations.world import AT

RIPE = AT.replace(month=2)
APPROVED = {"reason_code": "checked"}


@pytest.fixture
def asked(session, plan) -> dict[str, Withdrawal]:
    """Member `a`, with real name and ¥14,000.00 available, asked for ¥100.00 (`w1`) and ¥8,000.00 (`w2`)."""
    member = world.member("a")
    member.real_name_at = AT
    world.completed("o1", "a", paid_fen=9_900_000, cost_fen=4_000_000, commission_fen=2_000_000)
    share.mature(order_id=session.scalars(sa.select(Order.id)).one(), at=RIPE)
    made = {
        number: withdrawal.request(number=number, code="a", amount_fen=amount, month=Month(2026, 2), at=RIPE)
        for number, amount in (("w1", 10_000), ("w2", 800_000))
    }
    session.commit()
    return made


def state(number: str) -> str:
    return db.session.scalars(sa.select(Withdrawal.state).where(Withdrawal.number == number)).one()


class TestList:
    def test_shows_amount_tax_and_net(self, staff, asked):
        page = staff("finance").get("/withdrawals/").text
        for text in ("w1", "¥100.00", "w2", "¥8,000.00", "待审批"):
            assert text in page

    def test_is_closed_to_who_decides_cases(self, staff, asked):
        assert staff("reviewer").get("/withdrawals/").status_code == 403
        assert staff("operator").get("/transfers/").status_code == 403

    def test_leads_to_the_oldest_that_waits(self, staff, asked):
        assert f"/withdrawals/{asked['w1'].id}" in staff("finance").get("/withdrawals/").text


class TestReview:
    def test_shows_checks_tax_and_purse(self, staff, asked):
        page = staff("finance").get(f"/withdrawals/{asked['w2'].id}").text
        # (100 + 8,000) × 80% − 5,000 = 1,480; 3% of it is 44.40.
        for text in ("¥8,100.00", "¥5,000.00", "¥1,480.00", "3%", "¥44.40", "须两人审批", "没有欠款"):
            assert text in page
        assert "未通过" not in page

    def test_marks_what_is_not_passed_and_then_asks_why(self, staff, asked, session):
        orders.refund(number="o1", amount_fen=9_900_000, at=RIPE)
        session.commit()
        page = staff("finance").get(f"/withdrawals/{asked['w1'].id}").text
        assert "未通过" in page
        assert "欠款，后续收入抵清后才能提现" in page
        assert 'name="reason_note"' in page

    def test_shows_orders_under_review(self, staff, asked, session):
        world.completed("o2", "a")
        hold.hold(number="o2", at=RIPE)
        session.commit()
        assert "订单 o2 正在核查" in staff("finance").get(f"/withdrawals/{asked['w1'].id}").text

    def test_approves_a_small_one_with_one_hand(self, staff, asked, trail):
        answer = staff("finance").post(f"/withdrawals/{asked['w1'].id}/approve", data=APPROVED)
        assert answer.status_code == 302
        assert state("w1") == "approved"
        (row,) = trail("withdrawal")
        assert (row.action, row.reason, row.after["state"]) == ("withdrawal.approve", "checked", "approved")

    def test_asks_two_people_for_a_large_one(self, staff, asked):
        first, second = staff("finance"), staff("admin")
        path = f"/withdrawals/{asked['w2'].id}/approve"
        first.post(path, data=APPROVED)
        assert state("w2") == "requested"
        assert "第二次审批须由另一人完成" in first.post(path, data=APPROVED, follow_redirects=True).text
        assert state("w2") == "requested"
        second.post(path, data=APPROVED)
        assert state("w2") == "approved"

    def test_is_refused_without_a_reason(self, staff, asked):
        browser = staff("finance")
        for step in ("approve", "reject"):
            page = browser.post(f"/withdrawals/{asked['w1'].id}/{step}", follow_redirects=True).text
            assert "请选择原因后再提交" in page
        assert state("w1") == "requested"

    def test_rejects_with_a_coded_reason_and_gives_the_money_back(self, staff, asked, trail):
        form = {"reason_code": "name_mismatch", "reason_note": "户名不符"}
        before = books.balance("member:a:available")
        staff("finance").post(f"/withdrawals/{asked['w1'].id}/reject", data=form)
        assert state("w1") == "rejected"
        assert books.balance("member:a:available") == before + 10_000
        assert [row.reason for row in trail("withdrawal")] == ["name_mismatch: 户名不符"]

    def test_is_not_open_to_the_auditor(self, staff, asked):
        browser = staff("auditor")
        assert browser.get(f"/withdrawals/{asked['w1'].id}").status_code == 200
        assert browser.post(f"/withdrawals/{asked['w1'].id}/approve", data=APPROVED).status_code == 403

    def test_approves_ticked_rows_as_a_batch_each_with_its_result(self, staff, asked, work):
        form = {
            "page": "withdrawals", "key": "approve", "query": "", "ids": [str(one.id) for one in asked.values()],
            "reason_code": "checked",
        }  # fmt: skip
        browser = staff("finance")
        preview = browser.post("/batches/preview", data=form).text
        assert "¥8,100.00" in preview
        browser.post("/batches/start", data=form | {"rows": "2", "amount_fen": "810000"})
        work()
        assert (state("w1"), state("w2")) == ("ACCEPTED", "requested")


class TestTransfers:
    @pytest.fixture
    def sent(self, asked, session) -> Withdrawal:
        for by in ("staff:801", "staff:802"):
            withdrawal.approve(number="w2", by=by, at=RIPE)
        withdrawal.mark_sent(number="w2", seen=None, at=RIPE)
        withdrawal.record(number="w2", state=TransferState.WAIT_USER_CONFIRM, at=RIPE)
        session.commit()
        return asked["w2"]

    def test_show_the_state_and_the_clock(self, staff, sent):
        page = staff("finance").get("/transfers/").text
        assert "待收款人确认" in page
        assert "已超时，请查询结果" in page
        assert "w1" not in page.partition("<tbody")[2].partition("</tbody>")[0]

    def test_are_asked_about_and_never_sent_anew(self, staff, sent, session):
        form = {"reason_code": "no_answer"}
        staff("finance").post(f"/transfers/{sent.id}/ask", data=form)
        jobs = session.scalars(
            sa.select(Job).where(Job.subject == "withdrawal:w2", Job.created_by.like("staff:%"))
        ).all()
        assert [(job.kind, job.payload) for job in jobs] == [("pay_out", {"number": "w2"})]
        assert state("w2") == "WAIT_USER_CONFIRM"

    def test_are_not_asked_about_once_they_ended(self, staff, sent, session):
        withdrawal.record(number="w2", state=TransferState.SUCCESS, at=RIPE)
        session.commit()
        page = staff("finance").post(
            f"/transfers/{sent.id}/ask", data={"reason_code": "no_answer"}, follow_redirects=True
        )
        assert "没有未完结的转账" in page.text
