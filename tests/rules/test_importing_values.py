"""One cell to one value."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.importing import Kind
from models.rules.importing.codes import Codes
from models.rules.importing.values import AMOUNT_FEN_MAX, Read, label, money, name, quantity, yuan

ANY_CELL = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=True, allow_infinity=True),
    st.dates(),
    st.datetimes(),
    st.times(),
    st.timedeltas(),
    st.text(),
    st.from_regex(r"[¥￥]?\s?-?[0-9０-９,，.eE+]{1,20}[元个万]?", fullmatch=True),
)


class TestMoney:
    @pytest.mark.parametrize(
        ("cell", "fen"),
        [
            ("178.8", 17880),
            ("0.0", 0),
            ("21", 2100),
            (" 21.00\t", 2100),
            ("12.3400000", 1234),
            ("178.799999999999983", 17880),
            (178.8, 17880),
            (0.1 + 0.2, 30),
            (99_999_999.99, 9_999_999_999),
            (21, 2100),
        ],
    )
    def test_plain_numbers_are_read_without_a_remark(self, cell, fen):
        assert money(cell) == Read(fen)

    @pytest.mark.parametrize(
        ("cell", "fen", "written"),
        [
            ("86元", 8600, "86"),
            ("¥1,234.50", 123450, "1234.50"),
            ("￥ 1,234.50", 123450, "1234.50"),
            ("１２３．４５", 12345, "123.45"),
            ("1，234", 123400, "1234"),
            ("人民币 5 元", 500, "5"),
            ("12\u200b.5", 1250, "12.50"),
        ],
    )
    def test_other_ways_of_writing_are_mended_and_listed(self, cell, fen, written):
        got = money(cell)
        assert (got.value, got.kind, got.repaired) == (fen, Kind.REPAIRED, written)

    @pytest.mark.parametrize(
        ("cell", "code"),
        [
            ("-5", "negative"),
            ("(100.00)", "negative"),
            ("¥-3", "negative"),
            (-0.01, "negative"),
            ("1e3", "not_money"),
            ("NaN", "not_money"),
            ("inf", "not_money"),
            (float("nan"), "not_money"),
            (float("inf"), "not_money"),
            (True, "not_money"),
            (datetime.fromisoformat("2020-01-01"), "not_money"),
            ("12,34", "not_money"),
            ("1.234,50", "not_money"),
            ("1 234", "not_money"),
            ("5²", "not_money"),
            ("٣", "not_money"),
            ("一百", "not_money"),
            ("1.2万", "rounded"),
            ("0.005", "sub_fen"),
            ("12.345", "sub_fen"),
            (0.00001, "sub_fen"),
            ("100000000.01", "too_large"),
            (1e300, "too_large"),
            (10**30, "too_large"),
            ("=A1*B1", "formula"),
            ("#REF!", "formula"),
        ],
    )
    def test_what_is_not_certain_is_refused(self, cell, code):
        got = money(cell)
        assert (got.value, got.kind, got.code) == (None, Kind.REFUSED, code)
        assert got.reason

    @pytest.mark.parametrize("cell", [None, "", "  ", "-", "--", "/", "NULL", "None", "N/A", "\\N"])
    def test_the_signs_for_nothing_mean_nothing(self, cell):
        assert money(cell) == Read(None)

    @given(st.integers(0, AMOUNT_FEN_MAX))
    def test_no_fen_is_lost_on_the_way_from_any_form(self, fen):
        plain = f"{fen // 100}.{fen % 100:02d}"
        grouped = f"¥{fen // 100:,}.{fen % 100:02d}元"
        assert [money(form).value for form in (plain, grouped, yuan(fen), float(plain))] == [fen] * 4

    @given(ANY_CELL)
    def test_garbage_never_raises(self, cell):
        got = money(cell)
        assert got.value is None or (type(got.value) is int and 0 <= got.value <= AMOUNT_FEN_MAX)


class TestQuantity:
    @pytest.mark.parametrize("cell", ["892", " 892 ", 892, 892.0, "892.0", "892.00"])
    def test_whole_numbers_are_read_without_a_remark(self, cell):
        assert quantity(cell) == Read(892)

    @pytest.mark.parametrize(
        ("cell", "count"), [("1473个", 1473), ("1,473", 1473), ("１２", 12), ("3 瓶", 3), ("12件", 12)]
    )
    def test_a_unit_that_counts_one_by_one_is_taken_off_and_listed(self, cell, count):
        got = quantity(cell)
        assert (got.value, got.kind, got.repaired) == (count, Kind.REPAIRED, str(count))

    @pytest.mark.parametrize(
        ("cell", "code"),
        [
            ("3箱", "not_quantity"),
            ("2打", "not_quantity"),
            ("1对", "not_quantity"),
            ("约12", "not_quantity"),
            ("1e3", "not_quantity"),
            ("12-15", "not_quantity"),
            (True, "not_quantity"),
            (float("nan"), "not_quantity"),
            ("1.5", "not_quantity"),
            (1.5, "not_whole"),
            ("0", "not_positive"),
            (0, "not_positive"),
            ("-3", "not_positive"),
            (-3, "not_positive"),
            ("10000001", "too_large"),
            (1e18, "too_large"),
            ("=1+1", "formula"),
        ],
    )
    def test_what_is_not_certain_is_refused(self, cell, code):
        got = quantity(cell)
        assert (got.value, got.kind, got.code) == (None, Kind.REFUSED, code)

    @given(ANY_CELL)
    def test_garbage_never_raises(self, cell):
        got = quantity(cell)
        assert got.value is None or (type(got.value) is int and got.value >= 1)


class TestCodes:
    @pytest.mark.parametrize(
        ("shape", "cell", "code"),
        [
            ("S#####", "S13676", "S13676"),
            ("#*", "28010", "28010"),
            ("#*", 28010, "28010"),
            ("#*", 28010.0, "28010"),
            (None, "2020-AB/7", "2020-AB/7"),
            ("#*", "\t0012345678901234567\t", "0012345678901234567"),
        ],
    )
    def test_codes_of_the_columns_shape_are_read_without_a_remark(self, shape, cell, code):
        assert Codes(shape)(cell) == Read(code)

    @pytest.mark.parametrize(
        ("shape", "cell", "code", "why"),
        [
            ("S#####", "编号S13676", "S13676", "label"),
            ("D#####", "订单号D24342", "D24342", "label"),
            ("X###", "商品X050", "X050", "label"),
            ("D#####", "订单号：D24342", "D24342", "label"),
            ("#*", "订单号 24342", "24342", "label"),
            ("X###", "Ｘ０５０", "X050", "text_form"),
            ("X###", "X 050", "X050", "text_form"),
            ("X###", "x050", "X050", "text_form"),
            ("X###", "X0\u200b50", "X050", "text_form"),
            ("#*", '="00123"', "00123", "text_form"),
            ("#*", "'00123", "00123", "text_form"),
            ("#*", "123.0", "123", "text_form"),
        ],
    )
    def test_what_is_certainly_not_part_of_the_code_is_taken_off_and_listed(self, shape, cell, code, why):
        got = Codes(shape)(cell)
        assert (got.value, got.kind, got.code, got.repaired) == (code, Kind.REPAIRED, why, code)

    @pytest.mark.parametrize(("shape", "cell"), [("S#####", "编号S1367"), ("S#####", "老客户张三"), ("X###", "AX050")])
    def test_a_code_of_another_shape_is_kept_as_it_is_and_remarked(self, shape, cell):
        got = Codes(shape)(cell)
        assert (got.value, got.kind, got.code) == (cell, Kind.NOTED, "other_shape")

    @pytest.mark.parametrize(
        ("cell", "code"),
        [
            ("1.23457E+17", "lost_digits"),
            (1.2345678901234567e17, "lost_digits"),
            (12.5, "lost_digits"),
            ("=A2", "formula"),
            ("9" * 65, "too_long"),
            (True, "not_code"),
            (date(2020, 1, 1), "not_code"),
        ],
    )
    def test_a_code_that_a_spreadsheet_has_spoilt_is_refused(self, cell, code):
        got = Codes("#*")(cell)
        assert (got.value, got.kind, got.code) == (None, Kind.REFUSED, code)

    @given(ANY_CELL, st.sampled_from([None, "#*", "S#####", "a.b##"]))
    def test_garbage_never_raises(self, cell, shape):
        got = Codes(shape)(cell)
        assert got.value is None or isinstance(got.value, str)


class TestLabel:
    def test_blanks_between_chinese_characters_are_closed_and_listed(self):
        got = label("西 区")
        assert (got.value, got.kind, got.repaired) == ("西区", Kind.REPAIRED, "西区")

    def test_a_blank_in_a_latin_name_stays(self):
        assert label("North East") == Read("North East")

    def test_blanks_around_it_are_no_finding(self):
        assert label(" 东区 ") == Read("东区")

    def test_a_number_becomes_text(self):
        assert label(7) == Read("7")


class TestName:
    def test_full_width_signs_in_a_name_stay(self):
        assert name("面膜（补水）×2") == Read("面膜（补水）×2")

    def test_invisible_characters_are_taken_out_and_listed(self):
        got = name("面\u200b膜\x00")
        assert (got.value, got.kind, got.code) == ("面膜", Kind.REPAIRED, "invisible")

    def test_a_customer_number_that_a_spreadsheet_has_spoilt_is_refused(self):
        assert name("1.38E+10").code == "lost_digits"

    def test_a_text_as_long_as_a_page_is_refused(self):
        assert name("长" * 301).code == "too_long"
