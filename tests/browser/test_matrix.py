"""The desk of merchants, matrices and the tree: its three commonest tasks, and the clicks they take."""

import re
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from models import Matrix, Member, Merchant, db, transaction
from models.operations import admission, agreement
from models.rules.placement import Template
from tests import factories
from tests.browser.conftest import Live
from tests.operations import world


@pytest.fixture(scope="module")
def network(live: Live) -> str:
    """A triple matrix with somebody under its position 2; the merchant's name."""
    at = datetime.now(UTC)
    with live.app.app_context(), transaction():
        agreement.publish(version="1", text=world.TEXT, effective_at=world.AT)
        merchant = factories.merchant(code="tasks", name="任务商家")
        admission.make_matrix(code="T", merchant=merchant, template=Template.TRIPLE, at=at, by="t")
        world.member("tess", "T-4", at)
    return "任务商家"


class TestTasks:
    def test_a_matrix_is_designed_in_three_clicks(self, visit, live, network):
        with visit("operator").clicks(3, "design a matrix") as page:
            page.goto(f"{live.address}/matrices/")
            page.click("a[href='/matrices/new']")
            page.locator("select[name=merchant]").select_option(label=f"{network}（tasks）")
            page.locator("input[name=code]").fill("NEW")
            page.click("input[value=linear]")
            expect(page.locator(".for-triple")).to_be_hidden()
            expect(page.locator(".for-linear .matrix-drawing")).to_be_visible()
            page.click("button:has-text('建立此矩阵')")
            expect(page.locator("h1")).to_have_text("NEW")
        with live.app.app_context():
            made = db.session.scalars(sa.select(Matrix).where(Matrix.code == "NEW")).one()
            owner = db.session.get_one(Merchant, made.merchant_id)
            assert (made.template, owner.name) == ("linear", network)

    def test_a_member_is_found_in_the_tree_and_walked_around_by_one_click(self, visit, live, network):
        with visit("support").clicks(1, "find a member in the tree") as page:
            page.goto(f"{live.address}/tree/")
            page.locator("main input[name=code]").fill("tess")
            page.click("main button:has-text('前往')")
            page.wait_for_url(re.compile(r"/tree/\d+"))  # loaded whole: a key before its script is nobody's
            expect(page.locator("a.seat.here .seat-code")).to_have_text("tess")
            page.keyboard.press("Home")
            page.keyboard.press("ArrowUp")
            expect(page.locator("a.seat:focus .seat-code")).to_have_text("T-4")
            page.keyboard.press("ArrowUp")
            page.keyboard.press("Enter")
            expect(page.locator("a.seat.here .seat-code")).to_have_text("T-1")
            expect(page.locator(".level-counts")).to_be_visible()

    def test_a_showcase_is_closed_in_three_clicks(self, visit, live, network):
        with visit("compliance").clicks(3, "close a showcase") as page:
            page.goto(f"{live.address}/showcases/?q=tess")
            page.click("a.open:has-text('tess')")
            page.click("summary:has-text('关闭橱窗')")
            page.locator("select[name=reason_code]").select_option("rules")
            page.click("form button:has-text('关闭橱窗')")
            expect(page.locator(".note.done")).to_contain_text("橱窗已关闭")
        with live.app.app_context():
            assert db.session.scalar(sa.select(Member.showcase).where(Member.code == "tess")) == "closed"


@pytest.mark.parametrize("window", ["desktop", "phone"])
class TestPages:
    def test_fit_the_window(self, visit, network, window):
        page = visit("operator", window=window)
        for path in ("/merchants/", "/matrices/", "/matrices/new", "/showcases/", "/tree/", "/vacancies/", "/moves/",
                     "/flow/", "/tree-checks/", "/tree/?code=T-1"):  # fmt: skip
            page.go(path)
            assert page.overflow() == [], path
