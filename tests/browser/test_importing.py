"""A dirty order file through a real browser: dropped, corrected, tried, imported, looked at, undone."""

import os
from pathlib import Path

import pytest

from models import transaction
from tests import factories

HEADER = "订单编号,总金额,买家实际支付金额,收货地址,订单创建时间,订单付款时间,退款金额,小类\n"
DIRT = (
    "901,=1+1,5,上海,2020-02-01 10:00:00,,0,面膜\n"
    "902,86元,86元,哈密地区,2020#2#3,2020-02-03 08:00:00,0,面膜\n"
    "903,5,5,上海,2050-06-09 10:00:00,,0,面膜\n"
    "3,12.5,12.5,上海,2020-02-01 10:00:00,2020-02-01 10:01:00,0,面膜\n"
)


@pytest.fixture
def dirty(tmp_path) -> Path:
    rows = (f"{n},12.5,12.5,上海,2020-02-01 10:00:00,2020-02-01 10:01:00,0,面膜\n" for n in range(1, 301))
    path = tmp_path / f"店铺订单-{os.urandom(3).hex()}.csv"
    path.write_text(HEADER + "".join(rows) + DIRT + f"9{os.urandom(3).hex()},1,0,上海,2020-02-01 10:00:00,,0,面膜\n")
    return path


class TestImport:
    @pytest.mark.parametrize("window", ["desktop", "phone"])
    def test_goes_the_whole_way(self, visit, live, dirty, window):
        with live.app.app_context(), transaction():
            shop = factories.shop(name=f"浏览器店 {window}")
            shop_id = shop.id
        watched = visit("operator", window=window)
        page = watched.go(f"/imports/new?shop={shop_id}")
        self.look(watched, window, "1-new")
        page.locator("input[type=file]").set_input_files(dirty)
        assert dirty.name in page.locator("[data-file]").inner_text()
        page.locator("[data-send]").click()
        page.wait_for_url("**/layout")
        self.look(watched, window, "2-layout")
        page.locator("button[value=try]").click()
        page.locator(".tiles").wait_for()
        assert "导入 302 行" in page.locator("main").inner_text()
        self.look(watched, window, "3-report")
        page.locator("table.rows a.open").first.click()
        page.wait_for_url("**/findings?**")
        self.look(watched, window, "4-findings")
        page.locator("table.rows a.open").first.click()
        page.wait_for_url("**/row/**")
        self.look(watched, window, "5-row")
        page.locator(".crumbs a").nth(1).click()
        page.get_by_role("button", name="导入 302 行").click()
        page.get_by_role("link", name="撤销").wait_for()
        self.look(watched, window, "6-done")
        page.locator(".tile", has_text="订单").locator(".tile-value a").first.click()
        page.wait_for_url("**/history/?import=**")
        self.look(watched, window, "7-history")
        page.locator("table.rows a.open").first.click()
        page.wait_for_url("**/history/*")
        self.look(watched, window, "8-line")
        page.get_by_role("link", name="导入 #").click()
        page.get_by_role("link", name="撤销").click()
        page.locator("select[name=reason]").select_option("wrong_file")
        self.look(watched, window, "9-undo")
        page.locator("form[data-confirm] button").click()
        page.locator("dialog button.primary").click()
        page.get_by_text("其订单行不再计入任何统计").wait_for()

    def look(self, watched, window: str, name: str) -> None:
        assert watched.overflow() == [], name
        if shots := os.environ.get("QIANXING_SHOTS"):
            watched.page.screenshot(path=f"{shots}/import-{name}-{window}.png", full_page=True)
