"""Whole real files through the reading and cleaning, to the published figures."""

import csv
import re
from collections import Counter
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from jobs import reading
from models.rules import region
from models.rules.importing import Cleaned, Cleaner, Finding, Kind, Line, Paid, mend, read_products, sniff, validate

TODAY = date(2026, 11, 23)


@dataclass
class Imported:
    """What a file comes to: its lines by key, the findings with their row numbers, the rows kept out."""

    lines: dict[str, Line]
    found: list[tuple[int, Finding]]
    refused: dict[int, str]
    rows: int

    def sum(self, name: str, **wanted: str) -> int:
        chosen = [
            line for line in self.lines.values() if all(getattr(line, key) == value for key, value in wanted.items())
        ]
        return sum(getattr(line, name) or 0 for line in chosen)

    def by(self, key, name: str) -> Counter:
        totals: Counter = Counter()
        for line in self.lines.values():
            totals[key(line)] += getattr(line, name)
        return totals

    def listed(self, kind: Kind, column: str, code: str) -> list[tuple[int, str, str | None]]:
        return [
            (row, one.value, one.repaired)
            for row, one in self.found
            if (one.kind, one.column, one.code) == (kind, column, code)
        ]


def take_in(path: Path) -> Imported:
    """Propose a layout, read every row, keep the first of equal keys, and mend the slips of the sales region."""
    sheets = {sheet.name: sheet for sheet in reading.open_sheets(path)}
    layout = sniff(list(sheets.values()))
    assert validate(layout, list(sheets.values())) == []
    products = None
    if layout.products:
        header = sheets[layout.products.sheet].columns(layout.products.header_row)
        rows = reading.rows(path, layout.products.sheet, layout.products.header_row)
        products = read_products(layout, header, (cells for _, cells in rows))
    cleaner = Cleaner(layout, sheets[layout.sheet].columns(layout.header_row), today=TODAY, products=products)
    done = Imported({}, [], {}, 0)
    for number, cells in reading.rows(path, layout.sheet, layout.header_row):
        done.rows += 1
        got = cleaner.clean(cells)
        done.found += [(number, one) for one in got.findings]
        if not isinstance(got, Cleaned):
            done.refused[number] = next(one.code for one in got.findings if one.kind is Kind.REFUSED)
        elif got.line.row_key in done.lines:
            done.refused[number] = "duplicate"
        else:
            done.lines[got.line.row_key] = got.line
    _mend(done)
    return done


def _mend(done: Imported) -> None:
    pairs = Counter((line.province_code, line.sales_region) for line in done.lines.values())
    meant = {(one.province_code, one.written): one.meant for one in mend(pairs) if one.meant}
    for key, line in done.lines.items():
        if right := meant.get((line.province_code, line.sales_region)):
            done.lines[key] = line._replace(sales_region=right)
            done.found.append((0, Finding("所在区域", line.sales_region, right, Kind.REPAIRED, "slip", "")))


@pytest.fixture(scope="class")
def rihua() -> Imported:
    path = Path(__file__).resolve().parents[3] / "shared" / "data" / "orders" / "rihua_orders_2019.xlsx"
    if not path.is_file():
        pytest.skip("../shared is not here")
    return take_in(path)


class TestRihuaOrders:
    def test_31441_of_31452_rows_go_in(self, rihua):
        assert (rihua.rows, len(rihua.lines), len(rihua.refused)) == (31_452, 31_441, 11)

    def test_eleven_rows_are_refused_for_the_right_reason(self, rihua):
        assert rihua.refused == {
            20799: "future_date",
            25031: "missing",
            25032: "missing",
            31446: "missing",
            31447: "missing",
            **dict.fromkeys(range(31448, 31454), "duplicate"),
        }

    def test_money_and_pieces_are_the_published_ones(self, rihua):
        assert rihua.sum("paid_fen") == 445_406_885_900
        assert rihua.sum("quantity") == 27_826_936

    def test_orders_customers_and_days_are_the_published_ones(self, rihua):
        lines = rihua.lines.values()
        # The published 9,063 and 1,084 count 订单号D24342 and 编号S13676 as another order and another customer.
        assert len({line.order_number for line in lines}) == 9_062
        assert len({line.buyer for line in lines}) == 1_083
        assert (min(line.ordered_on for line in lines), max(line.ordered_on for line in lines)) == (
            date(2019, 1, 1),
            date(2019, 9, 30),
        )

    def test_months_are_the_published_ones(self, rihua):
        pieces = rihua.by(lambda line: line.ordered_on.month, "quantity")
        money = rihua.by(lambda line: line.ordered_on.month, "paid_fen")
        assert [f"{pieces[month] / 1e4:.2f}" for month in range(1, 10)] == (
            ["194.74", "214.82", "256.89", "318.45", "359.09", "355.38", "388.61", "383.36", "311.35"]
        )
        assert [f"{money[month] / 1e10:.2f}" for month in range(1, 10)] == (
            ["3.14", "3.44", "4.13", "5.05", "5.75", "5.74", "6.22", "6.08", "4.99"]
        )

    def test_categories_are_the_published_ones_with_the_mended_product(self, rihua):
        small = rihua.by(lambda line: line.category, "quantity")
        # The published totals lose the 1,588 pieces of the unmatched 商品X050; here they count.
        assert small.total() == 27_826_936
        published = {
            "面膜": 5_450_216,
            "面霜": 4_566_905,
            "爽肤水": 3_523_687,
            "眼霜": 3_349_413,
            "隔离霜": 2_488_124,
            "防晒霜": 2_388_610,
            "口红": 2_013_024,
            "洁面乳": 1_928_020,
            "粉底": 1_188_621,
            "睫毛膏": 587_399,
            "眼影": 295_795,
            "蜜粉": 45_534,
        }
        more = {name: small[name] - count for name, count in published.items() if small[name] != count}
        assert list(more.values()) == [1_588]

    def test_cities_are_the_published_ones(self, rihua):
        names = region.table()
        pieces = rihua.by(lambda line: names[line.city_code].short_name if line.city_code else None, "quantity")
        top = [(name, f"{count / 1e4:.2f}") for name, count in pieces.most_common(10)]
        assert top == [
            ("上海", "112.53"),
            ("苏州", "101.05"),
            ("重庆", "80.54"),
            ("深圳", "77.83"),
            ("泉州", "73.81"),
            ("杭州", "56.31"),
            ("北京", "56.27"),
            ("广州", "52.41"),
            ("南通", "45.22"),
            ("宁波", "42.51"),
        ]

    def test_sales_regions_are_the_published_ones(self, rihua):
        money = rihua.by(lambda line: line.sales_region, "paid_fen")
        blank = money.pop(None)
        assert money == {
            "东区": 158_871_420_800,
            "南区": 125_360_550_700,
            "北区": 88_523_266_700,
            "西区": 72_616_255_100,
        }
        assert blank == 445_406_885_900 - money.total()

    def test_jiangsu_leads_the_provinces(self, rihua):
        assert rihua.by(lambda line: line.province_code, "paid_fen").most_common(1) == [("320000", 67_015_634_400)]

    def test_every_row_has_a_province_and_all_but_the_pseudo_cities_a_city(self, rihua):
        lines = rihua.lines.values()
        assert {line.province_code for line in lines if line.province_code is None} == set()
        without_city = {line.region_text for line in lines if line.city_code is None}
        assert without_city == {"海南省 海南省直辖", "湖北省 湖北省直辖", "新疆维吾尔自治区 新疆省直辖"}

    def test_repairs_are_exactly_those_described(self, rihua):
        counts = Counter((one.column, one.code) for _, one in rihua.found if one.kind is Kind.REPAIRED)
        assert counts == {
            ("订单日期", "date_form"): 2_894,
            ("所在区域", "text_form"): 1_133,
            ("所在区域", "slip"): 1,
            ("所在地市", "region_pseudo"): 218,
            ("所在地市", "region_short"): 213,
            ("所在地市", "region_old"): 72,
            ("所在省份", "region_filled"): 2,
            ("订购数量", "quantity_form"): 1,
            ("订购单价", "money_form"): 1,
            ("客户编码", "label"): 1,
            ("订单编码", "label"): 1,
            ("商品编号", "label"): 1,
        }
        assert 218 + 213 + 72 == 503

    @pytest.mark.parametrize(
        ("column", "code", "expected"),
        [
            ("订购数量", "quantity_form", (19056, "1473个", "1473")),
            ("订购单价", "money_form", (290, "86元", "86")),
            ("所在区域", "slip", (0, "男区", "南区")),
        ],
    )
    def test_single_repairs_name_row_and_values(self, rihua, column, code, expected):
        assert rihua.listed(Kind.REPAIRED, column, code) == [expected]

    @pytest.mark.parametrize(
        ("column", "value", "repaired"),
        [
            ("客户编码", "编号S13676", "S13676"),
            ("订单编码", "订单号D24342", "D24342"),
            ("商品编号", "商品X050", "X050"),
        ],
    )
    def test_labels_are_taken_off(self, rihua, column, value, repaired):
        assert [one[1:] for one in rihua.listed(Kind.REPAIRED, column, "label")] == [(value, repaired)]

    def test_no_order_belongs_to_two_customers(self, rihua):
        pairs = {(line.order_number, line.buyer) for line in rihua.lines.values() if line.order_number == "D31120"}
        assert pairs == {("D31120", "S13676")}

    def test_every_text_date_is_of_march(self, rihua):
        listed = rihua.listed(Kind.REPAIRED, "订单日期", "date_form")
        assert all(
            re.fullmatch(r"2019#3#\d+", value) and str(mended).startswith("2019-03-") for _, value, mended in listed
        )

    def test_provinces_are_filled_from_their_cities(self, rihua):
        assert rihua.listed(Kind.REPAIRED, "所在省份", "region_filled") == [(9783, "", "广东省"), (9980, "", "北京市")]

    def test_two_blank_sales_regions_stay_blank_and_are_remarked(self, rihua):
        assert rihua.listed(Kind.NOTED, "所在区域", "no_sales_region") == [(9720, "", None), (9728, "", None)]

    def test_buyers_of_a_month_are_the_published_ones(self, rihua):
        days: dict[tuple[int, str], set[date]] = {}
        for line in rihua.lines.values():
            days.setdefault((line.ordered_on.month, line.buyer), set()).add(line.ordered_on)
        buyers = Counter(month for month, _ in days)
        again = Counter(month for (month, _), seen in days.items() if len(seen) > 1)
        assert [(buyers[month], again[month]) for month in range(1, 10)] == [
            (461, 142),
            (505, 146),
            (571, 209),
            (660, 245),
            (671, 323),
            (687, 327),
            (732, 351),
            (725, 340),
            (640, 269),
        ]


def as_excel_would(path: Path, out: Path) -> None:
    """The file as a spreadsheet saves it again: slashed dates without seconds, whole numbers bare, CRLF, GB 18030."""
    with path.open(encoding="utf-8", newline="") as source, out.open("w", encoding="gb18030", newline="") as target:
        writer = csv.writer(target, lineterminator="\r\n")
        for row in csv.reader(source):
            writer.writerow([_as_excel_shows(cell) for cell in row])


def _as_excel_shows(cell: str) -> str:
    if match := re.fullmatch(r"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):\d\d", cell):
        year, month, day, hour, minute = match.groups()
        return f"{year}/{int(month)}/{int(day)} {int(hour)}:{minute}"
    return cell.removesuffix(".0")


def with_mark(path: Path, out: Path) -> None:
    """The file with a byte order mark, tabs between the cells and CRLF."""
    with path.open(encoding="utf-8", newline="") as source, out.open("w", encoding="utf-8-sig", newline="") as target:
        csv.writer(target, delimiter="\t", lineterminator="\r\n").writerows(csv.reader(source))


class TestTmallOrders:
    @pytest.fixture(params=["as it came", "saved again by a spreadsheet", "with a mark and tabs"])
    def tmall(self, request, shared, tmp_path) -> Imported:
        path = shared / "data" / "orders" / "tmall_order_report.csv"
        copy = tmp_path / "copy.csv"
        if request.param == "saved again by a spreadsheet":
            as_excel_would(path, copy)
            path = copy
        elif request.param == "with a mark and tabs":
            with_mark(path, copy)
            path = copy
        return take_in(path)

    def test_every_row_goes_in_with_the_published_totals(self, tmall):
        assert (tmall.rows, len(tmall.lines), tmall.refused) == (28_010, 28_010, {})
        assert tmall.sum("placed_fen") == 299_576_061
        assert tmall.sum("paid_fen") == 247_482_307
        assert tmall.sum("refund_fen") == 57_233_592
        assert tmall.sum("paid_fen") - tmall.sum("refund_fen") == 190_248_715
        lines = tmall.lines.values()
        assert sum(1 for line in lines if line.paid_at) == 24_087
        assert sum(1 for line in lines if line.refund_fen) == 5_646
        assert sum(1 for line in lines if line.paid_on and line.paid_on.month == 3) == 6
        assert Counter(one.code for _, one in tmall.found) == {"region_short": 7_596}
        assert len({line.province_code for line in lines}) == 31

    def test_the_paid_column_is_known_to_be_net(self, shared):
        layout = sniff(reading.open_sheets(shared / "data" / "orders" / "tmall_order_report.csv"))
        assert layout.paid is Paid.NET


class TestStatements:
    @pytest.mark.parametrize(
        ("name", "header_row", "rows"),
        [
            ("alipay_bill.csv", 25, 10),
            ("jd_bill.csv", 22, 26),
            ("meituan_bill.csv", 20, 29),
            ("wechat_pay_bill.csv", 17, 27),
        ],
    )
    def test_the_header_is_found_below_the_preamble_of_a_bill(self, shared, name, header_row, rows):
        path = shared / "data" / "statements" / name
        layout = sniff(reading.open_sheets(path))
        assert layout.header_row == header_row
        assert sum(1 for _ in reading.rows(path, layout.sheet, layout.header_row)) == rows

    def test_a_code_kept_from_the_spreadsheet_by_a_tab_is_read_bare(self, shared):
        path = shared / "data" / "statements" / "wechat_pay_bill.csv"
        sheets = reading.open_sheets(path)
        layout = sniff(sheets)
        cleaner = Cleaner(layout, sheets[0].columns(layout.header_row), today=TODAY)
        _, cells = next(reading.rows(path, layout.sheet, layout.header_row))
        got = cleaner.clean(cells)
        assert (got.line.order_number, got.line.placed_fen) == ("3985734", 2816)
