"""A proposal of what a file means."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.importing import (
    BadLayout,
    DateOrder,
    Field,
    Grain,
    Layout,
    NothingRecognised,
    Paid,
    ProductSheet,
    SheetInfo,
    fit,
    read_products,
    sniff,
    validate,
)
from tests.rules.test_importing_values import ANY_CELL


def sheet(*rows, name="订单", first=1):
    return SheetInfo(name, len(rows), tuple(enumerate((tuple(row) for row in rows), first)))


HEADER = ("订单编号", "总金额", "买家实际支付金额", "收货地址 ", "订单创建时间", "订单付款时间 ", "退款金额")
ORDERS = [
    ("1", "178.8", "0.0", "上海", "2020-02-21 00:00:00", "", "0.0"),
    ("2", "21.0", "21.0", "内蒙古自治区", "2020-02-20 23:59:54", "2020-02-21 00:00:02", "0.0"),
    ("3", "37.0", "0.0", "安徽省", "2020-02-20 23:59:35", "2020-02-20 23:59:40", "37.0"),
    ("4", "157.0", "150.0", "湖南省", "2020-02-20 23:58:34", "2020-02-20 23:58:44", "7.0"),
    ("5", "64.8", "64.8", "江苏省", "2020-02-20 23:57:04", "2020-02-20 23:57:11", "0.0"),
]
LINE_HEADER = (
    "订单编码",
    "订单日期",
    "客户编码",
    "所在区域",
    "所在省份",
    "所在地市",
    "商品编号",
    "订购数量",
    "订购单价",
    "金额",
)
LINES = [(f"D3131{i}", "2019-05-16", f"S2279{i}", "东区", "浙江省", "台州市", f"X09{i}", 2, 214, 428) for i in range(6)]
PRODUCTS = [("商品编号", "商品名称", "商品小类", "商品大类", "销售单价"), ("X090", "商品90", "面膜", "护肤品", 214)]


class TestSniff:
    def test_maps_columns_by_name_even_with_trailing_blanks(self):
        assert sniff([sheet(HEADER, *ORDERS)]).columns == {
            Field.ORDER_NUMBER: "订单编号",
            Field.AMOUNT: "总金额",
            Field.PAID: "买家实际支付金额",
            Field.ADDRESS: "收货地址",
            Field.ORDERED_AT: "订单创建时间",
            Field.PAID_AT: "订单付款时间",
            Field.REFUND: "退款金额",
        }

    def test_sees_that_the_paid_column_is_net_of_refunds(self):
        assert sniff([sheet(HEADER, *ORDERS)]).paid is Paid.NET

    def test_sees_that_the_paid_column_is_gross(self):
        rows = [("3", "37.0", "37.0", "安徽省", "2020-02-20", "2020-02-20", "37.0"), *ORDERS[:2]]
        assert sniff([sheet(HEADER, *rows)]).paid is Paid.GROSS

    def test_one_row_an_order_when_no_number_repeats_and_no_goods_are_told(self):
        assert sniff([sheet(HEADER, *ORDERS)]).grain is Grain.ORDER

    def test_one_row_a_line_when_a_number_repeats(self):
        assert sniff([sheet(HEADER, *ORDERS, ORDERS[0])]).grain is Grain.LINE

    def test_one_row_a_line_when_goods_are_told(self):
        layout = sniff([sheet(LINE_HEADER, *LINES)])
        assert (layout.grain, layout.paid, layout.exact_amount) == (Grain.LINE, Paid.PLACED, True)
        assert {Field.PRODUCT_CODE, Field.QUANTITY, Field.UNIT_PRICE, Field.AMOUNT} <= layout.required

    def test_an_amount_with_discounts_is_not_held_against_quantity_and_price(self):
        assert not sniff([sheet(LINE_HEADER, *(row[:9] + (400,) for row in LINES))]).exact_amount

    def test_learns_the_shapes_of_codes(self):
        assert sniff([sheet(LINE_HEADER, *LINES)]).shapes == {
            Field.ORDER_NUMBER: "D#####",
            Field.BUYER: "S#####",
            Field.PRODUCT_CODE: "X###",
        }
        assert sniff([sheet(HEADER, *ORDERS, ("10", *ORDERS[0][1:]))]).shapes == {Field.ORDER_NUMBER: "#*"}

    def test_names_have_no_shape(self):
        rows = [row[:2] + (f"小明{i}",) + row[3:] for i, row in enumerate(LINES)]
        assert Field.BUYER not in sniff([sheet(LINE_HEADER, *rows)]).shapes

    def test_chooses_the_order_sheet_and_joins_the_product_sheet(self):
        layout = sniff([sheet(*PRODUCTS, name="商品信息表"), sheet(LINE_HEADER, *LINES, name="销售订单表")])
        assert layout.sheet == "销售订单表"
        assert layout.products == ProductSheet(
            "商品信息表",
            1,
            {
                Field.PRODUCT_CODE: "商品编号",
                Field.PRODUCT_NAME: "商品名称",
                Field.CATEGORY: "商品小类",
                Field.CATEGORY_GROUP: "商品大类",
            },
        )

    def test_finds_the_header_below_a_preamble(self):
        preamble = [("某店订单导出",), ("起始日期：2020-02-01", "终止日期：2020-02-29"), ("----",)]
        assert sniff([sheet(*preamble, HEADER, *ORDERS)]).header_row == 4

    def test_finds_the_date_and_the_province_of_columns_with_strange_names(self):
        header = ("订单编号", "总金额", "T1", "去向")
        rows = [(row[0], row[1], row[4], row[3]) for row in ORDERS]
        columns = sniff([sheet(header, *rows)]).columns
        assert (columns[Field.ORDERED_AT], columns[Field.PROVINCE]) == ("T1", "去向")

    @pytest.mark.parametrize(
        ("dates", "order"),
        [
            (["13/02/2020", "03/04/2020"], DateOrder.DAY_FIRST),
            (["02/13/2020", "03/04/2020"], DateOrder.MONTH_FIRST),
            (["02/03/2020", "03/04/2020"], DateOrder.UNKNOWN),
            (["13/02/2020", "02/13/2020"], DateOrder.UNKNOWN),
        ],
    )
    def test_learns_the_order_of_day_and_month(self, dates, order):
        rows = [ORDERS[0][:4] + (day,) + ORDERS[0][5:] for day in dates]
        assert sniff([sheet(HEADER, *rows)]).date_order is order

    def test_of_two_columns_for_one_meaning_the_better_name_wins(self):
        header = ("订单编号", "买家应付货款", "总金额", "订单创建时间")
        columns = sniff([sheet(header, ("1", "20", "25", "2020-02-21"))]).columns
        assert columns[Field.AMOUNT] == "总金额"

    @given(st.lists(st.lists(ANY_CELL | st.sampled_from(HEADER + LINE_HEADER), max_size=8), max_size=6))
    def test_garbage_gives_a_layout_that_can_be_checked_or_a_refusal(self, rows):
        sheets = [sheet(*rows)]
        try:
            layout = sniff(sheets)
        except NothingRecognised:
            return
        assert Layout.from_json(layout.to_json()) == layout
        assert all(isinstance(problem, str) for problem in validate(layout, sheets))

    def test_a_file_that_is_no_order_file_is_refused(self):
        with pytest.raises(NothingRecognised, match="表头"):
            sniff([sheet(("序号", "字段名", "字段类型"), (1, "订单编码", "字符型"))])

    def test_a_file_without_sheets_is_refused(self):
        with pytest.raises(NothingRecognised):
            sniff([])


class TestColumns:
    def test_an_empty_name_is_named_by_its_place_and_a_repeated_one_numbered(self):
        assert sheet(("金额", None, "金额", " ", "金额")).columns(1) == (
            "金额",
            "第2列",
            "金额 (2)",
            "第4列",
            "金额 (3)",
        )


class TestLayout:
    def test_comes_back_from_json_as_it_was(self):
        layout = sniff([sheet(*PRODUCTS, name="商品信息表"), sheet(LINE_HEADER, *LINES)])
        assert Layout.from_json(layout.to_json()) == layout

    @pytest.mark.parametrize(
        "saved", [{}, {"sheet": "订单"}, {"sheet": "订单", "header_row": 1, "columns": {"x": "y"}, "grain": "order"}]
    )
    def test_anything_else_is_refused(self, saved):
        with pytest.raises(BadLayout, match="重新识别"):
            Layout.from_json(saved)


class TestValidate:
    def layout(self):
        return sniff([sheet(HEADER, *ORDERS)])

    def test_has_nothing_to_say_when_it_fits(self):
        assert validate(self.layout(), [sheet(HEADER, *ORDERS)]) == []

    def test_names_a_sheet_that_is_not_there_and_those_that_are(self):
        (problem,) = validate(self.layout(), [sheet(HEADER, *ORDERS, name="二月")])
        assert "“订单”" in problem
        assert "二月" in problem

    def test_names_a_missing_column_and_what_it_means(self):
        (problem,) = validate(self.layout(), [sheet(HEADER[:6], *ORDERS)])
        assert "“退款金额”" in problem

    def test_names_a_header_row_that_is_blank(self):
        (problem,) = validate(replace(self.layout(), header_row=99), [sheet(HEADER, *ORDERS)])
        assert "第 99 行" in problem

    def test_names_what_no_layout_can_do_without(self):
        layout = replace(self.layout(), columns={Field.ADDRESS: "收货地址", Field.PROVINCE: "收货地址"})
        problems = "；".join(validate(layout, [sheet(HEADER, *ORDERS)]))
        for said in ("没有指定订单号", "没有指定下单时间", "没有指定金额", "两种含义"):
            assert said in problems


class TestFit:
    def test_follows_the_header_down_a_longer_preamble(self):
        layout = sniff([sheet(HEADER, *ORDERS)])
        assert fit(layout, [sheet(("某店",), HEADER, *ORDERS)]).header_row == 2

    def test_follows_the_columns_to_a_sheet_of_another_name(self):
        layout = sniff([sheet(HEADER, *ORDERS)])
        assert fit(layout, [sheet(HEADER, *ORDERS, name="三月")]).sheet == "三月"

    def test_leaves_the_layout_where_the_columns_are_not_there(self):
        layout = sniff([sheet(HEADER, *ORDERS)])
        assert fit(layout, [sheet(HEADER[1:], *ORDERS)]) == layout


class TestReadProducts:
    def test_reads_codes_as_the_order_sheet_does_and_the_first_row_of_a_code_counts(self):
        layout = sniff([sheet(*PRODUCTS, name="商品信息表"), sheet(LINE_HEADER, *LINES)])
        rows = [
            ("商品X090", "商品90", "面 膜", "护肤品", 1),
            ("X090", "别的", "口红", "彩妆", 1),
            (None, "无", None, None),
        ]
        found = read_products(layout, PRODUCTS[0], rows)
        assert found == {"X090": ("商品90", "面膜", "护肤品")}

    def test_a_layout_without_a_product_sheet_has_no_products(self):
        assert read_products(sniff([sheet(HEADER, *ORDERS)]), PRODUCTS[0], [(date.min,)]) == {}
