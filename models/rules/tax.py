"""Withholding on service income of individuals, both methods, in fen (公告 2025-16 and 2018-61)."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from models.rules.policy import TaxMethod


class Band(NamedTuple):
    """A bracket: taxable income up to here, the rate, and the quick deduction."""

    up_to_fen: int | None
    percent: int
    quick_fen: int


MONTHLY = (Band(2_000_000, 20, 0), Band(5_000_000, 30, 200_000), Band(None, 40, 700_000))

CUMULATIVE = (
    Band(3_600_000, 3, 0),
    Band(14_400_000, 10, 252_000),
    Band(30_000_000, 20, 1_692_000),
    Band(42_000_000, 25, 3_192_000),
    Band(66_000_000, 30, 5_292_000),
    Band(96_000_000, 35, 8_592_000),
    Band(None, 45, 18_192_000),
)

EXEMPT_FEN = 80_000
SMALL_FEN = 400_000
ALLOWANCE_FEN = 500_000
TAXED_PERCENT = 80


class Month(NamedTuple):
    """A calendar month of Asia/Shanghai."""

    year: int
    month: int

    def next(self) -> "Month":
        return Month(self.year + self.month // 12, self.month % 12 + 1)


@dataclass(frozen=True, slots=True)
class Payment:
    """A withdrawal that has not failed: gross and withheld fen of a month."""

    month: Month
    gross_fen: int
    withheld_fen: int


def _by_band(taxable_hundredths: int, bands: tuple[Band, ...]) -> int:
    """Tax in fen, half up, of a taxable amount in hundredths of a fen."""
    for band in bands:
        if band.up_to_fen is None or taxable_hundredths <= band.up_to_fen * 100:
            hundredths = taxable_hundredths * band.percent - band.quick_fen * 10_000
            return max(0, (hundredths + 5_000) // 10_000)
    raise AssertionError("the last band has no end")


def monthly_fen(income_fen: int) -> int:
    """Tax on one month's whole income (method A)."""
    if income_fen <= EXEMPT_FEN:
        return 0
    if income_fen <= SMALL_FEN:
        return _by_band((income_fen - EXEMPT_FEN) * 100, MONTHLY)
    return _by_band(income_fen * TAXED_PERCENT, MONTHLY)


def cumulative_fen(income_fen: int, months: int) -> int:
    """Tax on the income of a run of months together (method B)."""
    taxable = income_fen * TAXED_PERCENT - ALLOWANCE_FEN * 100 * months
    return _by_band(taxable, CUMULATIVE) if taxable > 0 else 0


def run_of(month: Month, paid: Iterable[Payment]) -> tuple[list[Payment], int]:
    """The payments that this month cumulates with, and the months of the run, this one included.

    A run stays within a year and begins anew after a month without withdrawals (rules 5.9).
    """
    payments = [one for one in paid if one.month <= month]
    busy = {one.month for one in payments} | {month}
    first = month
    while Month(first.year, first.month - 1) in busy:
        first = Month(first.year, first.month - 1)
    return [one for one in payments if one.month >= first], month.month - first.month + 1


def withhold_fen(*, amount_fen: int, month: Month, paid: Iterable[Payment], method: TaxMethod) -> int:
    """The tax that leaves with a withdrawal; never negative: too much withheld waits for the annual settling."""
    if method is TaxMethod.NONE:
        return 0
    if method is TaxMethod.MONTHLY:
        same = [one for one in paid if one.month == month]
        due = monthly_fen(sum(one.gross_fen for one in same) + amount_fen)
    else:
        same, months = run_of(month, paid)
        due = cumulative_fen(sum(one.gross_fen for one in same) + amount_fen, months)
    return min(amount_fen, max(0, due - sum(one.withheld_fen for one in same)))
