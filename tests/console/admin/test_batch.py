"""Batches over a list: chosen, previewed, started with a reason, worked on, told row by row."""

import re

import pytest
import sqlalchemy as sa

from models import Batch, BatchRow, Job, db


@pytest.fixture
def dead(session):
    """Makes dead jobs of one subject."""

    def make(number: int, *, subject: str = "test", state: str = "dead") -> list[int]:
        now = sa.func.clock_timestamp()
        jobs = [
            Job(kind="nothing", payload={}, subject=subject, state=state, finished_at=now, attempts=8, title=f"旧活{n}")
            for n in range(number)
        ]
        db.session.add_all(jobs)
        db.session.commit()
        return [job.id for job in jobs]

    return make


def form(ids=(), *, query="", is_filter=False, **more):
    chosen = {"is_filter": "yes"} if is_filter else {"ids": [str(row) for row in ids]}
    return {"page": "jobs", "key": "rerun", "query": query, "reason_code": "repaired"} | chosen | more


def results(batch: Batch) -> dict[int, tuple[str, str]]:
    rows = db.session.scalars(sa.select(BatchRow).where(BatchRow.batch_id == batch.id))
    return {row.row_id: (row.outcome, row.result) for row in rows}


def newest() -> Batch:
    return db.session.scalars(sa.select(Batch).order_by(Batch.id.desc()).limit(1)).one()


def states(ids) -> set[str]:
    return set(db.session.scalars(sa.select(Job.state).where(Job.id.in_(ids))))


class TestList:
    def test_offers_ticks_and_actions_to_whom_they_are_entrusted(self, dead, staff):
        dead(1)
        text = staff("operator").get("/jobs/").text
        assert 'name="ids"' in text
        assert "data-needs-ticks" in text
        for role in ("auditor", "support"):
            assert 'name="ids"' not in staff(role).get("/jobs/").text


class TestPreview:
    def test_counts_and_shows_and_writes_nothing(self, dead, staff):
        ids = dead(12)
        text = staff("operator").post("/batches/preview", data=form(ids[:3])).text
        assert "共 3 行" in text
        assert text.count("旧活") == 3
        text = staff("operator").post("/batches/preview", data=form(is_filter=True, query="subject=test")).text
        assert "共 12 行" in text
        assert text.count("旧活") == 10
        assert states(ids) == {"dead"}
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Batch)) == 0

    @pytest.mark.parametrize(
        ("data", "status"),
        [
            (form([1], page="nothing"), 404),
            (form([1], key="nothing"), 404),
            (form(is_filter=True, query="state=nothing"), 400),
            (form([]), 400),
            (form(["x", "-1", "9" * 30]), 400),
        ],
    )
    def test_refuses_what_it_cannot_read(self, staff, data, status):
        assert staff("operator").post("/batches/preview", data=data).status_code == status

    def test_is_for_those_who_hold_the_action(self, dead, staff):
        assert staff("finance").post("/batches/preview", data=form(dead(1))).status_code == 404
        assert staff("auditor").post("/batches/preview", data=form(dead(1))).status_code == 403


class TestScope:
    def test_leaves_out_rows_that_the_list_would_not_show(self, dead, staff, work):
        (good,), (other,) = dead(1), dead(1, state="cancelled")
        browser = staff("operator")
        ticked = form([good, other], page="dead_letters")
        assert "共 1 行" in browser.post("/batches/preview", data=ticked).text
        browser.post("/batches/start", data=ticked | {"rows": "1"})
        assert set(results(newest())) == {good}


class TestStart:
    def test_works_through_the_filter_and_keeps_each_result(self, dead, staff, work, trail):
        ids, kept = dead(5), dead(1, subject="other")
        browser = staff("operator")
        answer = browser.post("/batches/start", data=form(is_filter=True, query="subject=test", rows="5"))
        batch = newest()
        assert answer.location == f"/batches/{batch.id}"
        assert (batch.rows, batch.reason, batch.made_by) == (5, "repaired", f"staff:{browser.person.id}")
        work()
        assert set(results(batch)) == set(ids)
        assert set(results(batch).values()) == {("done", "")}
        assert states(kept) == {"dead"}
        own = [
            row for row in trail("job", kind="update") if row.action == "job.rerun" and row.row_id != str(batch.job_id)
        ]
        assert sorted(int(row.row_id) for row in own) == sorted(ids)
        assert {(row.actor, row.reason) for row in own} == {(batch.made_by, "repaired")}

    def test_tells_the_refusal_of_a_row_and_goes_on(self, dead, staff, work):
        (good,), (done,) = dead(1), dead(1, state="done")
        staff("operator").post("/batches/start", data=form([good, done], rows="2"))
        work()
        told = results(newest())
        assert told[good] == ("done", "")
        assert told[done] == ("refused", "任务已成功完成，无需重跑")

    def test_is_refused_when_the_rows_are_not_those_of_the_preview(self, dead, staff):
        dead(3)
        browser = staff("operator")
        browser.post("/batches/start", data=form(is_filter=True, query="subject=test", rows="2"))
        assert "数据在预览之后有变化" in browser.get("/batches/").text
        browser.post("/batches/start", data=form(is_filter=True, query="subject=test", rows="4"))
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Batch)) == 0

    def test_is_refused_without_a_reason(self, dead, staff):
        browser = staff("operator")
        browser.post("/batches/start", data=form(dead(1), rows="1", reason_code=""))
        assert "请选择原因后再提交" in browser.get("/").text

    def test_ends_for_one_who_lost_the_right_meanwhile(self, dead, staff, work):
        ids = dead(2)
        browser = staff("operator")
        browser.post("/batches/start", data=form(ids, rows="2"))
        browser.person.roles = ["support"]
        db.session.commit()
        work()
        job = db.session.get_one(Job, newest().job_id)
        assert job.state == "dead"
        assert "没有执行该操作的权限" in job.error
        assert states(ids) == {"dead"}


class TestPages:
    def test_show_how_far_it_is_and_each_row(self, dead, staff, work):
        (good,), (done,) = dead(1), dead(1, state="done")
        browser = staff("operator")
        browser.post("/batches/start", data=form([good, done], rows="2"))
        batch = newest()
        assert "data-poll" in browser.get(f"/batches/{batch.id}").text
        work()
        assert "data-reload" in browser.get(f"/batches/{batch.id}/progress").text
        text = browser.get(f"/batches/{batch.id}").text
        assert "data-poll" not in text
        assert "2 / 2" in text
        rows = browser.get(f"/batch-rows/?batch={batch.id}&outcome=refused").text
        assert "任务已成功完成" in rows
        assert f"/jobs/{done}" in rows
        assert f"/jobs/{good}" not in rows

    def test_are_ones_own(self, dead, staff, work):
        staff("operator").post("/batches/start", data=form(dead(1), rows="1"))
        batch = newest()
        assert staff("operator").get(f"/batches/{batch.id}").status_code == 404
        assert "旧活" not in staff("operator").get(f"/batch-rows/?batch={batch.id}").text
        assert staff("auditor").get(f"/batches/{batch.id}").status_code == 200


class TestCancel:
    def test_leaves_what_was_not_tried(self, dead, staff, work):
        ids = dead(3)
        browser = staff("operator")
        browser.post("/batches/start", data=form(ids, rows="3"))
        batch = newest()
        assert staff("operator").post(f"/batches/{batch.id}/cancel").status_code == 404
        browser.post(f"/batches/{batch.id}/cancel")
        work()
        assert set(results(batch).values()) == {("cancelled", "")}
        assert states(ids) == {"dead"}
        assert re.search(r"3</b>", browser.get(f"/batches/{batch.id}").text)
        browser.post(f"/batches/{batch.id}/cancel")
        assert "已经结束，无需取消" in browser.get("/batches/").text
