"""投诉台, 合规发现 and 合规灯 through the console."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from console import formatting
from models import Complaint, ComplaintMessage, Finding, Job, db
from models.operations import complaint, finding
from models.rules.complaint import Category
from models.rules.finding import Hit
from models.rules.lint import Severity
from tests import factories


@pytest.fixture(autouse=True)
def _session(session):
    return session


def opened(hours: int = 1) -> Complaint:
    return complaint.open_(
        member_id=None, category=Category.REFUND, subject="o1", words="退货不给退",
        at=formatting.now() - timedelta(hours=hours), by="member:X",
    )  # fmt: skip


def found(severity: Severity = Severity.CRIT) -> Finding:
    hit = Hit(rule="R39", severity=severity, subject="complaint:7", evidence="超时 5 分钟", mend="立即由专人答复")
    finding.record(hits=[hit], covered={"R39"}, at=formatting.now())
    return db.session.scalars(sa.select(Finding)).one()


class TestComplaints:
    def test_are_answered_by_whoever_may_and_the_clock_stops(self, staff):
        one, support = opened(), staff("support")
        page = support.get(f"/complaints/{one.id}").text
        assert "还剩 23" in page or "还剩 22" in page
        assert "消费者权益保护法" in page
        support.post(f"/complaints/{one.id}/answer", data={"words": "今天内为您退款。"})
        db.session.refresh(one)
        assert (one.state, one.answered_by is not None) == ("answered", True)
        support.post(f"/complaints/{one.id}/close", data={"words": "已退款"})
        db.session.refresh(one)
        assert (one.state, one.outcome) == ("closed", "已退款")

    def test_say_why_a_banned_phrase_does_not_go_out(self, staff):
        one = opened()
        page = staff("support").post(
            f"/complaints/{one.id}/answer", data={"words": "放心，稳赚不赔"}, follow_redirects=True
        )
        assert "稳赚不赔" in page.text
        assert db.session.scalar(sa.select(sa.func.count()).where(ComplaintMessage.kind == "answer")) == 0

    def test_that_are_late_are_found_by_their_clock_and_lead_the_queue(self, staff):
        late = opened(hours=30)
        support = staff("support")
        assert f"/complaints/{late.id}" in support.get("/complaints/?clock=late").text
        assert "没有符合" in support.get("/complaints/?clock=running").text
        assert "待答复的投诉" in support.get("/").text

    def test_by_telephone_are_taken_in(self, staff):
        data = {"category": "entry_fee", "subject": "", "words": "有人收 998 元"}
        staff("compliance").post("/complaints/new", data=data)
        one = db.session.scalars(sa.select(Complaint)).one()
        assert (one.category, one.member_id) == ("entry_fee", None)

    def test_are_read_by_auditors_and_answered_by_none_of_them(self, staff):
        one, auditor = opened(), staff("auditor")
        assert auditor.get(f"/complaints/{one.id}").status_code == 200
        assert auditor.post(f"/complaints/{one.id}/answer", data={"words": "x"}).status_code == 403
        assert staff("finance").get("/complaints/").status_code == 403


class TestFindings:
    def test_are_taken_with_a_word_about_what_will_be_done(self, staff):
        one, officer = found(), staff("compliance")
        page = officer.get(f"/findings/{one.id}").text
        assert "立即由专人答复" in page
        assert '<a href="/complaints/7">投诉单 <code>7</code></a>' in page
        assert "电子商务法" in page
        officer.post(f"/findings/{one.id}/acknowledge", data={"words": "已联系客服"})
        db.session.refresh(one)
        assert (one.state, one.reason) == ("acknowledged", "已联系客服")

    def test_are_muted_by_compliance_alone(self, staff):
        one = found()
        data = {"words": "等法务意见", "until": (formatting.today() + timedelta(days=3)).isoformat()}
        assert staff("operator").post(f"/findings/{one.id}/mute", data=data).status_code == 403
        officer = staff("compliance")
        refused = officer.post(f"/findings/{one.id}/mute", data=data | {"until": "2199-01-01"}, follow_redirects=True)
        assert "最多 30 天" in refused.text
        officer.post(f"/findings/{one.id}/mute", data=data)
        db.session.refresh(one)
        assert one.state == "muted"
        officer.post(f"/findings/{one.id}/reopen")
        db.session.refresh(one)
        assert one.state == "open"

    def test_are_narrowed_by_lamp_and_severity(self, staff):
        one, officer = found(), staff("compliance")
        for query, shown in (("group=consumer", True), ("group=money", False), ("severity=crit", True)):
            assert (f"/findings/{one.id}" in officer.get(f"/findings/?{query}").text) is shown

    def test_are_looked_for_at_once(self, staff):
        staff("compliance").post("/findings/look")
        assert db.session.scalar(sa.select(sa.func.count()).where(Job.kind == "lint_live")) == 1


class TestLamps:
    def test_are_green_without_findings_and_red_with_one(self, staff):
        officer = staff("compliance")
        assert "is-bad" not in officer.get("/lamps/").text
        found()
        page = officer.get("/lamps/").text
        assert page.count("lamp-card is-bad") == 1
        assert "超时 5 分钟" in page
        assert "由设计保证" in page

    def test_stand_on_the_workbench(self, staff):
        found(Severity.WARN)
        page = staff("operator").get("/").text
        assert "合规灯" in page
        assert "消费者权益" in page

    def test_are_hidden_from_merchants(self, staff, session):
        assert staff("merchant", merchant_id=factories.merchant(code="S").id).get("/lamps/").status_code == 403
