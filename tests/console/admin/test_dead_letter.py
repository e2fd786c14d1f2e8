"""死信: what was given up, by reason, and run again together."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from console import formatting
from models import BatchRow, Job, db


@pytest.fixture
def letters(session):
    """Three dead letters of two reasons, and a job that still waits."""
    for title, error, state in (
        ("付款 1", "余额不足", "dead"),
        ("付款 2", "余额不足", "dead"),
        ("读文件", "文件已损坏", "dead"),
        ("还在排队", "", "waiting"),
    ):
        over = formatting.now() - timedelta(hours=1) if state == "dead" else None
        job = Job(kind="nothing", payload={}, title=title, error=error, state=state, finished_at=over, subject="x:1")
        session.add(job)
    session.commit()


class TestDeadLetters:
    def test_are_counted_by_reason_and_lead_to_their_rows(self, staff, letters):
        browser = staff("operator")
        page = browser.get("/dead-letters/").text
        assert "还在排队" not in page
        assert '?error=%E4%BD%99%E9%A2%9D%E4%B8%8D%E8%B6%B3">2</a>' in page
        narrowed = browser.get("/dead-letters/?error=余额不足").text
        assert ("付款 1" in narrowed, "付款 2" in narrowed, "读文件" in narrowed) == (True, True, False)
        assert "读文件" in browser.get("/dead-letters/?q=损坏").text

    def test_of_a_filter_are_run_again_together_for_a_reason(self, staff, letters, work):
        browser = staff("operator")
        form = {"page": "dead_letters", "key": "rerun", "query": "error=余额不足", "is_filter": "yes"}
        assert "2" in browser.post("/batches/preview", data=form).text
        browser.post("/batches/start", data=form | {"rows": "2", "reason_code": "repaired"})
        assert db.session.scalar(sa.select(sa.func.count()).select_from(BatchRow)) == 2

    def test_that_are_none_say_so(self, staff, session):
        assert "没有死信" in staff("auditor").get("/dead-letters/").text


class TestHealthPage:
    def test_says_what_is_set_without_the_secret_itself(self, app, staff, session):
        page = staff("admin").get("/system-health/").text
        assert "PostgreSQL" in page
        assert app.config["SETTINGS"].secret_key not in page
        assert "未设置" in page

    def test_is_for_those_who_may_see_health(self, staff, session):
        assert staff("merchant").get("/system-health/").status_code == 403


class TestLamps:
    def test_stand_on_the_workbench_of_whoever_reads_policies(self, staff, session):
        page = staff("compliance").get("/").text
        assert "合规灯" in page
        assert "规则检查" in page
        assert "合规灯" not in staff("merchant").get("/").text
