"""The pages of the boards through the client."""

import csv
import io
import json
import re
from datetime import date
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from plotly.offline import get_plotlyjs_version

from console import formatting
from console.admin import slicing
from console.admin.board import BOARDS, neutral
from reports.numbers import Lang
from reports.slices import Grain, Period, Preset, Scope, Source
from tests import factories

PAGES = [f"/{view.slug}/" for view in BOARDS]
BUSINESS = "/board-business/"


def _text(answer):
    return unescape(answer.get_data(as_text=True))


def _links(page):
    """The addresses behind the points of every chart of a page."""
    blocks = re.findall(r'<script type="application/json">(.*?)</script>', page, re.S)
    return [link for block in blocks for link in json.loads(block)["links"] if link]


def _query(address):
    return parse_qs(urlsplit(address).query)


@pytest.fixture
def run(session):
    """An import whose two rows were paid today."""
    run = factories.import_run()
    for buyer in ("S1", "S2"):
        factories.history_line(run=run, buyer=buyer, paid_on=formatting.today(), category="面膜", paid_fen=12_345)
    return run


class TestPages:
    @pytest.mark.parametrize("page", PAGES)
    @pytest.mark.parametrize("language", ["zh_Hans_CN", "en"])
    def test_show_tiles_and_charts_in_both_languages(self, staff, run, page, language):
        answer = staff("operator").get(f"{page}?lang={language}")
        assert answer.status_code == 200
        assert _text(answer).count("data-chart") >= 4

    @pytest.mark.parametrize("page", PAGES)
    def test_stand_without_any_data(self, staff, page):
        answer = staff("operator").get(page)
        assert answer.status_code == 200
        assert "还没有支付订单" in _text(answer)

    @pytest.mark.parametrize("page", [*PAGES, f"{BUSINESS}trend.csv"])
    def test_send_strangers_to_sign_in(self, client, page):
        assert client.get(page).status_code == 303

    def test_open_with_the_data_when_it_is_old(self, staff):
        factories.history_line(paid_on=date(2019, 5, 3))
        page = _text(staff("operator").get(BUSINESS))
        assert "2019-05-03 – 2019-05-03" in page
        assert "data-chart" in page

    def test_say_where_the_data_lies_when_the_period_is_empty(self, staff):
        factories.history_line(paid_on=date(2019, 5, 3))
        page = _text(staff("operator").get(f"{BUSINESS}?period=7d"))
        assert "2019-05-03" in page
        assert "period=span" in page
        assert "data-chart" not in page

    def test_show_a_merchant_its_own_rows_alone(self, staff, run):
        own = factories.shop()
        factories.history_line(
            run=factories.import_run(shop_id=own.id), paid_on=formatting.today(), paid_fen=777, category="自家品类"
        )
        page = _text(staff("merchant", merchant_id=own.merchant_id).get(BUSINESS))
        assert "¥7.77" in page
        assert "自家品类" in page
        assert "面膜" not in page

    def test_show_a_merchant_nothing_of_a_foreign_shop_it_asks_for(self, staff, run):
        own = factories.shop()
        factories.history_line(run=factories.import_run(shop_id=own.id), paid_on=formatting.today())
        page = _text(staff("merchant", merchant_id=own.merchant_id).get(f"{BUSINESS}?shop={run.shop_id}"))
        assert "data-chart" not in page

    def test_write_names_of_files_as_text(self, staff):
        factories.history_line(paid_on=formatting.today(), category="</script><b>x</b>")
        page = staff("operator").get(BUSINESS).get_data(as_text=True)
        assert "<b>x</b>" not in page

    def test_define_each_figure_beside_it(self, staff, run):
        assert "周期内在两个或以上不同日期（北京时间）有支付订单的买家" in _text(
            staff("operator").get("/board-repurchase/")
        )


class TestLinks:
    def test_lead_from_a_tile_to_its_rows(self, staff, run):
        page = _text(staff("operator").get(f"{BUSINESS}?period=7d&category=面膜"))
        (address,) = set(re.findall(r'title="¥246\.90"><a href="(/history/[^"]+)"', page))
        assert _query(address)["category"] == ["面膜"]
        assert _query(address)["paid_to"] == [formatting.today().isoformat()]

    def test_lead_from_a_point_to_its_rows(self, staff, run):
        page = staff("operator").get(f"{BUSINESS}?period=7d&grain=day").get_data(as_text=True)
        queries = [_query(link) for link in _links(page)]
        today = formatting.today().isoformat()
        assert {"paid_from": [today], "paid_to": [today]} in queries
        assert any(query.get("category") == ["面膜"] and query.get("category_group") == ["护肤品"] for query in queries)

    def test_say_the_same_in_the_table_as_at_the_points(self, staff, run):
        page = staff("operator").get(BUSINESS).get_data(as_text=True)
        table = {unescape(href) for href in re.findall(r'<th scope="row"><a href="([^"]+)"', page)}
        assert set(_links(page)) == table


class TestTable:
    @pytest.mark.parametrize(("page", "view"), list(zip(PAGES, BOARDS, strict=True)))
    def test_is_there_for_every_chart(self, staff, run, page, view):
        browser = staff("operator")
        for chart in view.board.charts:
            answer = browser.get(f"{page}{chart}.csv")
            assert answer.status_code == 200
            assert answer.data.startswith(b"\xef\xbb\xbf")

    def test_holds_plain_numbers_in_yuan(self, staff, run):
        answer = staff("operator").get(f"{BUSINESS}category.csv?period=today")
        rows = list(csv.reader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))
        assert rows[0][:3] == ["品类", "支付 GMV", "占比"]
        assert rows[1][:3] == ["面膜", "246.90", "1.000000"]

    def test_cannot_hide_a_formula_in_a_name(self, staff):
        factories.history_line(paid_on=formatting.today(), category="=1+1")
        answer = staff("operator").get(f"{BUSINESS}category.csv")
        assert "\n'=1+1," in answer.get_data(as_text=True)

    @pytest.mark.parametrize("text", ["=x", "+x", "-x", "@x", "\tx", "\rx"])
    def test_starts_no_cell_as_a_formula(self, text):
        assert neutral(text) == f"'{text}"

    def test_of_an_unknown_chart_is_not_there(self, staff):
        assert staff("operator").get(f"{BUSINESS}__class__.csv").status_code == 404

    def test_is_refused_to_those_who_may_only_look(self, staff, run):
        assert staff("support").get(BUSINESS).status_code == 200
        assert staff("support").get(f"{BUSINESS}trend.csv").status_code == 403


class TestRead:
    """Filters as the address writes them."""

    @pytest.fixture
    def asked(self, app, session):
        def read(**args):
            with app.test_request_context("/"):
                return slicing.read(args, scope=Scope(), today=date(2026, 11, 23), lang=Lang.ZH)

        return read

    def test_fills_every_filter(self, asked):
        found = asked(
            period="month", sales_region="东区", province="320000", city="320500", category_group="护肤品",
            category="面膜", source="import", shop="7", grain="week",
        )  # fmt: skip
        part = found.part
        assert (part.sales_region, part.province, part.city, part.shop) == ("东区", "320000", "320500", 7)
        assert (part.category_group, part.category, part.source) == ("护肤品", "面膜", Source.IMPORT)
        assert (part.period, found.view.grain) == (Period(date(2026, 11, 1), date(2026, 11, 23)), Grain.WEEK)
        assert found.problems == []

    def test_takes_days_for_a_period_of_their_own(self, asked):
        found = asked(**{"from": "2019-01-01", "to": "2019-09-30"})
        assert (found.preset, found.view.grain) == (Preset.CUSTOM, Grain.MONTH)

    def test_drops_a_city_outside_the_chosen_province(self, asked):
        assert asked(province="310000", city="320500").part.city is None

    def test_writes_itself_back_into_an_address(self, asked):
        args = {
            "period": "custom",
            "from": "2019-01-01",
            "to": "2019-01-31",
            "category": "-",
            "shop": "7",
            "grain": "day",
            "source": "import",
        }
        assert asked(**args).parameters() == args

    @pytest.mark.parametrize(
        "args",
        [
            {"period": "someday"},
            {"from": "2019-13-01", "to": "x"},
            {"from": "2019-02-01", "to": "2019-01-01"},
            {"from": "0001-01-01", "to": "9999-12-31"},
            {"from": "2001-01-01", "to": "2099-01-01"},
            {"period": "custom"},
            {"shop": "99999999999999999999"},
            {"shop": "x"},
        ],
    )
    def test_names_what_it_cannot_read_and_falls_back(self, asked, args):
        found = asked(**args)
        assert len(found.problems) == 1
        assert found.preset is Preset.DAYS_30


class TestPlotly:
    def test_comes_compressed_from_its_package_and_stays(self, client):
        answer = client.get(f"/assets/plotly-{get_plotlyjs_version()}.min.js", headers={"Accept-Encoding": "gzip"})
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "immutable" in answer.headers["Cache-Control"]
        assert len(answer.data) < 1_600_000

    def test_stays_for_those_signed_in_too(self, staff):
        answer = staff("operator").get(f"/assets/plotly-{get_plotlyjs_version()}.min.js")
        assert "immutable" in answer.headers["Cache-Control"]
        assert b"plotly.js" in answer.data[:200]

    def test_of_another_version_is_not_there(self, client):
        assert client.get("/assets/plotly-1.0.0.min.js").status_code == 404
