"""The compliance desk in a real browser: its commonest tasks, and the clicks that each takes."""

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from console import formatting
from models import Complaint, Finding, db, transaction
from models.operations import complaint, finding
from models.rules.complaint import Category
from models.rules.finding import Hit
from models.rules.lint import Severity

pytestmark = pytest.mark.usefixtures("network")


def waiting(live) -> int:
    """A complaint that waits in the running installation."""
    with live.app.app_context(), transaction():
        return complaint.open_(
            member_id=None, category=Category.INCOME_CLAIM, subject="", by="member:X",
            words="有人在群里说交 998 元就有固定收入", at=formatting.now(),
        ).id  # fmt: skip


def found(live) -> int:
    """A finding that nobody has taken; of a rule that the timetable's look does not cover."""
    hit = Hit(rule="S01", severity=Severity.BLOCK, subject="seat:7", evidence="下面有 4 人", mend="移到第一个空位")
    with live.app.app_context(), transaction():
        finding.add(hits=[hit], at=formatting.now())
        return db.session.scalars(sa.select(Finding.id).where(Finding.subject == "seat:7")).one()


class TestComplaints:
    def test_are_answered_in_two_clicks_from_the_desk(self, visit, live):
        waiting(live)
        watched = visit("support")
        page = watched.go("/complaints/")
        with watched.clicks(2, "answer the complaint that waits longest"):
            page.click("a.button.primary")
            page.locator("form[action$='/answer'] textarea").fill("我们没有收取任何费用；已核实并关闭该橱窗。")
            page.click("form[action$='/answer'] button")
            expect(page.locator(".note.done")).to_be_visible()
        expect(page.locator("main")).to_contain_text("答复时还剩")
        with live.app.app_context():
            number = int(page.url.rpartition("/")[2])
            assert db.session.get_one(Complaint, number).state == "answered"


class TestFindings:
    def test_are_taken_in_three_clicks_from_the_list(self, visit, live):
        row_id = found(live)
        watched = visit("compliance")
        page = watched.go("/findings/?rule=S01&state=open")
        with watched.clicks(3, "take a finding"):
            page.click("a.open")
            page.click("summary:text-is('认领')")
            page.locator("form[action$='/acknowledge'] input[name=words]").fill("今天由两人移位")
            page.click("form[action$='/acknowledge'] button")
            expect(page.locator(".note.done")).to_be_visible()
        with live.app.app_context():
            assert db.session.get_one(Finding, row_id).state == "acknowledged"


class TestCopy:
    def test_is_scanned_in_one_click(self, visit, live):
        watched = visit("operator")
        page = watched.go("/copy/")
        with watched.clicks(1, "scan a text"):
            page.locator("textarea").fill("加入千星，躺 赚不是梦；签收七日内可无理由退货。")
            page.click("form.card button")
            expect(page.locator("mark.is-block")).to_have_text("躺 赚")
