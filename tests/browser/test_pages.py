"""The frame of every page in a real browser: its menu, its language, the door before it."""

import pytest

from console.admin.base import SECTIONS
from tests.browser.conftest import Live, Watched
from tests.browser.test_walk import walked


class TestMenu:
    def test_leads_to_every_page_that_is_walked_through(self, visit):
        """Each of them is opened wide and narrow in `test_walk.py`."""
        page = visit("admin")
        page.go("/")
        links = page.page.eval_on_selector_all("nav a[href]", "links => links.map(link => link.getAttribute('href'))")
        assert {link.rstrip("/") for link in links} == {address for each in SECTIONS for address in walked(page, each)}

    def test_speaks_english_when_asked(self, visit):
        page = visit("admin").go("/?lang=en")
        assert page.locator("html").get_attribute("lang") == "en"
        page.goto(page.url.split("?")[0] + "?lang=zh_Hans_CN")
        assert page.locator("html").get_attribute("lang") == "zh-CN"

    @pytest.mark.parametrize("window", ["desktop", "phone"])
    def test_the_sign_in_page_fits_and_refuses_a_wrong_word(self, live: Live, chromium, window):
        width = {"desktop": 1440, "phone": 390}[window]
        page = chromium.new_page(viewport={"width": width, "height": 844}, locale="zh-CN")
        watched = Watched(page, live)
        watched.go("/sign-in")
        assert watched.overflow() == []
        for field, value in {"login": "nobody", "password": "not the password", "code": "000000"}.items():
            page.locator(f"input[name={field}]").fill(value)
        page.locator("form button.primary").click()
        page.locator("[role=alert]").wait_for()
        # The browser itself reports the refusal's status; nothing else may be wrong.
        assert [complaint for complaint in watched.complaints if "401" not in complaint] == []
        page.close()
