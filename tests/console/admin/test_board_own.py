"""Boards over the platform's own orders: open with them, and lead to the very orders behind each figure."""

import json
import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa

from console import formatting
from console.admin.board import BOARDS, OWN_BOARDS
from models import Matrix, OrderLine
from models.operations import order
from models.rules.order import Scene
from tests import factories
from tests.operations import world

BUSINESS = "/board-business/?period=7d"
BOARD_PDF = "/board-business/board.pdf"


def _place(number: str, category: str | None, **facts: object) -> None:
    lines = [OrderLine(n=1, product_code="X1", title="商品", category=category, quantity=1, price_fen=9_900)]
    at = formatting.now() - timedelta(hours=1)
    order.place(purchase=world.purchase(number, lines=lines if category else [], **facts), at=at)


def _text(answer) -> str:
    return unescape(answer.get_data(as_text=True))


def _orders(browser, address: str) -> set[str]:
    return set(re.findall(r">(o\d)<", browser.get(address).get_data(as_text=True)))


def _charts(page: str) -> dict[str, list[str]]:
    """The addresses of each chart's table, in its order, by the chart's key."""
    parts = re.split(r'<section class="card chart[^"]*" id="([a-z_]+)"', page)[1:]
    return {
        key: [unescape(href) for href in re.findall(r'<th scope="row"><a href="([^"]+)"', body)]
        for key, body in zip(parts[::2], parts[1::2], strict=True)
    }


@pytest.fixture
def orders(session):
    """Three orders of today: o1 live to 苏州, half refunded; o2 without lines; o3 sold by an expert to 朝阳."""
    world.network()
    world.member("m1").rank = "expert"
    session.flush()
    _place("o1", "面膜", region="320505", scene=Scene.LIVE)
    _place("o2", None)
    _place("o3", "口红", region="110105", seller="m1", buyer="甲")
    order.refund(number="o1", amount_fen=4_950, at=formatting.now())


@pytest.mark.usefixtures("orders")
class TestOwnOrders:
    def test_are_what_a_board_opens_with(self, staff):
        factories.history_line(paid_on=formatting.today(), paid_fen=777)
        browser = staff("operator")
        own, imported = (_text(browser.get(f"{BUSINESS}{more}")) for more in ("", "&source=import"))
        assert ("¥297.00" in own, "¥7.77" in own) == (True, False)
        assert ("¥297.00" in imported, "¥7.77" in imported) == (False, True)
        assert "¥297.00" in _text(browser.get("/"))

    @pytest.mark.parametrize("page", [f"/{view.slug}/" for view in (*BOARDS, *OWN_BOARDS)])
    def test_fill_every_board_and_table(self, staff, page):
        browser = staff("operator")
        answer = browser.get(f"{page}?lang=en")
        assert _text(answer).count("data-chart") >= 3
        tables = re.findall(r'href="([^"]+\.csv[^"]*)"', answer.get_data(as_text=True))
        assert [browser.get(unescape(address)).status_code for address in tables] == [200] * len(tables)

    def test_are_taken_home_on_paper(self, staff):
        answer = staff("operator").get(f"{BOARD_PDF}?period=7d")
        assert (answer.status_code, answer.mimetype, answer.data[:5]) == (200, "application/pdf", b"%PDF-")
        assert answer.headers["Content-Disposition"].endswith('.pdf"')
        assert staff("support").get(BOARD_PDF).status_code == 403

    def test_are_listed_behind_every_figure(self, staff):
        browser = staff("operator")
        page = browser.get(BUSINESS).get_data(as_text=True)
        charts = _charts(page)
        assert [sorted(_orders(browser, href)) for href in charts["category"]] == [["o3"], ["o1"], ["o2"]]
        assert {key: [_orders(browser, href) for href in charts[key]] for key in ("province", "scene", "level")} == {
            "province": [{"o3"}, {"o1"}, {"o2"}],
            "scene": [{"o2", "o3"}, {"o1"}],
            "level": [{"o1", "o2"}, {"o3"}],
        }
        assert [_orders(browser, href) for href in charts["rank"]] == [{"o1", "o2"}, {"o3"}]
        assert [_orders(browser, href) for href in charts["network"]] == [{"o1", "o2", "o3"}]
        assert [_orders(browser, href) for href in charts["product"]] == [{"o1", "o3"}, {"o2"}]
        (refunds,) = set(re.findall(r'title="¥49\.50"><a href="([^"]+)"', page))
        assert _orders(browser, unescape(refunds)) == {"o1"}

    def test_lead_from_a_city_to_its_orders(self, staff):
        browser = staff("operator")
        charts = _charts(browser.get("/board-region/?period=7d").get_data(as_text=True))
        assert [_orders(browser, href) for href in charts["city"]] == [{"o3"}, {"o1"}, {"o2"}]

    def test_keep_every_filter_in_the_address_of_a_figure(self, staff):
        page = staff("operator").get(
            f"{BUSINESS}&level=10&rank=expert&scene=share_link&province=110000&category=口红"
        ).get_data(as_text=True)  # fmt: skip
        blocks = re.findall(r'<script type="application/json">(.*?)</script>', page, re.S)
        asked = [parse_qs(urlsplit(link).query) for block in blocks for link in json.loads(block)["links"] if link]
        assert asked
        for query in asked:
            assert (query["level"], query["rank"], query["scene"]) == (["10"], ["expert"], ["share_link"])
            assert (query["province"], query["category"]) == (["110000"], ["口红"])

    def test_show_a_merchant_those_of_its_networks_alone(self, staff):
        other = factories.merchant()
        assert "data-chart" not in _text(staff("merchant", merchant_id=other.id).get(f"{BUSINESS}&source=own"))

    @pytest.mark.parametrize(
        ("bad", "word"),
        [
            ("source=x", "不认识的订单来源 x"),
            ("level=x", "层级 x 读不懂"),
            ("network=x", "不认识的网络 x"),
        ],
    )
    def test_name_what_cannot_be_read(self, staff, bad, word):
        assert word in _text(staff("operator").get(f"{BUSINESS}&{bad}"))

    def test_refuse_a_place_that_is_none(self, staff):
        assert "999999 不是行政区划代码" in _text(staff("operator").get("/orders/?province=999999"))


@pytest.mark.usefixtures("orders")
class TestPromoters:
    def test_lead_to_the_member_and_to_the_holders_of_a_rank(self, staff):
        browser = staff("operator")
        charts = _charts(browser.get("/board-promoters/?period=7d").get_data(as_text=True))
        assert [re.search(r'<h1[^>]*>\s*(?:<[^>]+>)*([^<\s]+)', browser.get(href).get_data(as_text=True)).group(1)
                for href in charts["seller"]] == ["M-10", "m1"]  # fmt: skip
        assert "m1" in browser.get(charts["ranks"][1]).get_data(as_text=True)

    def test_lead_a_merchant_to_the_orders_of_each(self, staff, session):
        browser = staff("merchant", merchant_id=session.scalar(sa.select(Matrix.merchant_id)))
        charts = _charts(browser.get("/board-promoters/?period=7d").get_data(as_text=True))
        assert [_orders(browser, href) for href in charts["seller"]] == [{"o1", "o2"}, {"o3"}]
