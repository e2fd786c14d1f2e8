"""Every page of the menu and the first row of every list, wide and narrow: whole, in its window, sound to axe-core."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from console.admin.base import SECTIONS
from console.web import SIZES
from models import db, transaction
from models.operations import approval
from tests import factories
from tests.browser.conftest import WIDTHS, Live, Watched
from tests.operations import world

GRAVE = ("serious", "critical")
NOW = sa.select(sa.func.clock_timestamp())
# WCAG 2.2 at the levels A and AA; on a phone, of the same page, what depends on the room there is.
RULES = {
    "desktop": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "phone": ["target-size", "scrollable-region-focusable", "link-in-text-block", "label", "button-name", "link-name"],
}
RUN = """rules => axe.run(document, {
    resultTypes: ['violations'], runOnly: rules, preload: false, selectors: false,
}).then(found => found.violations)"""


def axe() -> str:
    """The source of axe-core, as its wheel brings it."""
    found = importlib.util.find_spec("axe_playwright_python")
    assert found is not None
    assert found.origin is not None
    return (Path(found.origin).parent / "axe.min.js").read_text()


def walked(page: Watched, section: str) -> list[str]:
    """Addresses of a section's pages, as the menu names them."""
    views = page.live.app.extensions["admin"][0]._views
    return [(view.url or "").rstrip("/") for view in views if view.section == section and view.is_visible()]


def findings(page: Watched, path: str, source: str) -> Iterator[str]:
    """What is wrong with a page in each window: no heading, something that sticks out, a grave finding of axe-core."""
    page.page.goto(f"{page.live.address}{path}", wait_until="load")
    page.page.evaluate(source)
    if not page.page.locator("main h1").count():
        yield f"{path}: no heading"
    for window, (width, height) in WIDTHS.items():
        page.page.set_viewport_size({"width": width, "height": height})
        for one in page.overflow():
            yield f"{path} in a {window}: {one} sticks out"
        for violation in page.page.evaluate(RUN, RULES[window]):
            if violation["impact"] in GRAVE:
                for node in violation["nodes"]:
                    yield f"{path} in a {window}: {violation['id']}: {node['html'][:160]}"


@pytest.fixture(scope="module")
def rows(live: Live, network: None) -> None:
    """Something in the lists, so that their tables stand on the page."""
    with live.app.app_context(), transaction():
        world.member("axe-a")
        world.completed("axe-1", "axe-a")
        factories.history_line()
        payload: dict[str, Any] = {"template": "compensate", "amount_fen": 500, "member": "axe-a"}
        approval.ask(
            kind="ledger.adjust", payload=payload, reason="物流赔付", at=db.session.scalar(NOW), by="staff:999999"
        )


@pytest.mark.parametrize("section", list(SECTIONS))
class TestWalk:
    def test_finds_every_page_whole_wide_and_narrow(self, visit, rows, section):
        page, source, seen, found = visit("admin"), axe(), [], []
        for address in walked(page, section):
            found += findings(page, f"{address}/?size={SIZES[0]}", source)
            row = page.page.locator("table[data-rows] tbody tr[data-href]").first
            there = row.get_attribute("data-href") if row.count() else None
            if there:
                found += findings(page, there, source)
            seen += [address, *([there] if there else [])]
        sys.stdout.write(f"walk: {section}, {len(seen)} pages, {len(found)} findings\n")
        assert found == []
