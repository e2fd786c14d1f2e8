"""Boards in a real browser: drawn, leading to their rows, taken home as a picture, readable without a pointer."""

from datetime import UTC, date, datetime

import pytest
from playwright.sync_api import Page, expect

from models import transaction
from models.operations import order
from models.rules.order import Scene
from tests import factories
from tests.browser.conftest import Live
from tests.operations import world

DRAWN = "[...document.querySelectorAll('[data-chart]')].every(box => box.dataset.drawn)"
BOARDS = ("business", "repurchase", "region", "category")


@pytest.fixture(scope="module", autouse=True)
def rows(live: Live, network: None) -> None:
    """Two months of a shop, long ago; a week of own orders."""
    with live.app.app_context(), transaction():
        for n in range(24):
            at = datetime(2019, 3, 1 + n % 7, 4, tzinfo=UTC)
            facts = {"region": ("320505", "440305")[n % 2], "buyer": f"B{n % 9}", "scene": tuple(Scene)[n % 4]}
            order.place(purchase=world.purchase(f"board{n}", **facts), at=at)
        run = factories.import_run()
        for number in range(40):
            day = date(2019, 3 + number % 2, 1 + number % 27)
            factories.history_line(
                run=run, paid_on=day, buyer=f"S{number % 12}", category=("面膜", "口红")[number % 3 % 2]
            )


def _drawn(page: Page) -> Page:
    page.wait_for_function(DRAWN)
    return page


@pytest.mark.parametrize("window", ["desktop", "phone"])
@pytest.mark.parametrize("board", BOARDS)
def test_every_board_is_drawn_and_fits(visit, board, window):
    watched = visit("operator", window=window)
    page = _drawn(watched.go(f"/board-{board}/?period=span&source=import"))
    assert page.locator("[data-chart] .main-svg").count() >= 4
    assert watched.overflow() == []


@pytest.mark.parametrize("window", ["desktop", "phone"])
@pytest.mark.parametrize("board", ["business", "promoters"])
def test_every_board_over_own_orders_is_drawn_and_fits(visit, board, window):
    watched = visit("operator", window=window)
    page = _drawn(watched.go(f"/board-{board}/?period=span&source=own"))
    assert page.locator("[data-chart] .main-svg").count() >= 3
    assert watched.overflow() == []


class TestPoint:
    def test_leads_to_its_rows(self, visit):
        page = _drawn(visit("operator").go("/board-business/?period=span&source=import"))
        page.locator("#category .plot .barlayer .point path").first.click(force=True)
        page.wait_for_url("**/history/**")
        assert page.locator("tbody tr").count() > 0

    def test_is_also_a_link_of_the_table(self, visit):
        page = visit("operator").go("/board-business/?period=span&source=import")
        page.locator("#category .chart-table summary").press("Enter")
        page.locator("#category tbody th a").first.press("Enter")
        page.wait_for_url("**/history/**category=**")
        assert page.locator("tbody tr").count() > 0


class TestPicture:
    def test_is_taken_home(self, visit):
        page = _drawn(visit("operator").go("/board-business/?period=span&source=import"))
        with page.expect_download() as taken:
            page.locator("#trend [data-png]").click()
        assert taken.value.path().read_bytes().startswith(b"\x89PNG")


class TestFilter:
    def test_narrows_at_once_and_stays_in_the_address(self, visit):
        page = _drawn(visit("operator").go("/board-business/?period=span&source=import"))
        page.locator(".narrow > summary").click()
        page.locator("select[name=category]").select_option("口红")
        page.wait_for_url("**category=**")
        expect(page.locator("#category .chart-table summary .muted")).to_have_text("1")
