"""Every page of the menu in a real browser, wide and narrow: it comes, it fits, it complains about nothing."""

import pytest

from tests.browser.conftest import Live, Watched


def _addresses(page: Watched) -> list[str]:
    page.go("/")
    return page.page.eval_on_selector_all("nav a[href]", "links => links.map(link => link.getAttribute('href'))")


class TestMenu:
    @pytest.mark.parametrize("window", ["desktop", "phone"])
    def test_every_page_comes_and_fits(self, visit, window):
        page = visit("admin", window=window)
        addresses = _addresses(page)
        assert len(addresses) >= 12
        for address in addresses:
            page.go(address)
            assert page.page.locator("main h1").count() >= 1, address
            assert page.overflow() == [], f"{address} scrolls sideways in a {window}"

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
