"""Slices to frames: what the boards count, one grain a function, from the columns of the view `sale`.

Money is fen, days are those of Asia/Shanghai, and only paid rows count: a row belongs to the day it was paid. Groups
come in the order of their keys, absent ones last.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from models import Region, Shop, db
from reports import columns, tally
from reports.columns import UNKNOWN, Array, Version
from reports.slices import Grain, Period, Scope, Slice
from reports.tally import Groups, Rows

REPEAT_DAYS_MAX = 6


class Key(StrEnum):
    """What rows can be grouped by: columns of the view."""

    CHANNEL = "channel"
    SHOP = "shop_id"
    SALES_REGION = "sales_region"
    PROVINCE = "province_code"
    CITY = "city_code"
    CATEGORY_GROUP = "category_group"
    CATEGORY = "category"
    PRODUCT_CODE = "product_code"
    PRODUCT_NAME = "product_name"


def version() -> Version:
    """What names the rows as they stand, for whatever is remembered about them."""
    return columns.version()


def span(scope: Scope) -> Period | None:
    """From the first to the last day with a paid row; None where there is none."""
    held = columns.current()
    if not len(held.days):
        return None
    rows = _rows(Slice(Period(_day(held.days[0]), _day(held.days[-1])), scope))
    if not len(rows.day):
        return None
    first, last = held.days[rows.day[[0, -1]]]
    return Period(_day(first), _day(last))


def measured(part: Slice, *keys: Key, grain: Grain | None = None) -> pd.DataFrame:
    """A row a group: sums, distinct orders and buyers, buyers of two or more distinct days.

    With a grain the first column is the bucket. ``known_orders`` are the orders whose buyer is known; an order counts
    as the buyer's whose code its rows carry.
    """
    rows = _rows(part)
    groups = rows.groups([grain, *keys] if grain else keys)
    return _frame(groups.labels, rows.sums(groups) | rows.counts(groups))


def summed(part: Slice, *sets: Sequence[Key | Grain]) -> list[pd.DataFrame]:
    """A frame for each set of keys, with the sums alone."""
    rows = _rows(part)
    found = [rows.groups(keys) for keys in sets]
    return [_frame(groups.labels, rows.sums(groups)) for groups in found]


def frequency(part: Slice) -> pd.DataFrame:
    """How many buyers paid on how many distinct days: `days` (the last row means that many or more), `buyers`."""
    rows, is_known = _known(part)
    buyers = max(1, rows.columns.buyers)
    each = tally.distinct(rows.buyer[is_known], rows.day[is_known], count=buyers, size=len(rows.columns.days) or 1)
    found = np.bincount(np.minimum(each[each > 0], REPEAT_DAYS_MAX))
    days = np.flatnonzero(found)
    return _frame({}, {"days": days, "buyers": found[days]})


def cohorts(part: Slice) -> pd.DataFrame:
    """Buyers of each month by the month of their first payment in the slice: `cohort`, `month`, `buyers`."""
    rows, is_known = _known(part)
    month, words = rows.buckets(Grain.MONTH)
    months, buyers = len(words), max(1, rows.columns.buyers)
    seen = tally.pairs(rows.buyer[is_known], month[is_known], count=buyers, size=months)
    buyer, active = seen.split(tally.taken(seen))
    first = np.full(buyers, months)
    np.minimum.at(first, buyer, active)
    found = np.bincount(first[buyer] * months + active, minlength=months * months)
    places = np.flatnonzero(found)
    return _frame({"cohort": words[places // months], "month": words[places % months]}, {"buyers": found[places]})


def catalogue(scope: Scope) -> pd.DataFrame:
    """Every pair of `category_group` and `category` that was ever sold: what the filters offer."""
    return _frame(_ever(scope, Key.CATEGORY_GROUP, Key.CATEGORY).labels, {})


def sales_regions(scope: Scope) -> list[str]:
    """The merchants' own names for parts of the country, such as 东区."""
    names = _ever(scope, Key.SALES_REGION).labels["sales_region"]
    return [name for name in names if name is not None]


def regions(parent_code: str | None = None) -> dict[str, str]:
    """Names by code: the provinces, or the divisions right below one."""
    query = sa.select(Region.code, Region.name).order_by(Region.code)
    level = Region.level == 1 if parent_code is None else Region.parent_code == parent_code
    return dict(db.session.execute(query.where(level)).all())


def cities() -> dict[str, str]:
    """Names of every city by code."""
    query = sa.select(Region.code, Region.name).where(Region.level == 2)
    return dict(db.session.execute(query).all())


def shops(scope: Scope) -> dict[int, str]:
    """Names of the shops of the scope by id."""
    query = sa.select(Shop.id, Shop.name).order_by(Shop.name, Shop.id)
    if scope.merchant_id is not None:
        query = query.where(Shop.merchant_id == scope.merchant_id)
    return dict(db.session.execute(query).all())


def _rows(part: Slice) -> Rows:
    return Rows(columns.current(), part, _within(part.scope))


def _within(scope: Scope) -> list[int] | None:
    """The shops a scope may read, asked anew each time; None for all."""
    if scope.merchant_id is None:
        return None
    return list(db.session.scalars(sa.select(Shop.id).where(Shop.merchant_id == scope.merchant_id)))


def _known(part: Slice) -> tuple[Rows, Array]:
    rows = _rows(part)
    return rows, rows.buyer != UNKNOWN


def _ever(scope: Scope, *keys: Key) -> Groups:
    """The groups of every row of the scope, paid or not."""
    return Rows(columns.current(), None, _within(scope)).groups(keys)


def _day(ordinal: Any) -> date:
    return date.fromordinal(int(ordinal))


def _frame(labels: Mapping[str, Array], values: Mapping[str, Array]) -> pd.DataFrame:
    found = {name: pd.Series(each, dtype=object) for name, each in labels.items()}
    return pd.DataFrame(found | {name: pd.Series(each, dtype="int64") for name, each in values.items()})
