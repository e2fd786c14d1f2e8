"""The desk of the system in a real browser: staff, roles, exports, the trail, dead letters."""

import re
import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from console import formatting
from models import Job, Staff, db, transaction
from tests import people
from tests.browser.conftest import Live


@pytest.fixture
def colleague(live: Live) -> int:
    """Somebody whose roles are changed."""
    with live.app.app_context(), transaction():
        return people.person("operator", code=f"sys.{uuid.uuid4().hex[:8]}", name="林一").id


class TestStaff:
    def test_are_taken_in_with_a_link_in_three_clicks(self, visit, live):
        login = f"sys.{uuid.uuid4().hex[:8]}"
        watched = visit("admin")
        page = watched.go("/staff/")
        with watched.clicks(3, "take in a colleague"):
            page.locator(".head a.primary").click()
            page.locator("input[name=code]").fill(login)
            page.locator("input[name=name]").fill("陈二")
            page.locator("input[name=roles][value=finance]").click()
            page.locator("form .button.primary").click()
            expect(page.locator("main input.wide")).to_have_value(re.compile("/link/"))
        with live.app.app_context():
            assert db.session.scalars(sa.select(Staff.roles).where(Staff.code == login)).one() == ["finance"]

    def test_get_other_roles_in_three_clicks(self, visit, live, colleague):
        watched = visit("admin")
        page = watched.go(f"/staff/{colleague}/roles")
        with watched.clicks(3, "change roles"):
            page.locator("input[name=roles][value=operator]").click()
            page.locator("input[name=roles][value=support]").click()
            page.locator("select[name=reason]").select_option("duty")
            page.locator("main form .button.primary").click()
            expect(page.locator(".note.done")).to_be_visible()
        with live.app.app_context():
            assert db.session.get_one(Staff, colleague).roles == ["support"]

    def test_are_shut_out_in_two_clicks(self, visit, live, colleague):
        watched = visit("admin")
        page = watched.go(f"/staff/{colleague}")
        with watched.clicks(2, "disable an account"):
            page.locator(".head summary.bad").click()
            page.locator("details[open] select[name=reason]").select_option("left")
            page.locator("details[open] .button.primary").click()
            expect(page.locator(".note.done")).to_be_visible()
        with live.app.app_context():
            assert db.session.get_one(Staff, colleague).state == "disabled"


class TestExport:
    def test_of_a_list_lies_in_ones_hands_after_three_clicks(self, visit, colleague):
        watched = visit("admin")
        page = watched.go("/staff/?role=operator")
        with watched.clicks(3, "export a list"):
            page.locator("[data-open=export]").click()
            page.locator("#export .button.primary").click()
            link = page.locator("tbody tr").first.locator("a[href$='/file']")
            expect(link).to_be_visible()
            with page.expect_download() as found:
                link.click()
        assert "员工" in found.value.suggested_filename
        head, *lines = Path(found.value.path()).read_text(encoding="utf-8-sig").splitlines()
        assert "登录名" in head
        assert [line for line in lines if "林一" in line]
        assert [line for line in lines if "browser.admin" in line] == []


class TestTrail:
    def test_leads_from_a_person_to_what_changed_in_two_clicks(self, visit, live, colleague):
        watched = visit("auditor")
        page = watched.go(f"/staff/{colleague}")
        with watched.clicks(2, "find what was changed about a person"):
            page.locator("main p a", has_text="变更记录").click()
            page.locator("tbody tr a.open").first.click()
            expect(page.locator("main")).to_contain_text("林一")


class TestDeadLetter:
    def test_is_run_again_from_its_reason_in_four_clicks(self, visit, live):
        error = f"试 {uuid.uuid4().hex[:8]}"
        with live.app.app_context(), transaction():
            job = Job(
                kind="relay_check", payload={}, title="死信", state="dead", attempts=8, error=error, queue="money",
                finished_at=formatting.now(),
            )  # fmt: skip
            db.session.add(job)
            db.session.flush()
            job_id = job.id
        watched = visit("operator")
        page = watched.go("/dead-letters/")
        with watched.clicks(4, "run a dead letter again from its reason"):
            page.locator("tr", has_text=error).locator("td.num a").click()
            page.locator("tbody a", has_text="死信").first.click()
            page.locator("form[action$='/rerun'] button").click()
            page.locator("dialog.ask button.primary").click()
            expect(page.locator(".plain-table")).to_contain_text("等待中")
        with live.app.app_context():
            assert db.session.get_one(Job, job_id).attempts < 8


class TestJob:
    def test_that_failed_runs_again_from_its_page_to_its_end(self, visit, live):
        with live.app.app_context(), transaction():
            job = Job(
                kind="rescan_copy", payload={"at": "2026-06-01T00:00:00+00:00"}, title="复扫", state="dead", attempts=8,
                error="数据库断开", finished_at=formatting.now(),
            )  # fmt: skip
            db.session.add(job)
            db.session.flush()
            job_id = job.id
        watched = visit("operator")
        page = watched.go(f"/jobs/{job_id}")
        expect(page.locator(".note.refused")).to_contain_text("数据库断开")
        with watched.clicks(2, "run a failed job again"):
            page.locator("form[action$='/rerun'] button").click()
            page.locator("dialog.ask button.primary").click()
            expect(page.locator(".plain-table tbody tr").first).to_contain_text("已完成")
        expect(page.locator(".note.refused")).to_have_count(0)


class TestPages:
    @pytest.mark.parametrize("window", ["desktop", "phone"])
    @pytest.mark.parametrize("path", ["/", "/system-health/", "/dead-letters/", "/jobs/", "/roles/"])
    def test_fit_the_window(self, visit, path, window):
        watched = visit("admin", window=window)
        watched.go(path)
        assert watched.overflow() == []

    def test_tell_the_keys_of_the_page_itself(self, visit, live, colleague):
        page = visit("admin").go("/bills/preview?month=2023-01")
        page.keyboard.press("?")
        expect(page.locator("[data-page-keys] dt")).to_have_text(["a"])
        expect(page.locator("[data-page-keys] dd")).to_have_text(["生成账单"])

    def test_say_in_a_sentence_who_freezes_soon(self, visit, network):
        page = visit("operator").go("/members/")
        expect(page.locator(".sentence")).to_be_visible()
