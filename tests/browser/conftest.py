"""A real browser on a real installation: gunicorn, workers and the timetable as processes, Chromium in front."""

import dataclasses
import os
import shutil
import signal
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, expect, sync_playwright

from console import create_app
from console.config import Settings
from console.supervisor import Supervisor
from models import Staff, db, transaction
from tests import people
from tests.browser import CHROMIUM, WHY_NOT
from tests.conftest import superuser
from tests.live import start
from tests.operations import world

SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# A page takes milliseconds; a machine that runs eight other things takes its time.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)
WIDTHS = {"desktop": (1440, 900), "phone": (390, 844)}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder drives a browser, and says why when it cannot."""
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)
            if WHY_NOT:
                item.add_marker(pytest.mark.skip(reason=WHY_NOT))


@dataclasses.dataclass
class Live:
    """A running installation: its address, and the application to prepare rows with."""

    address: str
    app: Flask
    folder: Path
    supervisor: Supervisor

    @contextmanager
    def held(self, name: str) -> Iterator[None]:
        """One of the processes stands still for as long as the block lasts."""
        (child,) = [child for child in self.supervisor.children if child.name == name]
        assert child.process is not None
        os.kill(child.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(child.process.pid, signal.SIGCONT)


@pytest.fixture(scope="session")
def live(services, settings: Settings) -> Iterator[Live]:
    """Web, workers, timetable and a simulated WeChat on a database and a Redis database of their own."""
    name = f"live_{uuid.uuid4().hex[:8]}"
    with superuser(services) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE pristine OWNER qianxing_owner".encode())
    folder = Path(tempfile.mkdtemp(prefix="qx-live-"))
    own = dataclasses.replace(
        settings,
        database_url=sa.make_url(settings.database_url).set(database=name).render_as_string(False),
        redis_url=f"{settings.redis_url}?db=1",
        files=folder / "files",
    )
    supervisor = Supervisor()
    try:
        address = start(supervisor, own, folder, is_simulated=True)
        app = create_app(own)
        yield Live(address, app, folder, supervisor)
        with app.app_context():
            db.engine.dispose()
    finally:
        supervisor.stop()
        shutil.rmtree(folder, ignore_errors=True)
        with superuser(services) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())


@pytest.fixture(scope="session")
def network(live: Live) -> None:
    """The one network of the tests' world in the running installation: its matrix, its policy, its agreement."""
    with live.app.app_context(), transaction():
        world.network()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=SWITCHES)
        yield browser
        browser.close()


class Watched:
    """A page and everything it complained about: console errors, thrown errors, refused and failed requests."""

    def __init__(self, page: Page, live: Live) -> None:
        self.page = page
        self.live = live
        self.complaints: list[str] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(f"thrown on {page.url}: {error}"))
        page.on("requestfailed", lambda request: self._failed(request.url, request.failure or ""))
        page.on("response", lambda answer: self._answered(answer.url, answer.status))
        self._clicked = 0
        page.expose_binding("qxClicked", self._click)
        # A press of the pointer, before anything that the click itself may start.
        page.add_init_script("addEventListener('pointerdown', e => { if (e.isTrusted) qxClicked(); }, true)")

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{message.type} on {self.page.url}: {message.text}")

    def _failed(self, url: str, failure: str) -> None:
        # A page that is left cancels what it was loading.
        if "ERR_ABORTED" not in failure:
            self.complaints.append(f"failed: {url} {failure}")

    def _answered(self, url: str, status: int) -> None:
        if status >= 400:
            self.complaints.append(f"{status}: {url}")

    def _click(self, _source: object) -> None:
        self._clicked += 1

    @contextmanager
    def clicks(self, number: int, task: str = "") -> Iterator[Page]:
        """A task that takes exactly this many clicks: `with visit("finance").clicks(3, "pay a line") as page: ...`."""
        before = self._clicked
        yield self.page
        took = self._clicked - before
        told = os.environ.get("QIANXING_CLICKS")
        if told:
            with Path(told).open("a") as file:
                file.write(f"{took}\t{task}\n")
        assert took == number, f"{task or 'this task'} took {took} clicks"

    def go(self, path: str) -> Page:
        self.page.goto(f"{self.live.address}{path}", wait_until="networkidle")
        return self.page

    def overflow(self) -> list[str]:
        """What sticks out to the right of the window, when the page scrolls sideways."""
        return self.page.evaluate(
            """() => {
                const width = document.documentElement.clientWidth;
                if (document.documentElement.scrollWidth <= width) return [];
                return [...document.querySelectorAll('body *')]
                    .filter(one => one.getBoundingClientRect().right > width + 1)
                    .map(one => one.tagName + '.' + one.className).slice(0, 8);
            }"""
        )


@pytest.fixture(scope="session")
def _signed_in(live: Live, chromium: Browser) -> Callable[[str], dict]:
    """The browser state of each role, after one sign-in through the real form."""
    states: dict[str, dict] = {}

    def of(role: str) -> dict:
        if role not in states:
            states[role] = _sign_in(live, chromium, role)
        return states[role]

    return of


def _sign_in(live: Live, chromium: Browser, role: str) -> dict:
    with live.app.app_context(), transaction():
        staff_id = people.person(role, code=f"browser.{role}").id
    with _opened(chromium, "desktop") as context:
        page = context.new_page()
        page.goto(f"{live.address}/sign-in")
        # The code of the moment, made as late as may be: on a busy machine the form alone takes its time to come.
        with live.app.app_context():
            typed = people.proof_of(db.session.get_one(Staff, staff_id))
        for field, value in typed.items():
            page.locator(f"input[name={field}]").fill(value)
        page.locator("form button.primary").click()
        page.wait_for_url(lambda url: "/sign-in" not in url)
        return context.storage_state()


@contextmanager
def _opened(chromium: Browser, window: str, **how: object) -> Iterator[BrowserContext]:
    width, height = WIDTHS[window]
    context = chromium.new_context(
        viewport={"width": width, "height": height}, locale="zh-CN", timezone_id="Asia/Shanghai", **how
    )
    context.set_default_timeout(PATIENCE_MS)
    try:
        yield context
    finally:
        with suppress(Error):
            context.close()


@pytest.fixture
def visit(live: Live, chromium: Browser, _signed_in: Callable[[str], dict]) -> Iterator[Callable[..., Watched]]:
    """A page signed in as a role: `visit("operator", window="phone").go("/imports/")`. Complaints fail the test."""
    opened, watched = [], []

    def open_page(role: str, *, window: str = "desktop") -> Watched:
        context = _opened(chromium, window, storage_state=_signed_in(role), accept_downloads=True)
        opened.append(context)
        page = Watched(context.__enter__().new_page(), live)
        watched.append(page)
        return page

    yield open_page
    shots = os.environ.get("QIANXING_SHOTS")
    for number, page in enumerate(watched):
        if shots:
            page.page.screenshot(path=f"{shots}/{uuid.uuid4().hex[:6]}-{number}.png", full_page=True)
    for context in opened:
        context.__exit__(None, None, None)
    assert [complaint for page in watched for complaint in page.complaints] == []
