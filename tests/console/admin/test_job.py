"""任务中心, 时间表 and 事件 through the console."""

from datetime import UTC, datetime, time

import pytest
import sqlalchemy as sa

from console.admin import job as pages
from console.admin.job import planned, rhythm
from jobs import timetable
from models import Audit, Job, db, transaction
from models.operations import job as operations
from models.operations import outbox
from models.rules.cadence import Daily, Every, Monthly, Weekly


def ask(**values: object) -> int:
    with transaction():
        return outbox.request("forget_finished", **{"payload": {"at": "2026-11-23"}, "title": "清理", **values}).id


def take(job_id: int) -> operations.Claim:
    with transaction():
        claim = operations.claim(worker="vm-7-abc", queue="default", job_id=job_id)
    assert claim is not None
    return claim


def dead(error: str = "余额不足") -> int:
    claim = take(ask())
    with transaction():
        operations.bury(job_id=claim.job_id, token=claim.token, error=error)
    return claim.job_id


def found(job_id: int) -> Job:
    return db.session.get_one(Job, job_id, populate_existing=True)


class TestList:
    def test_shows_dead_letters_with_their_reason(self, staff):
        dead()
        ask(title="还在排队")
        page = staff("auditor").get("/jobs/?state=dead").text
        assert "余额不足" in page
        assert "还在排队" not in page

    def test_shows_how_far_a_running_job_is(self, staff):
        claim = take(ask())
        with transaction():
            operations.report(job_id=claim.job_id, token=claim.token, done=30, total=120, note="")
        assert '<progress max="120" value="30" title="30 / 120">25%</progress>' in staff("support").get("/jobs/").text

    def test_counts_each_queue_and_links_to_its_rows(self, staff):
        dead()
        page = staff("auditor").get("/jobs/standing").text
        assert '<a href="/jobs/?state=dead&amp;queue=default">1</a>' in page
        assert "最长等待" in page

    def test_offers_the_kinds_that_exist(self, staff):
        assert "清理旧任务" in staff("auditor").get("/jobs/").text

    def test_is_closed_to_merchants(self, staff):
        assert staff("merchant").get("/jobs/").status_code == 403


class TestPage:
    def test_tells_what_happened_with_each_attempt(self, staff):
        page = staff("auditor").get(f"/jobs/{dead()}").text
        for word in ("余额不足", "死信", "执行中", "等待中", "vm-7-abc"):
            assert word in page

    def test_shows_result_and_arguments(self, staff):
        claim = take(ask())
        with transaction():
            operations.finish(job_id=claim.job_id, token=claim.token, result={"rows": 31441})
        page = staff("auditor").get(f"/jobs/{claim.job_id}").text
        assert "31441" in page
        assert "2026-11-23" in page

    def test_looks_again_by_itself_until_the_job_is_over(self, staff):
        job_id, browser = ask(), staff("auditor")
        assert f'data-poll="/jobs/{job_id}/progress"' in browser.get(f"/jobs/{job_id}").text
        assert "data-reload" not in browser.get(f"/jobs/{job_id}/progress").text
        with transaction():
            operations.cancel(job_id=job_id)
        assert "data-reload" in browser.get(f"/jobs/{job_id}/progress").text
        assert "data-poll" not in browser.get(f"/jobs/{job_id}").text

    def test_is_not_there_for_an_unknown_number(self, staff):
        assert staff("auditor").get("/jobs/999999/progress").status_code == 404

    def test_offers_nothing_to_who_may_only_look(self, staff):
        page = staff("auditor").get(f"/jobs/{dead()}").text
        assert "/rerun" not in page
        assert "/cancel" not in page


class TestCancel:
    def test_ends_a_waiting_job_in_the_name_of_who_pressed(self, staff):
        job_id, browser = ask(), staff("operator")
        browser.post(f"/jobs/{job_id}/cancel")
        assert found(job_id).state == "cancelled"
        actor = sa.select(Audit.actor).where(Audit.table_name == "job", Audit.kind == "update")
        assert db.session.scalars(actor).one() == f"staff:{browser.person.id}"

    def test_says_why_not_when_the_job_is_over(self, staff):
        browser = staff("operator")
        page = browser.post(f"/jobs/{dead()}/cancel", follow_redirects=True).text
        assert "任务已结束，无需取消" in page

    @pytest.mark.parametrize("action", ["cancel", "rerun"])
    def test_is_refused_to_who_may_only_look(self, staff, action):
        job_id = ask()
        assert staff("auditor").post(f"/jobs/{job_id}/{action}").status_code == 403
        assert found(job_id).state == "waiting"


class TestRerun:
    def test_brings_a_dead_job_back_and_does_it(self, staff, work):
        job_id = dead()
        browser = staff("operator")
        assert "已重新排队" in browser.post(f"/jobs/{job_id}/rerun", follow_redirects=True).text
        browser.post(f"/jobs/{job_id}/rerun")
        work()
        assert (found(job_id).state, found(job_id).attempts) == ("done", 1)


class TestTimetable:
    @pytest.mark.parametrize(
        ("cadence", "words"),
        [
            (Every(1800), "每 30 分钟"),
            (Daily(time(3, 30)), "每天 03:30"),
            (Weekly(1, time(4)), "每周一 04:00"),
            (Monthly(1, time(2)), "每月 1 日 02:00"),
        ],
    )
    def test_says_each_rhythm_in_chinese(self, app, session, cadence, words):
        with app.test_request_context():
            assert rhythm(cadence) == words

    def test_shows_the_last_job_and_the_next_period(self, app, session):
        noon = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
        timetable.plan(at=noon)
        with app.test_request_context():
            line = next(line for line in planned(at=noon) if line.kind == "forget_finished")
        assert (line.last, line.state) == (datetime(2026, 11, 22, 19, 30, tzinfo=UTC), pages.STATES["waiting"])
        assert line.next == datetime(2026, 11, 23, 19, 30, tzinfo=UTC)

    def test_is_a_page(self, staff):
        assert "forget_finished" in staff("auditor").get("/timetable/").text


class TestEvents:
    def test_lead_to_the_jobs_that_were_told(self, staff, monkeypatch):
        with transaction():
            event = outbox.emit("sheep.counted", subject="sheep:3", n=3)
            job = outbox.request("forget_finished", payload={}, event_id=event.id)
        page = staff("auditor").get(f"/events/{event.id}").text
        assert f"/jobs/{job.id}" in page
        assert "sheep.counted" in staff("auditor").get("/events/?subject=sheep%3A3").text

    def test_say_when_nobody_listens(self, staff):
        with transaction():
            event = outbox.emit("job.died")
        assert "没有任务订阅这个事件" in staff("auditor").get(f"/events/{event.id}").text
