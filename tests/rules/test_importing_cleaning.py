"""One row of an order file to one history line, or to the reasons why it stays out."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.importing import (
    BadLayout,
    Cleaned,
    Cleaner,
    Field,
    Grain,
    Kind,
    Layout,
    Paid,
    Product,
    Refused,
)
from tests.rules.test_importing_values import ANY_CELL

TODAY = date(2026, 11, 23)

LINES = Layout(
    sheet="订单",
    header_row=1,
    columns={
        Field.ORDER_NUMBER: "订单",
        Field.ORDERED_AT: "日期",
        Field.BUYER: "客户",
        Field.SALES_REGION: "大区",
        Field.PROVINCE: "省",
        Field.CITY: "市",
        Field.PRODUCT_CODE: "商品",
        Field.QUANTITY: "数量",
        Field.UNIT_PRICE: "单价",
        Field.AMOUNT: "金额",
    },
    grain=Grain.LINE,
    required=frozenset({Field.PRODUCT_CODE, Field.QUANTITY, Field.UNIT_PRICE, Field.AMOUNT}),
    exact_amount=True,
    shapes={Field.ORDER_NUMBER: "D#####", Field.BUYER: "S#####", Field.PRODUCT_CODE: "X###"},
)
LINE = {
    "订单": "D31313",
    "日期": "2019-05-16",
    "客户": "S22796",
    "大区": "东区",
    "省": "浙江省",
    "市": "台州市",
    "商品": "X091",
    "数量": 892,
    "单价": 214,
    "金额": 190888,
}
ORDERS = Layout(
    sheet="CSV",
    header_row=1,
    columns={
        Field.ORDER_NUMBER: "订单",
        Field.AMOUNT: "总额",
        Field.PAID: "实付",
        Field.ADDRESS: "地址",
        Field.ORDERED_AT: "下单",
        Field.PAID_AT: "付款",
        Field.REFUND: "退款",
    },
    grain=Grain.ORDER,
    paid=Paid.NET,
    required=frozenset({Field.AMOUNT}),
)
ORDER = {
    "订单": "2",
    "总额": "21.0",
    "实付": "16.0",
    "地址": "内蒙古自治区",
    "下单": "2020-02-20 23:59:54",
    "付款": "2020-02-21 00:00:02",
    "退款": "5.0",
}


def clean(layout, row, products=None):
    cleaner = Cleaner(layout, tuple(row), today=TODAY, products=products)
    return cleaner.clean(tuple(row.values()))


def line(**changed):
    return clean(LINES, LINE | changed)


def order(layout=ORDERS, **changed):
    return clean(layout, ORDER | changed)


def said(got):
    return [(one.column, one.kind, one.code) for one in got.findings]


class TestLineOfGoods:
    def test_carries_every_value_of_the_history_line(self):
        got = clean(LINES, LINE, {"X091": Product("商品91", "粉底", "彩妆")})
        midnight = datetime(2019, 5, 15, 16, 0, tzinfo=UTC)
        assert isinstance(got, Cleaned)
        assert got.findings == ()
        assert got.line._asdict() | {"row_key": ""} == {
            "row_key": "",
            "order_number": "D31313",
            "buyer": "S22796",
            "ordered_at": midnight,
            "paid_at": midnight,
            "ordered_on": date(2019, 5, 16),
            "paid_on": date(2019, 5, 16),
            "region_code": "331000",
            "province_code": "330000",
            "city_code": "331000",
            "region_text": "浙江省 台州市",
            "sales_region": "东区",
            "product_code": "X091",
            "product_name": "商品91",
            "category": "粉底",
            "category_group": "彩妆",
            "quantity": 892,
            "unit_price_fen": 21400,
            "placed_fen": 19088800,
            "paid_fen": 19088800,
            "refund_fen": 0,
        }

    def test_a_mended_value_is_listed_with_its_column_before_and_after(self):
        (finding,) = line(客户="编号S22796").findings
        assert finding[:5] == ("客户", "编号S22796", "S22796", Kind.REPAIRED, "label")
        assert "编号" in finding.reason

    def test_a_blank_sales_region_stays_blank_and_is_remarked(self):
        got = line(大区=None)
        assert got.line.sales_region is None
        assert said(got) == [("大区", Kind.NOTED, "no_sales_region")]

    def test_a_blank_province_is_filled_from_the_city(self):
        got = line(省=None)
        assert got.line.province_code == "330000"
        assert [one[:5] for one in got.findings] == [("省", "", "浙江省", Kind.REPAIRED, "region_filled")]

    def test_a_former_city_is_listed_with_its_name_of_today(self):
        got = line(省="山东省", 市="莱芜市")
        assert got.line.city_code == "370100"
        assert [one[:5] for one in got.findings] == [("市", "莱芜市", "济南市", Kind.REPAIRED, "region_old")]

    def test_a_city_of_another_province_leaves_the_region_open_with_a_remark(self):
        got = line(市="南京市")
        assert (got.line.region_code, got.line.province_code) == (None, None)
        assert said(got) == [("市", Kind.NOTED, "region_conflict")]

    def test_each_missing_value_that_the_layout_requires_is_named(self):
        got = line(商品=None, 数量="", 单价="-", 金额=None)
        assert isinstance(got, Refused)
        assert said(got) == [(column, Kind.REFUSED, "missing") for column in ("商品", "数量", "单价", "金额")]

    @pytest.mark.parametrize("column", ["订单", "日期"])
    def test_an_order_number_and_a_date_are_required_whatever_the_layout_says(self, column):
        assert said(line(**{column: ""})) == [(column, Kind.REFUSED, "missing")]

    def test_an_amount_that_is_not_quantity_times_price_is_refused(self):
        got = line(金额=190887)
        assert said(got) == [("金额", Kind.REFUSED, "amount_differs")]
        assert "892 × 214 = 190888" in got.findings[0].reason

    def test_a_mended_number_counts_in_the_comparison(self):
        got = line(数量="892个", 单价="214元")
        assert isinstance(got, Cleaned)
        assert got.line.placed_fen == 19088800

    def test_a_discounted_amount_goes_in_where_the_layout_allows_it(self):
        layout = replace(LINES, exact_amount=False)
        assert clean(layout, LINE | {"金额": 180000}).line.placed_fen == 18000000

    def test_a_product_that_the_product_sheet_does_not_know_is_remarked(self):
        got = clean(LINES, LINE, {"X001": Product("商品1", "面膜", "护肤品")})
        assert said(got) == [("商品", Kind.NOTED, "unknown_product")]
        assert got.line.category is None

    def test_without_an_amount_column_quantity_times_price_is_the_amount(self):
        columns = {field: name for field, name in LINES.columns.items() if field is not Field.AMOUNT}
        layout = Layout("订单", 1, columns, Grain.LINE)
        row = {name: value for name, value in LINE.items() if name != "金额"}
        assert clean(layout, row).line.placed_fen == 19088800

    def test_a_region_that_the_layout_requires_is_missed_unless_it_can_be_filled(self):
        layout = replace(LINES, required=LINES.required | {Field.PROVINCE, Field.CITY})
        assert said(clean(layout, LINE | {"市": ""})) == [("市", Kind.REFUSED, "missing")]
        assert isinstance(clean(layout, LINE | {"省": ""}), Cleaned)

    def test_a_formula_in_a_region_is_refused(self):
        assert said(line(市="=VLOOKUP(A1,B:C,2)")) == [("市", Kind.REFUSED, "formula")]


class TestRowKey:
    def test_two_equal_rows_have_one_key_however_they_are_written(self):
        same = line(订单="订单号D31313", 日期="2019#5#16", 客户=" S22796", 数量="892个", 单价="214.00", 市="台州")
        assert same.line.row_key == line().line.row_key

    @pytest.mark.parametrize(
        "changed",
        [
            {"订单": "D31314"},
            {"日期": "2019-05-17"},
            {"客户": "S22797"},
            {"市": "宁波市"},
            {"商品": "X092"},
            {"数量": 214, "单价": 892},
        ],
    )
    def test_another_value_is_another_key(self, changed):
        assert line(**changed).line.row_key != line().line.row_key

    def test_an_order_is_known_by_its_number_alone(self):
        assert order().line.row_key == order(退款="0", 实付="21").line.row_key == "2"

    def test_a_line_with_a_number_of_its_own_is_known_by_it(self):
        layout = Layout("订单", 1, dict(LINES.columns) | {Field.LINE_NUMBER: "子单"}, Grain.LINE)
        assert clean(layout, LINE | {"子单": "7"}).line.row_key == "D31313/7"

    def test_a_later_refund_does_not_make_another_line(self):
        layout = Layout("订单", 1, dict(LINES.columns) | {Field.REFUND: "退款"}, Grain.LINE)
        before, after = (clean(layout, LINE | {"退款": back}).line for back in (0, 214))
        assert (before.row_key, after.refund_fen) == (after.row_key, 21400)


class TestPayment:
    def test_a_net_column_becomes_gross_by_its_refund(self):
        got = order().line
        assert (got.placed_fen, got.paid_fen, got.refund_fen, got.paid_on) == (2100, 2100, 500, date(2020, 2, 21))

    def test_a_gross_column_stays(self):
        layout = Layout("CSV", 1, ORDERS.columns, Grain.ORDER, Paid.GROSS)
        got = order(layout, 实付="21.0").line
        assert (got.paid_fen, got.refund_fen) == (2100, 500)

    def test_an_unpaid_order_has_no_payment(self):
        got = order(实付="0.0", 付款="", 退款="0.0").line
        assert (got.placed_fen, got.paid_fen, got.paid_at, got.paid_on) == (2100, 0, None, None)

    def test_a_refund_above_the_payment_is_refused(self):
        layout = Layout("CSV", 1, ORDERS.columns, Grain.ORDER, Paid.GROSS)
        assert said(order(layout, 实付="4.99")) == [("退款", Kind.REFUSED, "refund_over_paid")]

    def test_money_without_a_payment_time_is_refused(self):
        assert said(order(付款="")) == [("付款", Kind.REFUSED, "paid_without_time")]

    def test_a_paid_order_without_the_paid_amount_is_refused(self):
        assert said(order(实付="")) == [("实付", Kind.REFUSED, "missing")]

    def test_a_payment_on_a_day_before_the_order_is_refused(self):
        assert said(order(付款="2020-02-19")) == [("付款", Kind.REFUSED, "paid_before_order")]

    def test_a_payment_day_without_a_time_may_be_the_day_of_the_order(self):
        assert isinstance(order(付款="2020-02-20"), Cleaned)

    def test_without_a_payment_time_the_order_counts_as_paid_when_money_came(self):
        columns = {field: name for field, name in ORDERS.columns.items() if field is not Field.PAID_AT}
        layout = Layout("CSV", 1, columns, Grain.ORDER, Paid.GROSS)
        paid, unpaid = order(layout, 退款="").line, order(layout, 实付="0", 退款="").line
        assert (paid.paid_on, unpaid.paid_on) == (date(2020, 2, 20), None)

    def test_an_address_gives_the_region(self):
        got = order(地址="上海").line
        assert (got.region_code, got.city_code, got.region_text) == ("310000", "310000", "上海")

    def test_an_address_keeps_no_street(self):
        assert order(地址="江苏省南京市鼓楼区中山北路1号3幢王某").line.region_text == "江苏省 南京市 鼓楼区"


class TestRaggedRows:
    def test_a_row_cut_off_is_refused(self):
        got = Cleaner(ORDERS, tuple(ORDER), today=TODAY).clean(("2", "21.0", "16"))
        assert said(got) == [("", Kind.REFUSED, "ragged")]

    def test_a_row_with_values_beyond_the_header_is_refused(self):
        got = Cleaner(ORDERS, tuple(ORDER), today=TODAY).clean((*ORDER.values(), "x"))
        assert said(got) == [("", Kind.REFUSED, "ragged")]

    def test_blank_cells_beyond_the_header_do_not_matter(self):
        assert isinstance(Cleaner(ORDERS, tuple(ORDER), today=TODAY).clean((*ORDER.values(), "", None)), Cleaned)


class TestCleaner:
    def test_refuses_a_column_that_the_file_does_not_have(self):
        with pytest.raises(BadLayout, match="“退款”"):
            Cleaner(ORDERS, ("订单", "总额", "实付", "地址", "下单", "付款"), today=TODAY)

    def test_refuses_a_layout_without_an_order_number(self):
        with pytest.raises(BadLayout, match="订单号"):
            Cleaner(
                Layout("CSV", 1, {Field.ORDERED_AT: "下单", Field.AMOUNT: "总额"}, Grain.ORDER),
                ("下单", "总额"),
                today=TODAY,
            )

    @given(st.lists(ANY_CELL, min_size=8, max_size=12))
    def test_garbage_is_cleaned_or_refused_but_never_raises(self, cells):
        got = Cleaner(LINES, tuple(LINE), today=TODAY).clean(tuple(cells))
        assert isinstance(got, Cleaned) or any(one.kind is Kind.REFUSED for one in got.findings)

    @given(st.lists(ANY_CELL, min_size=7, max_size=7), st.sampled_from(Paid))
    def test_garbage_orders_keep_their_amounts_sound(self, cells, paid):
        layout = Layout("CSV", 1, ORDERS.columns, Grain.ORDER, paid)
        got = Cleaner(layout, tuple(ORDER), today=TODAY).clean(tuple(cells))
        if isinstance(got, Cleaned):
            assert 0 <= got.line.refund_fen <= got.line.paid_fen
            assert (got.line.paid_at is None) == (got.line.paid_on is None)
