"""The arithmetic from frames to the figures of `reports/definitions`. Pure: no SQL, no clock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from reports.definitions import METRICS, Metric
from reports.numbers import Unit
from reports.slices import Grain, Period, buckets

DEGENERATE_RATE = 0.99
DEGENERATE_BUYERS = 30


@dataclass(frozen=True)
class Tile:
    """One figure beside the same figure of the period before. None means: cannot be known from these rows.

    ``change`` is relative for amounts and counts, a difference of fractions for rates; None without a period before.
    """

    metric: Metric
    value: float | None
    before: float | None
    change: float | None

    @property
    def is_good(self) -> bool | None:
        """Whether the change is good news; None where there is no change to speak of."""
        if not self.change:
            return None
        return (self.change > 0) != self.metric.is_cost


def measures(frame: pd.DataFrame) -> pd.DataFrame:
    """Every metric of a frame of `frames.measured` or `frames.summed`, one column each beside the keys.

    Figures that need a buyer are missing (NaN) where no row of the group names one: unknown is not zero.
    """
    found = frame.drop(columns=[name for name in _RAW if name in frame]).copy()
    paid, refund, pieces = (frame[name].astype("float64") for name in ("paid_fen", "refund_fen", "quantity"))
    found["gmv"], found["net_gmv"], found["refund"], found["pieces"] = paid, paid - refund, refund, pieces
    found["refund_rate"] = _ratio(refund, paid)
    found["average_piece"] = _ratio(paid, pieces)
    if "orders" in frame:
        orders, known = frame["orders"].astype("float64"), frame["known_orders"].astype("float64")
        buyers = frame["buyers"].astype("float64").where(frame["buyers"] > 0)
        buyers = buyers.mask((orders == 0) & (frame["buyers"] == 0), 0.0)
        found["orders"], found["buyers"] = orders, buyers
        found["repeat_buyers"] = frame["repeat_buyers"].astype("float64").where(buyers.notna())
        found["repurchase"] = _ratio(found["repeat_buyers"], buyers)
        found["average_order"] = _ratio(paid, orders)
        found["orders_per_buyer"] = _ratio(known, buyers)
    if "sellers" in frame:
        found["sales_per_seller"] = _ratio(paid, frame["sellers"].astype("float64"))
    return found


_RAW = ("paid_fen", "refund_fen", "quantity", "orders", "known_orders", "buyers", "repeat_buyers")


def tiles(now: pd.DataFrame, before: pd.DataFrame, keys: Sequence[str]) -> list[Tile]:
    """The named metrics of two total frames (one row each) side by side."""
    current, past = measures(now).iloc[0], measures(before).iloc[0]
    had_orders = int(before["orders"].iloc[0]) > 0
    return [_tile(METRICS[key], _known(current[key]), _known(past[key]) if had_orders else None) for key in keys]


def _tile(metric: Metric, value: float | None, before: float | None) -> Tile:
    change = None
    if value is not None and before is not None:
        if metric.unit is Unit.RATE:
            change = value - before
        elif before:
            change = value / before - 1
    return Tile(metric, value, before, change)


def coverage(totals: pd.DataFrame) -> float | None:
    """The share of paid orders whose buyer is known; None without orders."""
    orders = int(totals["orders"].iloc[0])
    return int(totals["known_orders"].iloc[0]) / orders if orders else None


def is_degenerate(totals: pd.DataFrame) -> bool:
    """Whether nearly every buyer came back, as distributors do: the rate then says nothing about the goods."""
    buyers, repeat = int(totals["buyers"].iloc[0]), int(totals["repeat_buyers"].iloc[0])
    return buyers >= DEGENERATE_BUYERS and repeat >= DEGENERATE_RATE * buyers


def over_time(frame: pd.DataFrame, period: Period, grain: Grain) -> pd.DataFrame:
    """One row a bucket of the period, in order; a bucket without any paid row is a gap (NaN), not a zero."""
    return frame.set_index("bucket").reindex(pd.Index(buckets(period, grain), name="bucket")).reset_index()


def ranked(frame: pd.DataFrame, by: str) -> pd.DataFrame:
    """The groups from the largest to the smallest, with `share` of the sum; equal ones in their old order."""
    found = frame.sort_values(by, ascending=False, kind="stable").reset_index(drop=True)
    total = found[by].sum()
    found["share"] = found[by] / total if total else float("nan")
    return found


def retention(frame: pd.DataFrame) -> pd.DataFrame:
    """Share of each cohort that paid again so many months after its first month.

    Rows `cohort`, first column `size`, then one column a month of distance from 0 (always 1). A month nobody of the
    cohort came back in is 0; a month that lies after the last one of the frame is NaN.
    """
    if frame.empty:
        return pd.DataFrame(columns=["size"])
    distance = frame["month"].map(_months) - frame["cohort"].map(_months)
    counts = frame.assign(distance=distance).pivot(index="cohort", columns="distance", values="buyers").sort_index()
    last = int(frame["month"].map(_months).max())
    counts = counts.reindex(columns=range(int(distance.max()) + 1)).fillna(0).astype("float64")
    size = counts[0]
    found = counts.div(size, axis=0)
    for cohort in found.index:
        found.loc[cohort, [step for step in found.columns if _months(cohort) + step > last]] = float("nan")
    found.insert(0, "size", size)
    return found


def _months(day: date) -> int:
    return day.year * 12 + day.month


def _ratio(part: pd.Series, whole: pd.Series) -> pd.Series:
    return part / whole.where(whole > 0)


def _known(value: float) -> float | None:
    return None if pd.isna(value) else float(value)
