"""A dividend bill from the preview to its last line; the kill-switches of money."""

from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from jobs import due
from models import Approval, DividendBill, DividendLine, Job, Member, MoneySwitch, Order, db
from models.operations import order as orders
from models.operations import share, switch, withdrawal
from models.queries import dividend as bills
from models.queries import ledger as books
from models.rules.switch import MoneyJob, SwitchedOff
from models.rules.tax import Month
from tests.operations import world
from tests.operations.world import AT

BUILT = {"month": "2026-01", "reason_code": "month_end"}


@pytest.fixture
def founder(session, plan) -> Member:
    """A founder with ¥99,000.00 of net sales in January."""
    member = world.member("a", at=AT)
    member.rank, member.unlocked_at, member.real_name_at = "founder", AT, AT
    world.completed("o1", "a", paid_fen=9_900_000, cost_fen=4_000_000, commission_fen=1_000_000)
    session.commit()
    return member


def bill() -> DividendBill:
    return db.session.scalars(sa.select(DividendBill).execution_options(populate_existing=True)).one()


def line() -> DividendLine:
    return db.session.scalars(sa.select(DividendLine).execution_options(populate_existing=True)).one()


def confirm(browser, digest: str | None = None):
    form = {"digest": digest or bills.digest(bill().id).hex(), "reason_code": "checked"}
    return browser.post(f"/bills/{bill().id}/confirm", data=form, follow_redirects=True)


class TestPreview:
    def test_shows_base_rate_and_amount_and_writes_nothing(self, staff, founder, trail):
        page = staff("finance").get("/bills/preview?month=2026-01").text
        for text in ("¥99,000.00", "3.00%", "¥2,970.00", "联创"):
            assert text in page
        assert trail("dividend_bill", "dividend_line") == []

    def test_says_that_a_running_month_cannot_be_built(self, staff, founder):
        page = staff("finance").get("/bills/preview?month=2099-01").text
        assert "该月尚未结束" in page
        assert staff("finance").get("/bills/preview?month=x").status_code == 400


class TestBill:
    def test_takes_two_people_and_the_lines_that_were_seen(self, staff, founder):
        first, second = staff("finance"), staff("admin")
        first.post("/bills/build", data=BUILT)
        assert "制单人不能确认自己的账单" in confirm(first).text
        assert "与您查看的不一致" in confirm(second, "00" * 32).text
        assert bill().state == "built"
        confirm(second)
        assert bill().state == "confirmed"

    def test_is_paid_in_the_background_once(self, staff, founder, work):
        first, second = staff("finance"), staff("admin")
        first.post("/bills/build", data=BUILT)
        confirm(second)
        for _ in range(2):
            first.post(f"/bills/{bill().id}/pay", data={"reason_code": "due"}, follow_redirects=True)
            work()
        assert (bill().state, line().state) == ("paid", "paid")
        assert books.balance("member:a:available") == 297_000

    def test_keeps_why_a_line_failed_and_pays_it_alone(self, staff, founder, session):
        first, second = staff("finance"), staff("admin")
        first.post("/bills/build", data=BUILT)
        confirm(second)
        line().state, line().failure = "failed", "会员已注销"
        session.commit()
        assert "会员已注销" in first.get(f"/bills/{bill().id}").text
        first.post(f"/bills/{bill().id}/retry", data={"line": str(line().id), "reason_code": "retry"})
        assert (bill().state, line().state, line().failure) == ("paid", "paid", "")

    def test_is_built_once_a_month_and_with_a_reason(self, staff, founder):
        browser = staff("finance")
        page = browser.post("/bills/build", data={"month": "2026-01"}, follow_redirects=True).text
        assert "请选择原因后再提交" in page
        browser.post("/bills/build", data=BUILT)
        assert "每月只有一张" in browser.post("/bills/build", data=BUILT, follow_redirects=True).text
        assert bill().month == date(2026, 1, 1)


def stop(job: str) -> None:
    switch.off(job=job, why="mismatch", at=AT, by="staff:1")
    db.session.commit()


class TestSwitch:
    def test_is_turned_off_by_one_and_on_by_two(self, staff, plan, trail):
        first, second = staff("finance"), staff("admin")
        first.post("/money-switches/transfer/off", data={"reason_code": "mismatch"})
        assert "资金任务已关停：提现转账" in second.get("/").text
        first.post("/money-switches/transfer/on", data={"reason_code": "repaired"})
        asked = db.session.scalars(sa.select(Approval)).one()
        path, form = f"/approvals/{asked.id}/approve", {"digest": asked.digest.hex()}
        assert "不能审批自己的申请" in first.post(path, data=form, follow_redirects=True).text
        assert db.session.get_one(MoneySwitch, "transfer", populate_existing=True).is_off
        second.post(path, data=form)
        assert not db.session.get_one(MoneySwitch, "transfer", populate_existing=True).is_off
        assert "资金任务已关停" not in second.get("/").text
        assert [row.action for row in trail("money_switch")] == ["switch.off", "approval.approve"]

    def test_refuses_one_pair_of_hands_in_the_database_too(self, session):
        stop("transfer")
        with pytest.raises(IntegrityError, match="two_people"):
            switch.resume(job=MoneyJob.TRANSFER, asked_by="staff:1", at=AT, by="staff:1")

    def test_stops_settlement_and_lets_what_is_due_wait(self, session, plan):
        world.member("a")
        orders.place(purchase=world.purchase("o1", "a"), at=AT)
        orders.ship(number="o1", at=AT)
        stop("settle")
        with pytest.raises(SwitchedOff, match="规则 8.3：订单结算已被关停"):
            orders.complete(number="o1", at=AT)
        session.rollback()
        late = AT.replace(month=3)
        assert [one for one in due_kinds(late) if one == "CONFIRM"] == []

    def test_lets_nothing_mature(self, session, plan):
        world.member("a")
        world.completed("o1", "a")
        stop("mature")
        late = AT.replace(month=3)
        with pytest.raises(SwitchedOff):
            share.mature(order_id=session.scalars(sa.select(Order.id)).one(), at=late)
        assert "MATURE" not in due_kinds(late)

    def test_leaves_the_refund_alone(self, session, plan):
        world.member("a")
        world.completed("o1", "a")
        for job in MoneyJob:
            stop(job)
        orders.refund(number="o1", amount_fen=9_900, at=AT)
        assert books.balances(["custody"])["custody"] == 0

    def test_sends_no_transfer(self, session, founder):
        late = AT.replace(month=2)
        share.mature(order_id=session.scalars(sa.select(Order.id)).one(), at=late)
        withdrawal.request(number="w1", code="a", amount_fen=10_000, month=Month(2026, 2), at=late)
        withdrawal.approve(number="w1", by="staff:1", at=late)
        stop("transfer")
        with pytest.raises(SwitchedOff, match="提现转账"):
            withdrawal.mark_sent(number="w1", seen=None, at=late)

    def test_lets_a_bill_wait_and_fails_no_line(self, staff, founder, work):
        first, second = staff("finance"), staff("admin")
        first.post("/bills/build", data=BUILT)
        confirm(second)
        stop("dividend")
        first.post(f"/bills/{bill().id}/pay", data={"reason_code": "due"})
        work()
        assert (bill().state, line().state) == ("confirmed", "due")
        jobs = db.session.scalars(sa.select(Job).where(Job.kind == "pay_bill").order_by(Job.id)).all()
        assert [job.state for job in jobs] == ["done", "waiting"]
        assert "分红支付已被关停" in jobs[0].result["waits"]


def due_kinds(until) -> list[str]:
    found = due.due.first(until)
    return [found.kind.name] if found else []
