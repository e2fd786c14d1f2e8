"""The queues of reviewers in a real browser, by keyboard alone; and what a lease that ends leaves behind."""

import sys
import time
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from models import Case, CaseDraft, Staff, db, transaction
from tests.operations import docket

pytestmark = pytest.mark.usefixtures("network")


def prepared(live, subject: str, **facts) -> int:
    """The id of a case opened in the running installation, just now."""
    with live.app.app_context(), transaction():
        return docket.opened(subject, at=datetime.now(UTC), **facts).id


def state(live, case_id: int) -> tuple[str, str]:
    with live.app.app_context():
        row = db.session.execute(sa.select(Case.state, Case.reason).where(Case.id == case_id)).one()
        return row.state, row.reason


class TestKeys:
    def test_decide_a_queue_without_a_mouse(self, visit, live):
        """t takes, a and r open the reasons, a digit decides; the next case comes by itself."""
        ids = [prepared(live, f"ring:90{n}", queue="compliance", stake_fen=(9 - n) * 10_000) for n in range(4)]
        page = visit("reviewer").go("/cases/?queue=compliance")
        began = time.monotonic()
        page.keyboard.press("t")
        page.wait_for_url(f"**/cases/{ids[0]}")
        for n, (key, digit) in enumerate((("a", "1"), ("r", "1"), ("a", "2"))):
            page.keyboard.press(key)
            expect(page.locator("details.verdict[open]")).to_be_visible()
            page.keyboard.press(digit)
            page.wait_for_url(f"**/cases/{ids[n + 1]}")
        sys.stdout.write(f"{(time.monotonic() - began) / 3:.1f} seconds a case by keyboard, load included\n")
        assert [state(live, one) for one in ids[:3]] == [
            ("cleared", "household"), ("confirmed", "fake_trade"), ("cleared", "real_buyer"),
        ]  # fmt: skip
        page.keyboard.press("b")
        expect(page.locator(".note.done")).to_contain_text("草稿已保留")

    def test_pass_a_case_on(self, visit, live):
        first = prepared(live, "ring:911", queue="appeal", stake_fen=90_000)
        second = prepared(live, "ring:912", queue="appeal", stake_fen=10_000)
        page = visit("reviewer").go("/cases/?queue=appeal")
        page.keyboard.press("t")
        page.wait_for_url(f"**/cases/{first}")
        page.keyboard.press("z")
        page.keyboard.press("Tab")
        page.keyboard.type("等物流回执")
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/cases/{second}")
        page.keyboard.press("e")
        page.keyboard.type("涉及多个商家")
        page.keyboard.press("Enter")
        expect(page.locator(".note.done")).to_be_visible()
        with live.app.app_context():
            assert db.session.get_one(Case, first).snoozed_until is not None
            assert db.session.get_one(Case, second).boosts == ["escalated"]


class TestLease:
    def test_that_ends_keeps_the_draft(self, visit, live):
        case_id = prepared(live, "ring:921", queue="admission")
        page = visit("reviewer").go(f"/cases/{case_id}")
        page.keyboard.press("c")
        expect(page.locator("#lease")).to_contain_text("领取剩余")
        page.locator("#draft").fill("已电话核实收货人")
        expect(page.locator("#draft-state")).to_have_text("✓")
        with live.app.app_context(), transaction():
            db.session.get_one(Case, case_id).lease_until = datetime(2026, 1, 1, tzinfo=UTC)
        page.reload()
        expect(page.locator("#lease")).to_have_count(0)
        page.locator("h1").click()
        page.keyboard.press("c")
        expect(page.locator("#draft")).to_have_value("已电话核实收货人")
        with live.app.app_context():
            assert (
                db.session.scalar(sa.select(CaseDraft.note).where(CaseDraft.case_id == case_id)) == "已电话核实收货人"
            )


class TestPhone:
    @pytest.mark.parametrize("path", ["/cases/", "/strikes/", "/appeals/", "/held/", "/reviewers/", "/review-queues/"])
    def test_shows_every_page_without_scrolling_sideways(self, visit, live, path):
        prepared(live, "ring:931")
        phone = visit("compliance", window="phone") if path == "/review-queues/" else visit("reviewer", window="phone")
        phone.go(path)
        assert phone.overflow() == []

    def test_decides_a_case(self, visit, live):
        case_id = prepared(live, "ring:932", queue="payout")
        with live.app.app_context(), transaction():
            me = db.session.scalars(sa.select(Staff).where(Staff.code == "browser.reviewer")).one()
            docket.taken(db.session.get_one(Case, case_id), me, datetime.now(UTC))
        phone = visit("reviewer", window="phone")
        page = phone.go(f"/cases/{case_id}")
        assert phone.overflow() == []
        page.click("summary:has-text('放行')")
        page.click("details.verdict[open] [data-digit='1']")
        page.wait_for_url("**/cases/**")
        assert state(live, case_id) == ("cleared", "household")


class TestMany:
    def test_are_let_go_with_one_reason_and_each_says_what_became_of_it(self, visit, live):
        small, large = (
            prepared(live, f"ring:97{n}", queue="compliance", stake_fen=fen, score=1)
            for n, fen in enumerate((20_000, 2_000_000))
        )
        page = visit("compliance").go("/cases/?queue=compliance&state=open&sort=urgency")
        for case_id in (small, large):
            page.locator(f'input[name="ids"][value="{case_id}"]').check()
        page.get_by_role("button", name="认定诚信并放行").click()
        expect(page.locator("main")).to_contain_text("共 2 行")
        page.locator('select[name="reason_code"]').select_option("household")
        page.get_by_role("button", name="开始").click()
        expect(page.locator("p.lamps")).to_contain_text("未能执行", timeout=60_000)
        page.get_by_role("link", name="逐行结果").click()
        expect(page.locator("main")).to_contain_text("双人审核线")
        assert state(live, small) == ("cleared", "household")
        assert state(live, large)[0] == "open"
