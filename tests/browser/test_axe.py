"""axe-core over every page of the menu and the first row of every list, wide and narrow: no serious finding."""

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from console.admin.base import SECTIONS
from models import db, transaction
from models.operations import approval
from tests import factories
from tests.browser.conftest import Live, Watched
from tests.operations import world

GRAVE = ("serious", "critical")
NOW = sa.select(sa.func.clock_timestamp())
# WCAG 2.2 at the levels A and AA.
RUN = """() => axe.run(document, {
    resultTypes: ['violations'],
    runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'],
}).then(found => found.violations)"""


def axe() -> str:
    """The source of axe-core, as its wheel brings it."""
    found = importlib.util.find_spec("axe_playwright_python")
    assert found is not None
    assert found.origin is not None
    return (Path(found.origin).parent / "axe.min.js").read_text()


def findings(page: Watched, path: str, source: str) -> Iterator[str]:
    """Every grave finding of a page, with the element it is about."""
    page.page.goto(f"{page.live.address}{path}", wait_until="load")
    page.page.evaluate(source)
    for violation in page.page.evaluate(RUN):
        if violation["impact"] in GRAVE:
            for node in violation["nodes"]:
                yield f"{page.page.url}: {violation['id']}: {node['html'][:160]}"


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
@pytest.mark.parametrize("window", ["desktop", "phone"])
class TestAxe:
    def test_finds_nothing_grave_on_any_page(self, visit, rows, window, section):
        page, source, seen, found = visit("admin", window=window), axe(), [], []
        views = page.live.app.extensions["admin"][0]._views
        addresses = [(view.url or "").rstrip("/") for view in views if view.section == section and view.is_visible()]
        for address in addresses:
            found += findings(page, f"{address}/", source)
            row = page.page.locator("table[data-rows] tbody tr[data-href]").first
            there = row.get_attribute("data-href") if row.count() else None
            if there:
                found += findings(page, there, source)
            seen += [address, *([there] if there else [])]
        sys.stdout.write(f"axe-core: {section}, {len(seen)} pages in a {window}, {len(found)} grave findings\n")
        assert found == []
