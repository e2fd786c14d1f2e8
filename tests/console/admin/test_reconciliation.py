"""对账 as finance works at it: a file uploaded, tried and taken; a difference taken on and cleared."""

import io

import pytest
import sqlalchemy as sa

from models import Approval, Difference, Statement
from tests.jobs.test_statement import FLOW_FILE, TRADE_FILE


@pytest.fixture
def finance(staff):
    return staff("finance")


def upload(browser, text: str, name: str = "fundflow_operation.csv", account: str = ""):
    return browser.post("/channel-bills/new", data={"file": (io.BytesIO(text.encode()), name), "account": account})


@pytest.fixture
def taken(session, finance, work) -> Difference:
    """A transfer that we do not know, found in an uploaded statement."""
    upload(finance, FLOW_FILE)
    work()
    made = session.scalars(sa.select(Statement)).one()
    finance.post(f"/channel-bills/{made.id}/take")
    work()
    return session.scalars(sa.select(Difference)).one()


class TestUpload:
    def test_is_read_on_trial_and_shown(self, session, finance, work):
        answer = upload(finance, TRADE_FILE, "trade.csv")
        work()
        made = session.scalars(sa.select(Statement)).one()
        assert answer.location.endswith(f"/channel-bills/{made.id}")
        page = finance.get(f"/channel-bills/{made.id}").text
        assert "QX20260615000009" in page
        assert "待入账" in page

    def test_of_a_fund_flow_bill_asks_for_its_account(self, session, finance):
        upload(finance, FLOW_FILE, "bill.csv")
        assert "请选择基本账户、运营账户" in finance.get("/channel-bills/new").text
        assert session.scalars(sa.select(Statement)).all() == []

    def test_of_another_table_says_what_to_bring(self, session, finance):
        upload(finance, "姓名,电话\n张三,1\n", "people.csv")
        assert "没有找到账单的表头" in finance.get("/channel-bills/new").text

    def test_twice_leads_to_the_first(self, session, finance, work):
        upload(finance, TRADE_FILE, "trade.csv")
        upload(finance, TRADE_FILE, "trade.csv")
        assert "不会重复入账" in finance.get("/channel-bills/new").text
        assert len(session.scalars(sa.select(Statement)).all()) == 1

    def test_is_finances_alone(self, staff):
        assert staff("auditor").get("/channel-bills/new").status_code == 403
        assert staff("operator").get("/channel-bills/").status_code == 403


class TestDay:
    def test_shows_both_sides_and_leads_to_the_lines(self, finance, taken):
        assert "2026-06-15" in finance.get("/reconciliation/").text
        page = finance.get("/reconciliation/on/2026-06-15", follow_redirects=True).text
        assert "¥180.00" in page
        assert "缺少当日账单" in page
        assert "/channel-lines/?at_from=2026-06-15" in page

    def test_has_lines_that_lead_to_ours(self, finance, taken):
        assert 'href="/transfers/?q=WD20260615000001"' in finance.get("/channel-lines/").text


class TestDifference:
    def test_is_taken_on_noted_and_cleared_with_a_reason(self, session, finance, taken):
        assert "无人认领" in finance.get("/differences/").text
        finance.post(f"/differences/{taken.id}/own")
        finance.post(f"/differences/{taken.id}/note", data={"words": "已联系渠道"})
        finance.post(f"/differences/{taken.id}/resolve", data={"reason_code": "channel_confirmed"})
        session.refresh(taken)
        assert (taken.state, taken.resolution, taken.note) == ("resolved", "channel_confirmed", "已联系渠道")

    def test_is_not_cleared_without_a_reason(self, session, finance, taken):
        finance.post(f"/differences/{taken.id}/resolve", data={})
        session.refresh(taken)
        assert taken.state == "open"

    def test_that_books_a_correction_waits_for_a_second_person(self, session, finance, taken):
        finance.post(
            f"/differences/{taken.id}/correct",
            data={"template": "reserve", "amount": "1.00", "reason_code": "mistake"},
        )
        asked = session.scalars(sa.select(Approval)).one()
        assert asked.payload == {"difference_id": taken.id, "template": "reserve", "amount_fen": 100, "member": None}
        assert f"/approvals/{asked.id}" in finance.get(f"/differences/{taken.id}").text

    def test_is_seen_but_not_touched_by_an_auditor(self, staff, taken):
        auditor = staff("auditor")
        assert auditor.get(f"/differences/{taken.id}").status_code == 200
        assert auditor.post(f"/differences/{taken.id}/own").status_code == 403
