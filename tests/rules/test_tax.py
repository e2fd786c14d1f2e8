import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules import tax
from models.rules.policy import TaxMethod
from models.rules.tax import Month, Payment


def year(*gross_yuan: int, method: TaxMethod = TaxMethod.CUMULATIVE) -> list[float]:
    """Taxes in yuan of one withdrawal a month from January on; 0 is a month without."""
    paid: list[Payment] = []
    taxes = []
    for number, yuan in enumerate(gross_yuan, 1):
        if not yuan:
            continue
        month = Month(2026, number)
        due = tax.withhold_fen(amount_fen=yuan * 100, month=month, paid=paid, method=method)
        paid.append(Payment(month, yuan * 100, due))
        taxes.append(due / 100)
    return taxes


class TestMonthly:
    @pytest.mark.parametrize(
        ("yuan", "expected"),
        [
            (780, 0),
            (800, 0),
            (801, 0.20),
            (1_500, 140),
            (4_000, 640),
            (5_000, 800),
            (10_000, 1_600),
            (25_000, 4_000),
            (30_000, 5_200),
            (50_000, 10_000),
            (62_500, 13_000),
            (80_000, 18_600),
        ],
    )
    def test_of_an_income(self, yuan, expected):
        assert tax.monthly_fen(yuan * 100) / 100 == expected

    @pytest.mark.parametrize(
        ("months", "expected"),
        [
            ([780] * 3, 0),
            ([5_000] * 3, 2_400),
            ([6_250] * 3, 3_000),
            ([10_000] * 12, 19_200),
            ([20_000] * 6, 19_200),
            ([3_000, 3_000, 40_000, 2_000], 8_720),
        ],
    )
    def test_of_a_year(self, months, expected):
        assert sum(year(*months, method=TaxMethod.MONTHLY)) == expected

    def test_takes_the_withdrawals_of_a_month_together(self):
        may = Month(2026, 5)
        paid = [Payment(may, 80_000, 0), Payment(Month(2026, 4), 900_000, 100_000)]
        assert tax.withhold_fen(amount_fen=70_000, month=may, paid=paid, method=TaxMethod.MONTHLY) == 14_000


class TestCumulative:
    @pytest.mark.parametrize(
        ("months", "expected"),
        [
            ([780] * 3, [0, 0, 0]),
            ([5_000] * 3, [0, 0, 0]),
            ([6_250] * 3, [0, 0, 0]),
            ([10_000] * 12, [90] * 12),
            ([20_000] * 6, [330, 330, 330, 890, 1_100, 1_100]),
            ([3_000, 3_000, 40_000, 2_000], [0, 0, 654, 0]),
            ([20_000] * 4, [330, 330, 330, 890]),
        ],
    )
    def test_of_a_year(self, months, expected):
        assert year(*months) == expected

    def test_begins_anew_after_a_month_without(self):
        assert year(8_000, 0, 0, 8_000, 8_000) == [42, 42, 42]

    def test_begins_anew_with_the_year(self):
        december = [Payment(Month(2025, 12), 2_000_000, 33_000)]
        january = Month(2026, 1)
        due = tax.withhold_fen(amount_fen=2_000_000, month=january, paid=december, method=TaxMethod.CUMULATIVE)
        assert due == 33_000

    def test_looks_at_no_later_month(self):
        june = [Payment(Month(2026, 6), 2_000_000, 33_000)]
        due = tax.withhold_fen(amount_fen=2_000_000, month=Month(2026, 5), paid=june, method=TaxMethod.CUMULATIVE)
        assert due == 33_000
        assert tax.run_of(Month(2026, 5), june) == ([], 1)

    def test_a_run_is_a_month_longer_for_each_month_with_a_withdrawal(self):
        paid = [Payment(Month(2026, number), 100, 0) for number in (1, 3, 4)]
        assert tax.run_of(Month(2026, 5), paid) == (paid[1:], 3)

    def test_takes_the_withdrawals_of_a_month_together(self):
        may = Month(2026, 5)
        first = tax.withhold_fen(amount_fen=1_000_000, month=may, paid=[], method=TaxMethod.CUMULATIVE)
        paid = [Payment(may, 1_000_000, first)]
        second = tax.withhold_fen(amount_fen=1_000_000, month=may, paid=paid, method=TaxMethod.CUMULATIVE)
        assert (first, second) == (9_000, 24_000)

    @pytest.mark.parametrize(
        ("yuan", "expected"),
        [(45_000, 1_080), (180_000, 11_880), (375_000, 43_080), (525_000, 73_080), (825_000, 145_080),
         (1_200_000, 250_080), (1_300_000, 286_080)],
    )  # fmt: skip
    def test_is_continuous_at_the_ends_of_the_bands(self, yuan, expected):
        assert tax.cumulative_fen(yuan * 100, 0) / 100 == expected

    def test_rounds_half_a_fen_up(self):
        # 80 % less the allowance leaves 16 fen and 16.8 fen; 3 % of them is 0.48 and 0.504 fen.
        assert tax.cumulative_fen(625_020, 1) == 0
        assert tax.cumulative_fen(625_021, 1) == 1


class TestWithhold:
    def test_none_takes_nothing(self):
        assert tax.withhold_fen(amount_fen=10**9, month=Month(2026, 1), paid=[], method=TaxMethod.NONE) == 0

    @given(st.lists(st.integers(100, 10**9), min_size=1, max_size=12), st.sampled_from(TaxMethod))
    def test_is_never_negative_and_never_more_than_the_amount(self, amounts, method):
        paid: list[Payment] = []
        for number, amount in enumerate(amounts):
            month = Month(2026, number // 2 + 1)
            due = tax.withhold_fen(amount_fen=amount, month=month, paid=paid, method=method)
            assert 0 <= due <= amount
            paid.append(Payment(month, amount, due))

    @given(st.lists(st.integers(100, 10**8), min_size=1, max_size=6))
    def test_splitting_a_month_changes_nothing(self, amounts):
        may = Month(2026, 5)
        paid: list[Payment] = []
        for amount in amounts:
            due = tax.withhold_fen(amount_fen=amount, month=may, paid=paid, method=TaxMethod.CUMULATIVE)
            paid.append(Payment(may, amount, due))
        assert sum(one.withheld_fen for one in paid) == tax.cumulative_fen(sum(amounts), 1)


class TestMonth:
    def test_december_is_followed_by_january(self):
        assert Month(2026, 12).next() == (2027, 1)
        assert Month(2026, 11).next() == (2026, 12)


class TestWorking:
    @pytest.mark.parametrize(
        ("method", "yuan", "expected"),
        [
            # allowance, taxable, percent, quick deduction, tax; all in yuan
            (TaxMethod.CUMULATIVE, 10_000, (5_000, 3_000, 3, 0, 90)),
            (TaxMethod.CUMULATIVE, 3_000, (5_000, 0, 0, 0, 0)),
            (TaxMethod.CUMULATIVE, 100_000, (5_000, 75_000, 10, 2_520, 4_980)),
            (TaxMethod.MONTHLY, 500, (800, 0, 0, 0, 0)),
            (TaxMethod.MONTHLY, 1_500, (800, 700, 20, 0, 140)),
            (TaxMethod.MONTHLY, 4_000, (800, 3_200, 20, 0, 640)),
            (TaxMethod.MONTHLY, 10_000, (0, 8_000, 20, 0, 1_600)),
            (TaxMethod.MONTHLY, 30_000, (0, 24_000, 30, 2_000, 5_200)),
            (TaxMethod.NONE, 10_000, (0, 0, 0, 0, 0)),
        ],
    )
    def test_shows_every_step(self, method, yuan, expected):
        found = tax.working(amount_fen=yuan * 100, month=Month(2026, 1), paid=[], method=method)
        fen = (found.allowance_fen, found.taxable_fen, found.percent * 100, found.quick_fen, found.tax_fen)
        assert tuple(one / 100 for one in fen) == expected

    def test_taxes_what_is_above_eight_hundred_yuan_to_the_fen(self):
        assert [tax.monthly_fen(fen) for fen in (80_002, 80_003)] == [0, 1]


class TestBands:
    def test_are_the_seven_of_the_year_and_the_three_of_a_month(self):
        """个人所得税预扣率表一、二（公告2018年第61号）: up to (yuan), percent, quick deduction (yuan)."""
        year = [
            (36_000, 3, 0), (144_000, 10, 2_520), (300_000, 20, 16_920), (420_000, 25, 31_920), (660_000, 30, 52_920),
            (960_000, 35, 85_920), (None, 45, 181_920),
        ]  # fmt: skip
        month = [(20_000, 20, 0), (50_000, 30, 2_000), (None, 40, 7_000)]
        for bands, expected in ((tax.CUMULATIVE, year), (tax.MONTHLY, month)):
            told = [(one.up_to_fen and one.up_to_fen / 100, one.percent, one.quick_fen / 100) for one in bands]
            assert told == expected
