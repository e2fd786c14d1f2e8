"""A merchant's dirty file, from the upload to the boards and out again, as an operator lives it."""

import csv
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from models import transaction
from tests import factories
from tests.browser.conftest import Live

HEADER = [
    "订单编号",
    "买家昵称",
    "订单创建时间",
    "订单付款时间",
    "省份",
    "城市",
    "商品编码",
    "商品名称",
    "小类",
    "数量",
    "单价",
    "总金额",
    "实付金额",
    "退款金额",
]
PLACES = (("广东省", "广州市"), ("浙江省", "杭州市"), ("四川省", "成都市"), ("上海", "上海"))
CATEGORIES = ("面膜", "口红", "防晒霜", "洁面乳")
GOOD_ROWS = 4000
PAID, REFUNDED = "¥99,987.50", "¥2,000.00"


def _row(number: int) -> list[str]:
    """A clean order: 500 buyers who come back, 1 to 3 pieces at 12.50 yuan, every fiftieth refunded."""
    created = datetime(2025, 3, 1, 10, tzinfo=UTC) + timedelta(days=number % 60, minutes=number % 50)
    paid = created + timedelta(minutes=5)
    place, pieces = PLACES[number % 4], 1 + number % 3
    total, buyer = f"{pieces * 12.5:.2f}", f"客人{number % 500:04d}"
    return [
        f"ST{number:06d}", buyer, f"{created:%Y-%m-%d %H:%M:%S}", f"{paid:%Y-%m-%d %H:%M:%S}", *place,
        f"P-{number % 4}", f"商品{number % 4}", CATEGORIES[number % 4], str(pieces), "12.50", total, total,
        total if number % 50 == 0 else "0.00",
    ]  # fmt: skip


def _write(path: Path) -> Path:
    """The clean orders with four certain repairs among them and three rows that must stay out."""
    rows = [_row(number) for number in range(GOOD_ROWS)]
    rows[10][9] = "2个"
    rows[11][10] = "12.50元"
    rows[12][2] = rows[12][2][:10].replace("-", "#")
    rows[13][4] = "浙 江省"
    without_price, ahead, twice = _row(GOOD_ROWS), _row(GOOD_ROWS + 1), _row(20)
    without_price[10] = without_price[11] = ""
    ahead[2] = ahead[3] = "2050-03-01 10:00:00"
    with path.open("w", newline="", encoding="gb18030") as file:
        csv.writer(file).writerows([HEADER, *rows, without_price, ahead, twice])
    return path


@pytest.fixture
def shop(live: Live) -> str:
    """The name of a shop that waits for its first file."""
    with live.app.app_context(), transaction():
        return factories.shop(name="故事旗舰店", platform="tmall").name


def _tile(page: Page, value: str):
    return page.locator(".tile-value", has_text=value).first


def _confirm(page: Page) -> None:
    page.locator("dialog[open] button.primary, dialog[open] button.danger").first.click()


class TestStory:
    def test_a_dirty_file_becomes_boards_and_leaves_again(self, visit, live: Live, shop: str, tmp_path):
        operator = visit("operator")
        page = operator.go("/imports/new")
        chosen = page.locator("select[name=shop] option", has_text=shop).get_attribute("value")
        page.locator("select[name=shop]").select_option(chosen)
        page.locator("input[type=file]").set_input_files(_write(tmp_path / "故事订单.csv"))
        page.locator("[data-send]").click()

        page.wait_for_url("**/layout")
        assert page.locator("select[name=col_order_number]").input_value() == "订单编号"
        assert page.locator("select[name=col_refund]").input_value() == "退款金额"
        with live.held("worker"):
            page.locator("button[name=then][value=try]").click()
            page.locator("[data-poll]").wait_for()
        page.locator("form[action$='/publish'] button").wait_for()
        expect(page.locator(".tiles")).to_contain_text("4,003")
        expect(_tile(page, "4,000")).to_be_visible()
        expect(_tile(page, PAID)).to_be_visible()
        expect(_tile(page, REFUNDED)).to_be_visible()
        report = page.url

        page.locator(".tile-value a[href*='kind=refused']").click()
        expect(page.locator("tbody tr").first).to_be_visible()
        assert set(page.locator("tbody tr td:first-child").all_inner_texts()) == {"4002", "4003", "4004"}
        page.goto(report)
        page.locator("form[action$='/publish'] button").click()
        page.locator("a.button.danger[href$='/undo']").wait_for()

        self._boards_show_it(page, live, operator)

        page.goto(report)
        page.locator("a.button.danger[href$='/undo']").click()
        page.locator("select[name=reason]").select_option("merchant_request")
        page.locator("form button.danger").click()
        _confirm(page)
        expect(page.locator("h1")).to_contain_text("已撤销")
        page.goto(f"{live.address}/board-business/?period=custom&from=2025-03-01&to=2025-04-29&source=import")
        expect(page.locator("body")).not_to_contain_text(PAID)

    def _boards_show_it(self, page: Page, live: Live, operator) -> None:
        """GMV on the board, drawn, with its rows one click behind."""
        page.goto(
            f"{live.address}/board-business/?period=custom&from=2025-03-01&to=2025-04-29&source=import",
            wait_until="networkidle",
        )
        gmv = page.locator(f".tile-value[title='{PAID}']").first
        expect(gmv).to_be_visible()
        expect(page.locator("[data-chart] .main-svg").first).to_be_visible()
        assert operator.overflow() == []
        gmv.locator("a").click()
        expect(page.locator("tbody tr").first).to_be_visible()
        expect(page.locator("tbody")).to_contain_text("ST00")
        page.goto(
            f"{live.address}/board-repurchase/?period=custom&from=2025-03-01&to=2025-04-29&source=import",
            wait_until="networkidle",
        )
        expect(page.locator(".tiles")).to_contain_text("100")
