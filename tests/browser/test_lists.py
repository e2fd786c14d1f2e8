"""Lists in a real browser: by keyboard, by pointer, on a phone, and taken home as a file."""

import csv
import re
from pathlib import Path

from playwright.sync_api import expect


class TestKeyboard:
    def test_walks_the_rows_and_opens_one(self, visit):
        page = visit("admin").go("/audit/")
        page.keyboard.press("j")
        page.keyboard.press("j")
        page.keyboard.press("k")
        expect(page.locator("tbody tr").first).to_be_focused()
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/audit/\d+$"))

    def test_reaches_the_search_and_leaves_it_again(self, visit):
        page = visit("admin").go("/exports/")
        page.keyboard.press("/")
        expect(page.locator("[data-slash]")).to_be_focused()
        page.keyboard.type("j?")
        expect(page.locator("#keys")).to_be_hidden()
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        expect(page.locator("#keys")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#keys")).to_be_hidden()


class TestPointer:
    def test_chooses_columns_that_stay_in_the_address(self, visit):
        page = visit("admin").go("/audit/")
        before = page.locator("thead th").count()
        page.locator("summary", has_text="列").click()
        page.locator(".sheet input[type=checkbox]:checked").last.uncheck()
        page.locator("form[data-join=cols] button").click()
        page.wait_for_url("**cols=**")
        assert page.locator("thead th").count() == before - 1

    def test_saves_a_view_and_asks_before_deleting_it(self, visit):
        page = visit("admin").go("/audit/?kind=insert")
        page.locator("summary", has_text="视图").click()
        page.locator("input[name=name]").fill("只看新增")
        page.locator("form[action*=save] button").click()
        page.goto(page.url.split("/audit")[0] + "/saved-views/")
        row = page.locator("tr", has_text="只看新增")
        row.locator("button", has_text="删除").click()
        page.locator("dialog.ask button", has_text="取消").click()
        expect(row).to_be_visible()
        row.locator("button", has_text="删除").click()
        page.locator("dialog.ask button.primary").click()
        expect(page.locator(".note.done")).to_be_visible()
        expect(row).to_have_count(0)

    def test_opens_and_closes_the_drawer_of_a_phone(self, visit):
        page = visit("admin", window="phone").go("/audit/")
        expect(page.locator("#side")).to_be_hidden()
        page.locator(".top [data-drawer]").click()
        expect(page.locator("#side a.here")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#side")).to_be_hidden()


class TestExport:
    def test_is_written_by_the_worker_and_taken_home(self, visit, tmp_path: Path):
        page = visit("admin").go("/audit/")
        page.locator("[data-open=export]").click()
        page.locator("#export button.primary").click()
        page.wait_for_url("**/exports/")
        link = page.locator("tbody tr").first.locator("a", has_text="下载")
        link.wait_for(timeout=60_000)
        with page.expect_download() as download:
            link.click()
        target = tmp_path / "audit.csv"
        download.value.save_as(target)
        with target.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(file))
        assert len(rows) > 1
        assert len({len(row) for row in rows}) == 1
