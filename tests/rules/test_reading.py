"""Fields out of words, wherever they stand."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from models.rules import reading
from models.rules.reading import Word

SHANGHAI = ZoneInfo("Asia/Shanghai")
NUMBER = "3712345678901234567"


def words(*rows: tuple[str, ...], score: float = 0.99) -> list[Word]:
    """Words of rows 60 pixels apart, a row's words at the left and the right."""
    return [
        Word(text, score, 20 + 400 * column, 60 * row, 300 + 400 * column, 60 * row + 30)
        for row, texts in enumerate(rows)
        for column, text in enumerate(texts)
    ]


def read(*rows: tuple[str, ...]) -> reading.Fields:
    return reading.read(words(*rows), SHANGHAI)


class TestNumber:
    @pytest.mark.parametrize(
        "row",
        [
            ("订单编号", NUMBER), ("订单编号:", f"{NUMBER}复制"), (f"订单编号：{NUMBER} 复制",), ("订单号", NUMBER),
            ("订单号码", "3712345678 901234567"),
        ],
    )  # fmt: skip
    def test_stands_behind_its_label(self, row):
        assert read(row).number == NUMBER

    def test_may_stand_below_its_label(self):
        assert read(("订单编号",), (NUMBER,)).number == NUMBER

    def test_is_not_the_number_of_the_payment(self):
        assert read(("交易单号", "4200001234202601011234567890"), ("订单编号", NUMBER)).number == NUMBER
        assert read(("交易单号", "4200001234202601011234567890")).number is None

    def test_is_taken_without_a_label_when_it_is_the_only_one(self):
        assert read(("复制", NUMBER)).number == NUMBER
        assert read(("复制", NUMBER), ("其他", "9912345678901234567")).number is None

    @pytest.mark.parametrize("text", ["13800138000", "2026-01-01", "138****8000", "x" * 19, "1" * 40])
    def test_is_nothing_shorter_longer_or_masked(self, text):
        assert read(("订单编号", text)).number is None


class TestAmount:
    @pytest.mark.parametrize(
        ("text", "fen"),
        [("¥99.00", 9_900), ("￥99.00", 9_900), ("99.00", 9_900), ("¥1,299.50", 129_950), ("¥ 49.90", 4_990),
         ("Y59.90", 5_990), ("¥59。90", 5_990)],
    )  # fmt: skip
    def test_is_read_in_fen(self, text, fen):
        assert read(("实付款", text)).paid_fen == fen

    def test_is_what_was_paid_and_not_a_price(self):
        assert read(("商品总价", "¥109.00"), ("优惠", "-¥10.00"), ("实付", "¥99.00")).paid_fen == 9_900

    @pytest.mark.parametrize("text", ["¥99", "¥99.0", "¥99.005", "免费"])
    def test_is_nothing_without_its_fen(self, text):
        assert read(("实付款", text)).paid_fen is None


class TestMoments:
    @pytest.mark.parametrize(
        "text", ["2026-01-02 03:04:05", "2026-01-0203:04:05", "2026/01/02 03:04:05", "2026年1月2日 03:04:05",
                 "2026.01.02 03：04：05"],
    )  # fmt: skip
    def test_are_read_in_the_pages_zone(self, text):
        assert read(("下单时间", text)).placed_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=SHANGHAI)

    def test_of_the_order_and_of_the_payment_are_told_apart(self):
        found = read(("创建时间", "2026-01-02 03:04:05"), ("付款时间", "2026-01-02 03:05:00"))
        assert (found.placed_at.minute, found.paid_at.minute) == (4, 5)

    @pytest.mark.parametrize(
        "text", ["2026-13-02 03:04:05", "2026-02-30 03:04:05", "2026-01-02 25:04:05", "昨天 03:04"]
    )
    def test_are_nothing_that_no_calendar_has(self, text):
        assert read(("下单时间", text)).placed_at is None


class TestShop:
    def test_is_first_what_leads_into_a_shop(self):
        assert read(("交易成功",), ("小雅优选 进店 ›",)).shops[0] == "小雅优选"

    def test_may_be_whatever_stands_by_itself(self):
        assert "小雅优选" in read(("交易成功",), ("小雅优选",)).shops


class TestCertainty:
    def test_is_the_least_of_what_was_read(self):
        made = [*words(("订单编号", NUMBER)), Word("实付 ¥99.00", 0.71, 20, 200, 300, 230)]
        assert reading.read(made, SHANGHAI).sure == 0.71

    def test_nothing_is_read_on_a_picture_of_nothing(self):
        assert read(("一只猫",)).is_empty
        assert read().is_empty

    def test_rows_may_stand_a_little_askew(self):
        made = [Word("实付款", 0.99, 20, 100, 120, 130), Word("¥99.00", 0.99, 600, 110, 700, 140)]
        assert reading.read(made, SHANGHAI).paid_fen == 9_900
