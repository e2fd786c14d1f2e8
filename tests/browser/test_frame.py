"""What every desk shares, in a real browser: approvals, batches, keys; each task with its clicks counted."""

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from models import Approval, Batch, BatchRow, Job, db, transaction
from models.operations import approval
from tests.browser.conftest import Live
from tests.operations import world


@pytest.fixture(scope="module")
def member(live: Live, network: None) -> None:
    """A member to whom money can be given."""
    with live.app.app_context(), transaction():
        world.member("frame-a")


@pytest.fixture
def ask(live: Live, member: None):
    """Asks for a correction in the name of somebody who is not in the browser; its id."""

    def asked(amount_fen: int) -> int:
        with live.app.app_context(), transaction():
            payload = {"template": "compensate", "amount_fen": amount_fen, "member": "frame-a"}
            by, at = "staff:999999", datetime.now(UTC)
            return approval.ask(kind="ledger.adjust", payload=payload, reason="物流赔付", at=at, by=by).id

    return asked


def state(live: Live, request_id: int) -> str:
    with live.app.app_context():
        return db.session.scalars(sa.select(Approval.state).where(Approval.id == request_id)).one()


def dead_jobs(live: Live, subject: str, number: int) -> None:
    with live.app.app_context(), transaction():
        for each in range(number):
            db.session.add(
                Job(
                    kind="relay_check",
                    payload={},
                    subject=subject,
                    title=f"死信 {each}",
                    state="dead",
                    attempts=8,
                    finished_at=sa.func.clock_timestamp(),
                    queue="money",
                )  # fmt: skip
            )


@pytest.mark.parametrize("window", ["desktop", "phone"])
class TestApproval:
    def test_is_given_from_the_workbench_in_four_clicks(self, visit, ask, live, window):
        request_id = ask(700 + len(window))
        watched = visit("finance", window=window)
        watched.go("/")
        with watched.clicks(4, f"approve a request ({window})") as page:
            page.locator("#home-queues + .line a").first.click()
            page.locator(f"tr[data-href$='/{request_id}'] a.open").click()
            expect(page.locator("main")).to_contain_text("从毛利补偿会员")
            assert watched.overflow() == []
            page.locator("[data-key=a]").click()
            page.locator("dialog.ask button.primary").click()
            expect(page.locator(".note.done")).to_be_visible()
        assert state(live, request_id) == "approved"

    def test_is_refused_with_a_reason(self, visit, ask, live, window):
        request_id = ask(800 + len(window))
        watched = visit("finance", window=window)
        watched.go(f"/approvals/{request_id}")
        with watched.clicks(2, f"refuse a request ({window})") as page:
            page.locator("[data-key=r]").click()
            page.locator("select[name=reason_code]").select_option("wrong_amount")
            page.locator("details[open] .button.primary").click()
            expect(page.locator(".note.done")).to_be_visible()
        assert state(live, request_id) == "refused"


class TestKeys:
    def test_carry_a_request_from_the_list_to_its_decision(self, visit, ask, live):
        request_id = ask(901)
        page = visit("finance").go("/approvals/?state=open")
        page.keyboard.press("j")
        expect(page.locator("tbody tr").first).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/approvals/{request_id}")
        page.keyboard.press("a")
        expect(page.locator("dialog.ask button.primary")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator(".note.done")).to_be_visible()
        assert state(live, request_id) == "approved"

    def test_open_the_reasons_of_a_refusal(self, visit, ask):
        page = visit("finance").go(f"/approvals/{ask(902)}")
        page.keyboard.press("r")
        expect(page.locator("select[name=reason_code]")).to_be_focused()
        page.keyboard.press("Escape")
        expect(page.locator("select[name=reason_code]")).to_be_hidden()

    def test_are_told_on_every_page(self, visit, ask):
        for path in ("/approvals/", f"/approvals/{ask(903)}", "/"):
            page = visit("finance").go(path)
            page.keyboard.press("?")
            expect(page.locator("#keys")).to_be_visible()
            for key in ("/", "j", "k", "Enter", "x", "a", "r", "e", "?"):
                expect(page.locator("#keys kbd", has_text=key).first).to_be_visible()

    def test_tick_rows(self, visit, live):
        dead_jobs(live, "keys", 2)
        page = visit("operator").go("/jobs/?subject=keys")
        for key in ("j", "x", "j", "x"):
            page.keyboard.press(key)
        expect(page.locator("[data-ticked]")).to_have_text("2")


class TestBatch:
    def test_runs_over_ticked_rows(self, visit, live):
        dead_jobs(live, "ticked", 3)
        watched = visit("operator")
        page = watched.go("/jobs/?subject=ticked")
        expect(page.locator("[data-needs-ticks]")).to_be_disabled()
        with watched.clicks(4, "run two dead letters again"):
            page.locator("input[data-tick]").nth(0).click()
            page.locator("input[data-tick]").nth(1).click()
            page.locator("[data-needs-ticks]").click()
            expect(page.locator("main")).to_contain_text("共 2 行")
            page.locator("select[name=reason_code]").select_option("repaired")
            page.locator("button.primary", has_text="开始").click()
            expect(page.locator(".lamps")).to_contain_text("已完成 2")
        # The jobs themselves are taken up at once, and die again: what tells is the result of each row.
        with live.app.app_context():
            found = sa.select(Job.id).where(Job.subject == "ticked").order_by(Job.id.desc())
            results = sa.select(BatchRow.row_id, BatchRow.outcome).order_by(BatchRow.id)
            mine = results.join(Batch, Batch.id == BatchRow.batch_id).where(Batch.query == "subject=ticked")
            assert db.session.execute(mine).all() == [(id_, "done") for id_ in db.session.scalars(found).all()[:2]]

    def test_runs_over_all_rows_of_the_filter_and_tells_each(self, visit, live):
        dead_jobs(live, "whole", 30)
        watched = visit("operator")
        page = watched.go("/jobs/?subject=whole&size=20")
        with watched.clicks(3, "run every dead letter of a filter again"):
            page.locator("input[data-tick-filter]").click()
            page.locator("[data-needs-ticks]").click()
            expect(page.locator("main")).to_contain_text("共 30 行")
            page.locator("select[name=reason_code]").select_option("outage")
            page.locator("button.primary", has_text="开始").click()
        expect(page.locator(".lamps")).to_contain_text("已完成 30")
        page.locator("a.button", has_text="逐行结果").click()
        expect(page.locator(".pager")).to_contain_text("30 条")
        assert watched.overflow() == []
