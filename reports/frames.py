"""Slices to frames: what the boards count, one grain a function, from the columns of imported rows or own orders.

Money is fen, days are those of Asia/Shanghai, and only paid rows count: a row belongs to the day it was paid. Groups
come in the order of their keys, absent ones last.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa

from models import Matrix, Merchant, Region, Shop, db
from reports import columns, own, tally
from reports.columns import UNKNOWN, Array, Columns, Version
from reports.slices import Grain, Period, Scope, Slice, Source
from reports.tally import Groups, Rows, Within

REPEAT_DAYS_MAX = 6
DAY = timedelta(days=1)


class Key(StrEnum):
    """What rows can be grouped by; a key that the rows of a source do not know is absent there throughout."""

    SHOP = "shop_id"
    SALES_REGION = "sales_region"
    PROVINCE = "province_code"
    CITY = "city_code"
    CATEGORY_GROUP = "category_group"
    CATEGORY = "category"
    PRODUCT_CODE = "product_code"
    PRODUCT_NAME = "product_name"
    LEVEL = "level"
    RANK = "rank"
    SCENE = "scene"
    NETWORK = "matrix_id"
    SELLER = "seller_id"


_steady: ContextVar[dict[Source, Columns] | None] = ContextVar("steady", default=None)


@contextmanager
def steady() -> Iterator[None]:
    """Every frame made inside counts the same rows, whatever is paid meanwhile."""
    token = _steady.set({})
    try:
        yield
    finally:
        _steady.reset(token)


def _columns(source: Source) -> Columns:
    kept = _steady.get()
    if kept is not None and source in kept:
        return kept[source]
    found = own.current() if source is Source.OWN else columns.current()
    if kept is not None:
        kept[source] = found
    return found


def version(source: Source = Source.IMPORT) -> Version:
    """What names the rows as they stand, for whatever is remembered about them."""
    return _columns(source).version if source is Source.OWN else columns.version()


def read_at(source: Source) -> datetime | None:
    """When rows that change all day were last read; None where the rows are those of now."""
    return _columns(source).read_at


def default_source(scope: Scope) -> Source:
    """Which orders to open with: the platform's own where it has any."""
    return Source.OWN if span(scope, Source.OWN) is not None else Source.IMPORT


def span(scope: Scope, source: Source = Source.IMPORT) -> Period | None:
    """From the first to the last day with a paid row; None where there is none."""
    held = _columns(source)
    if not len(held.days):
        return None
    rows = _rows(Slice(Period(_day(held.days[0]), _day(held.days[-1])), scope, source))
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


def sellers(part: Slice, grain: Grain | None = None) -> pd.DataFrame:
    """Distinct sellers, and those whose first paid order of all lies in the group: a bucket a row with a grain."""
    rows = _rows(part)
    groups = rows.groups([grain] if grain else [])
    held = rows.columns
    words, codes = held.key(Key.SELLER)
    first = np.full(len(words), len(held.days))
    np.minimum.at(first, codes, held.day)
    seller = rows.take(codes)
    is_first = rows.day == first[seller]
    counted = {"count": groups.count, "size": len(words)}
    found = {
        "sellers": tally.distinct(groups.of, seller, **counted),
        "first_sellers": tally.distinct(groups.of[is_first], seller[is_first], **counted),
    }
    return _frame(groups.labels, found)


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


def catalogue(scope: Scope, source: Source = Source.IMPORT) -> pd.DataFrame:
    """Every pair of `category_group` and `category` that was ever sold: what the filters offer."""
    return _frame(_ever(scope, source, Key.CATEGORY_GROUP, Key.CATEGORY).labels, {})


def sales_regions(scope: Scope) -> list[str]:
    """The merchants' own names for parts of the country, such as 东区."""
    return ever(scope, Source.IMPORT, Key.SALES_REGION)


def ever(scope: Scope, source: Source, key: Key) -> list[Any]:
    """The values that a key ever had, in their order."""
    return [word for word in _ever(scope, source, key).labels[key] if word is not None]


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


def networks(scope: Scope) -> dict[int, str]:
    """Names of the networks of the scope by the id of their matrix."""
    query = sa.select(Matrix.id, Matrix.code, Merchant.name).join(Merchant, Merchant.id == Matrix.merchant_id)
    if scope.merchant_id is not None:
        query = query.where(Matrix.merchant_id == scope.merchant_id)
    return {row.id: f"{row.code} · {row.name}" for row in db.session.execute(query.order_by(Matrix.id))}


def _rows(part: Slice) -> Rows:
    return Rows(_columns(part.source), part, _within(part.scope, part.source))


def _within(scope: Scope, source: Source) -> Within | None:
    """The networks or shops a scope may read, asked anew each time; None for all."""
    if scope.merchant_id is None:
        return None
    key, table = (Key.NETWORK, Matrix) if source is Source.OWN else (Key.SHOP, Shop)
    return key, list(db.session.scalars(sa.select(table.id).where(table.merchant_id == scope.merchant_id)))


def _known(part: Slice) -> tuple[Rows, Array]:
    rows = _rows(part)
    return rows, rows.buyer != UNKNOWN


def _ever(scope: Scope, source: Source, *keys: Key) -> Groups:
    """The groups of every row of the scope, paid or not."""
    return Rows(_columns(source), None, _within(scope, source)).groups(keys)


def _day(ordinal: Any) -> date:
    return date.fromordinal(int(ordinal))


def _frame(labels: Mapping[str, Array], values: Mapping[str, Array]) -> pd.DataFrame:
    found = {name: pd.Series(each, dtype=object) for name, each in labels.items()}
    return pd.DataFrame(found | {name: pd.Series(each, dtype="int64") for name, each in values.items()})
