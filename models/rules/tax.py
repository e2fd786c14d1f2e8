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


@dataclass(frozen=True, slots=True, kw_only=True)
class Working:
    """How a withholding came about, step by step: what is added up, the taxable part, the bracket, what is left."""

    method: TaxMethod
    months: int
    before_fen: int
    income_fen: int
    allowance_fen: int
    taxable_fen: int
    percent: int
    quick_fen: int
    due_fen: int
    withheld_fen: int
    tax_fen: int


def working(*, amount_fen: int, month: Month, paid: Iterable[Payment], method: TaxMethod) -> Working:
    """The tax that leaves with a withdrawal, shown with every step that led to it."""
    if method is TaxMethod.CUMULATIVE:
        same, months = run_of(month, paid)
    else:
        same, months = [one for one in paid if one.month == month], 1
    before = sum(one.gross_fen for one in same)
    income, withheld = before + amount_fen, sum(one.withheld_fen for one in same)
    due = {TaxMethod.NONE: 0, TaxMethod.MONTHLY: monthly_fen(income)}.get(method, cumulative_fen(income, months))
    allowance, taxable, bands = _taxable(income, months, method)
    band = next(one for one in bands if one.up_to_fen is None or taxable <= one.up_to_fen * 100)
    return Working(
        method=method,
        months=months,
        before_fen=before,
        income_fen=income,
        allowance_fen=allowance,
        taxable_fen=taxable // 100,
        percent=band.percent if taxable > 0 else 0,
        quick_fen=band.quick_fen if taxable > 0 else 0,
        due_fen=due,
        withheld_fen=withheld,
        tax_fen=min(amount_fen, max(0, due - withheld)),
    )


def _taxable(income_fen: int, months: int, method: TaxMethod) -> tuple[int, int, tuple[Band, ...]]:
    """What is let off, the taxable part in hundredths of a fen, and the brackets that apply to it."""
    if method is TaxMethod.CUMULATIVE:
        allowance = ALLOWANCE_FEN * months
        return allowance, max(0, income_fen * TAXED_PERCENT - allowance * 100), CUMULATIVE
    if method is TaxMethod.MONTHLY and income_fen <= SMALL_FEN:
        return EXEMPT_FEN, max(0, income_fen - EXEMPT_FEN) * 100, MONTHLY
    return 0, income_fen * TAXED_PERCENT if method is TaxMethod.MONTHLY else 0, MONTHLY


def withhold_fen(*, amount_fen: int, month: Month, paid: Iterable[Payment], method: TaxMethod) -> int:
    """The tax that leaves with a withdrawal; never negative: too much withheld waits for the annual settling."""
    return working(amount_fen=amount_fen, month=month, paid=paid, method=method).tax_fen
