"""The frames of the boards asked of the database in SQL: what `reports/frames.py` must equal."""

from collections.abc import Sequence
from typing import Any

import pandas as pd
import sqlalchemy as sa

from models import db
from reports.frames import REPEAT_DAYS_MAX, Key
from reports.slices import ABSENT, Grain, Period, Scope, Slice

# Sorted by code point, as the frames are, whatever the collation of the database.
TEXT = sa.Text(collation="C")
SALE = sa.table(
    "sale",
    *(
        sa.column(name, kind)
        for name, kind in {
            "channel": sa.Text,
            "merchant_id": sa.BigInteger,
            "shop_id": sa.BigInteger,
            "line_id": sa.BigInteger,
            "order_number": sa.Text,
            "order_key": sa.Text,
            "buyer_key": sa.Text,
            "ordered_on": sa.Date,
            "paid_on": sa.Date,
            "province_code": sa.Text,
            "city_code": sa.Text,
            "sales_region": TEXT,
            "category_group": TEXT,
            "category": TEXT,
            "product_code": TEXT,
            "product_name": TEXT,
            "quantity": sa.BigInteger,
            "paid_fen": sa.BigInteger,
            "refund_fen": sa.BigInteger,
        }.items()
    ),
)
COLUMNS = SALE.c
SUMS = ("paid_fen", "refund_fen", "quantity")


FILTERS = {
    "sales_region": COLUMNS.sales_region,
    "province": COLUMNS.province_code,
    "city": COLUMNS.city_code,
    "category_group": COLUMNS.category_group,
    "category": COLUMNS.category,
    "shop": COLUMNS.shop_id,
}


def span(scope: Scope) -> Period | None:
    """From the first to the last day with a paid row; None where there is none."""
    rows = sa.select(COLUMNS.paid_on).where(COLUMNS.paid_on.is_not(None), *_within(scope)).limit(1)
    first = db.session.scalar(rows.order_by(COLUMNS.paid_on))
    last = db.session.scalar(rows.order_by(COLUMNS.paid_on.desc()))
    return Period(first, last) if first and last else None


def measured(part: Slice, *keys: Key, grain: Grain | None = None) -> pd.DataFrame:
    """A row a group: sums, distinct orders and buyers, buyers of two or more distinct days.

    With a grain the first column is the bucket. ``known_orders`` are the orders whose buyer is known; an order counts
    as the buyer's whose code its rows carry.
    """
    groups = _groups(keys, grain)
    names = [group.name for group in groups]
    orders = (
        sa.select(
            *groups,
            sa.func.max(COLUMNS.buyer_key).label("buyer_key"),
            sa.func.min(COLUMNS.paid_on).label("first_on"),
            sa.func.max(COLUMNS.paid_on).label("last_on"),
            *(sa.func.sum(COLUMNS[name]).label(name) for name in SUMS),
        )
        .where(*_where(part))
        .group_by(*groups, COLUMNS.order_key)
        .subquery()
    )
    buyers = (
        sa.select(
            *(orders.c[name] for name in names),
            orders.c.buyer_key,
            sa.func.count().label("orders"),
            (sa.func.min(orders.c.first_on) < sa.func.max(orders.c.last_on)).label("is_repeat"),
            *(sa.func.sum(orders.c[name]).label(name) for name in SUMS),
        )
        .group_by(*(orders.c[name] for name in names), orders.c.buyer_key)
        .subquery()
    )
    is_known = buyers.c.buyer_key.is_not(None)
    measures = [
        *(_total(buyers.c[name]).label(name) for name in (*SUMS, "orders")),
        _total(buyers.c.orders, is_known).label("known_orders"),
        sa.func.count(buyers.c.buyer_key).label("buyers"),
        sa.func.count().filter(sa.and_(is_known, buyers.c.is_repeat)).label("repeat_buyers"),
    ]
    outer = [buyers.c[name] for name in names]
    return _frame(sa.select(*outer, *measures).group_by(*outer).order_by(*outer), counts=[m.name for m in measures])


def summed(part: Slice, *sets: Sequence[Key | Grain]) -> list[pd.DataFrame]:
    """One scan, a frame for each set of keys, with the sums alone: what needs no distinct count costs a third."""
    keys = list(dict.fromkeys(key for keys in sets for key in keys))
    groups = {key: _group(key) for key in keys}
    mark = sa.func.grouping(*groups.values()).label("mark") if groups else sa.literal(0).label("mark")
    measures = [_total(COLUMNS[name]).label(name) for name in SUMS]
    grouping = sa.func.grouping_sets(*(sa.tuple_(*(groups[key] for key in keys)) for keys in sets))
    query = (
        sa.select(mark, *groups.values(), *measures).where(*_where(part)).group_by(grouping).order_by(*groups.values())
    )
    frame = _frame(query, counts=["mark", *SUMS])
    found = []
    for wanted in sets:
        absent = sum(1 << (len(keys) - 1 - place) for place, key in enumerate(keys) if key not in wanted)
        names = [groups[key].name for key in wanted]
        found.append(frame.loc[frame["mark"] == absent, [*names, *SUMS]].reset_index(drop=True))
    return found


def frequency(part: Slice) -> pd.DataFrame:
    """How many buyers paid on how many distinct days: `days` (the last row means that many or more), `buyers`."""
    days = sa.select(COLUMNS.buyer_key, COLUMNS.paid_on).where(*_where(part), COLUMNS.buyer_key.is_not(None))
    distinct = days.group_by(COLUMNS.buyer_key, COLUMNS.paid_on).subquery()
    each = sa.select(sa.func.count(distinct.c.paid_on).label("days")).group_by(distinct.c.buyer_key).subquery()
    capped = sa.func.least(each.c.days, REPEAT_DAYS_MAX).label("days")
    query = sa.select(capped, sa.func.count().label("buyers")).group_by(capped).order_by(capped)
    return _frame(query, counts=["days", "buyers"])


def cohorts(part: Slice) -> pd.DataFrame:
    """Buyers of each month by the month of their first payment in the slice: `cohort`, `month`, `buyers`."""
    month = _group(Grain.MONTH).label("month")
    active = (
        sa.select(COLUMNS.buyer_key, month)
        .where(*_where(part), COLUMNS.buyer_key.is_not(None))
        .group_by(COLUMNS.buyer_key, month)
        .subquery()
    )
    first = sa.func.min(active.c.month).over(partition_by=active.c.buyer_key).label("cohort")
    dated = sa.select(first, active.c.month).subquery()
    keys = (dated.c.cohort, dated.c.month)
    query = sa.select(*keys, sa.func.count().label("buyers")).group_by(*keys).order_by(*keys)
    return _frame(query, counts=["buyers"])


def catalogue(scope: Scope) -> pd.DataFrame:
    """Every pair of `category_group` and `category` that was ever sold: what the filters offer."""
    keys = (COLUMNS.category_group, COLUMNS.category)
    return _frame(sa.select(*keys).where(*_within(scope)).group_by(*keys).order_by(*keys))


def sales_regions(scope: Scope) -> list[str]:
    """The merchants' own names for parts of the country, such as 东区."""
    column = COLUMNS.sales_region
    query = sa.select(column).where(column.is_not(None), *_within(scope)).group_by(column).order_by(column)
    return list(db.session.scalars(query))


def _groups(keys: Sequence[Key], grain: Grain | None) -> list[sa.ColumnElement[Any]]:
    return [_group(key) for key in ([grain] if grain else []) + list(keys)]


def _group(key: Key | Grain) -> Any:
    if isinstance(key, Key):
        return COLUMNS[key.value]
    if key is Grain.DAY:
        return COLUMNS.paid_on.label("bucket")
    # Truncating a date as a timestamp without zone keeps it the Shanghai day it is.
    moment = sa.cast(COLUMNS.paid_on, sa.TIMESTAMP)
    return sa.cast(sa.func.date_trunc(sa.literal_column(f"'{key.value}'"), moment), sa.Date).label("bucket")


def _where(part: Slice) -> list[sa.ColumnElement[bool]]:
    conditions = [COLUMNS.paid_on.between(part.period.start, part.period.end), *_within(part.scope)]
    for name, column in FILTERS.items():
        wanted = getattr(part, name)
        if wanted is not None:
            conditions.append(column.is_(None) if wanted == ABSENT else column == wanted)
    return conditions


def _within(scope: Scope) -> list[sa.ColumnElement[bool]]:
    return [] if scope.merchant_id is None else [COLUMNS.merchant_id == scope.merchant_id]


def _total(column: sa.ColumnElement[Any], where: sa.ColumnElement[bool] | None = None) -> sa.ColumnElement[int]:
    """A sum as an integer: PostgreSQL sums bigint to numeric, which would arrive as Decimal."""
    total = sa.func.sum(column)
    return sa.cast(sa.func.coalesce(total.filter(where) if where is not None else total, 0), sa.BigInteger)


def _frame(query: sa.Select[Any], counts: Sequence[str] = ()) -> pd.DataFrame:
    result = db.session.execute(query)
    frame = pd.DataFrame(result.all(), columns=list(result.keys()), dtype=object)
    return frame.astype(dict.fromkeys(counts, "int64"))
