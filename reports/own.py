"""The platform's own paid orders as columns in memory, a row a line of goods, one copy a process.

Orders are paid and refunded all day. The rows are read whole once; afterwards one aggregate by day says which days
moved, and those alone are read anew. No more than one part in ``PATIENCE`` of the time goes into reading: until then,
and while another reads, a question is answered from the rows as they were, and ``Columns.read_at`` says when that was.
"""

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import sqlalchemy as sa

from models import Member, Seat, db
from models.rules import region, shanghai
from models.rules.region import Level
from reports.columns import SUMS, Array, Columns, copied, gathered, in_order, patiently, renumbered

PATIENCE = 10
DAYS_MOST = 60
WHOLE_MOST = 3_000_000_000
"""An amount up to which the product of two fits 64 bits."""

_TEXTS = ("buyer", "scene", "region", "category", "product_code", "product_name")
_NUMBERS = {"order": "int64", "n": "int16", "day": "int32", "seller": "int64"} | dict.fromkeys(
    ("paid", "refund", "quantity", "weight"), "int64"
)
_TYPES: dict[str, Any] = dict.fromkeys(_TEXTS, "category") | _NUMBERS
_KEPT = (*_TEXTS, "order", "day", "seller", *SUMS)

_DAY = "(o.paid_at AT TIME ZONE 'Asia/Shanghai')::date - DATE '0001-01-01' + 1"
# A buyer who is a member and one who is only a code of the shop's never meet. A text goes out with a mark before it.
_ROWS = f"""
    SELECT coalesce('m' || o.buyer_id, 'b' || o.buyer), '=' || o.scene, '=' || o.region_code, '=' || l.category,
           '=' || l.product_code, '=' || l.title, o.id, coalesce(l.n, 0), {_DAY}, o.seller_id, o.paid_fen,
           o.refunded_fen, coalesce(l.quantity, 0), coalesce(l.quantity * l.price_fen, 0)
    FROM shop_order o LEFT JOIN order_line l ON l.order_id = o.id
    WHERE o.paid_at IS NOT NULL
"""
# A paid order never changes but by a refund, so that these tell whether a day's rows are still what they were.
_DIGESTS = sa.text(
    f"""
    SELECT {_DAY} AS day, count(*) || ' ' || sum(o.id) || ' ' || sum(o.paid_fen) || ' ' || sum(o.refunded_fen) AS sums
    FROM shop_order o WHERE o.paid_at IS NOT NULL GROUP BY 1
    """
)
# Every payment and refund is a posting, every change of a rank a change of standing, every step of a seat a move.
_MARK = sa.text(
    """
    SELECT (SELECT oid::bigint FROM pg_database WHERE datname = current_database()),
           (SELECT coalesce(max(id), 0) FROM shop_order), (SELECT coalesce(max(id), 0) FROM posting),
           (SELECT coalesce(max(id), 0) FROM standing_change), (SELECT coalesce(max(id), 0) FROM move),
           clock_timestamp()
    """
)


@dataclass(frozen=True)
class _Held:
    """The rows as they were read: raw, so that days can be exchanged, and as the columns that boards count over."""

    raw: dict[str, Array]
    known: dict[str, dict[str, int]]
    digests: Mapping[int, str]
    columns: Columns
    took: timedelta


_lock = threading.Lock()
_held: _Held | None = None


def current() -> Columns:
    """The columns of paid own orders, as fresh as ``PATIENCE`` allows."""
    held, (mark, at) = _held, _marked()
    is_here = held is not None and held.columns.version[0] == mark[0]
    if held is not None and held.columns.version == mark:
        return replace(held.columns, read_at=at)
    if held is not None and is_here and not _is_due(held, at):
        return held.columns
    if not _lock.acquire(blocking=not is_here):
        return held.columns if held is not None else current()
    try:
        return _renewed(*_marked())
    finally:
        _lock.release()


def _renewed(mark: tuple[int, ...], at: datetime) -> Columns:
    """The held columns where another thread has just read them, else read anew."""
    global _held
    held = _held if _held is not None and _held.columns.version[0] == mark[0] else None
    if held is None or (held.columns.version != mark and _is_due(held, at)):
        held = _held = _read(held, mark, at)
    return held.columns


def _is_due(held: _Held, at: datetime) -> bool:
    """Whether as long has passed as reading anew is worth."""
    read_at = held.columns.read_at
    return read_at is None or at >= read_at + held.took * PATIENCE


def _marked() -> tuple[tuple[int, ...], datetime]:
    """What moves with every change, and the database's clock."""
    *mark, at = db.session.execute(_MARK).one()
    return tuple(mark), at


def _read(held: _Held | None, mark: tuple[int, ...], at: datetime) -> _Held:
    """The rows anew: all of them, or those of the days that moved."""
    with patiently() as connection:
        digests = {row.day: row.sums for row in connection.execute(_DIGESTS)}
    before = held.digests if held else {}
    moved = {day for day in before.keys() | digests.keys() if before.get(day) != digests.get(day)}
    if held is not None and not moved:
        columns = _with_sellers(replace(held.columns, version=mark, read_at=at))
        return replace(held, columns=columns, took=_marked()[1] - at)
    if held is not None and len(moved) <= DAYS_MOST:
        raw, known = held.raw, held.known
        kept = ~np.isin(raw["day"], list(moved))
        rows = _rows(known, moved)
        raw = {name: np.concatenate([raw[name][kept], rows[name]]) for name in _KEPT}
    else:
        known = {name: {} for name in _TEXTS}
        raw = _rows(known, None)
    raw = {name: column[by_day] for by_day in [np.argsort(raw["day"], kind="stable")] for name, column in raw.items()}
    columns = _columns(raw, known, mark, at)
    return _Held(raw, known, digests, columns, took=_marked()[1] - at)


def _rows(known: dict[str, dict[str, int]], days: Collection[int] | None) -> dict[str, Array]:
    """Every row, or those paid on these days, in the order of orders and their lines."""
    load = f"COPY ({_ROWS}{_within(days)}) TO STDOUT (FORMAT csv)"
    found = gathered(copied(load, list(_TYPES), _TYPES), _TYPES, known)
    rank = np.lexsort((found["n"], found["order"]))
    found = {name: column[rank] for name, column in found.items()}
    found["paid_fen"], found["refund_fen"] = (
        parted(found["order"], found["weight"], found[name]) for name in ("paid", "refund")
    )
    return {name: found[name] for name in _KEPT}


def _within(days: Collection[int] | None) -> str:
    if days is None:
        return ""
    begins = (shanghai.begins(date.fromordinal(day)) for day in sorted(days))
    spans = (f"(o.paid_at >= '{one.isoformat()}' AND o.paid_at < '{one + timedelta(days=1)}')" for one in begins)
    return f" AND ({' OR '.join(spans)})"


def parted(order: Array, weight: Array, amount: Array) -> Array:
    """An order's amount over its lines by what they cost, rounded so that the parts of an order make up the whole.

    The rows lie order by order; each carries the amount of its whole order. Where no line costs anything the first
    takes all. A line's part is what it and those before it have, less what those before it have.
    """
    if not len(order):
        return amount.copy()
    is_first = np.append(True, order[1:] != order[:-1])
    starts = np.flatnonzero(is_first)
    lines = np.diff(np.append(starts, len(order)))
    whole = np.repeat(np.add.reduceat(weight, starts), lines)
    weight = np.where(whole == 0, is_first, weight)
    whole = np.where(whole == 0, 1, whole)
    upto = np.cumsum(weight)
    upto = upto - np.repeat(upto[starts] - weight[starts], lines)
    if int(whole.max()) > WHOLE_MOST:
        whole, upto = whole.astype(object), upto.astype(object)
    share = amount // whole * upto + amount % whole * upto // whole
    before = np.where(is_first, 0, np.append(0, share[:-1]))
    found: Array = (share - before).astype(np.int64)
    return found


def _columns(raw: dict[str, Array], known: dict[str, dict[str, int]], mark: tuple[int, ...], at: datetime) -> Columns:
    """The columns over rows in the order of their days."""
    words: dict[str, Array] = {}
    codes: dict[str, Array] = {}
    for key in ("scene", "category", "product_code", "product_name"):
        words[key], codes[key] = in_order(known[key], raw[key], number=False)
    for key, of in (("province_code", _province), ("city_code", _city)):
        words[key], codes[key] = _derived([of(text[1:]) for text in known["region"]], raw["region"])
    sellers, seller = np.unique(raw["seller"], return_inverse=True)
    words["seller_id"], codes["seller_id"] = _with_none(sellers.tolist()), seller.astype(np.int32)
    orders, order = np.unique(raw["order"], return_inverse=True)
    days, day = np.unique(raw["day"], return_inverse=True)
    columns = Columns(
        version=mark,
        words=words,
        codes=codes,
        days=days,
        offsets=np.searchsorted(day, np.arange(len(days) + 1)),
        day=day.astype(np.int32),
        order=renumbered(order.astype(np.int32), len(orders)),
        buyer=raw["buyer"],
        buyers=len(known["buyer"]),
        is_mixed=None,
        sums={name: raw[name] for name in SUMS},
        read_at=at,
    )
    return _with_sellers(columns)


def _with_sellers(columns: Columns) -> Columns:
    """The columns with what is said of their sellers now."""
    words, codes = dict(columns.words), dict(columns.codes)
    for key, values in _of_sellers(words["seller_id"][:-1].tolist()).items():
        words[key], codes[key] = _derived(values, codes["seller_id"])
    return replace(columns, words=words, codes=codes)


def _of_sellers(ids: list[int]) -> dict[str, list[Any]]:
    """How deep each seller sits below its root, its rank and its matrix, as they stand."""
    chosen = sa.select(Member.id, Seat.depth, Member.rank, Member.matrix_id).outerjoin(
        Seat, Seat.member_id == Member.id
    )
    rows = db.session.execute(chosen.where(Member.id == sa.any_(sa.literal(ids, sa.ARRAY(sa.BigInteger)))))
    found = {row.id: row for row in rows}
    return {
        "level": [found[one].depth for one in ids],
        "rank": [found[one].rank for one in ids],
        "matrix_id": [found[one].matrix_id for one in ids],
    }


def _derived(values: list[Any], codes: Array) -> tuple[Array, Array]:
    """Words and codes of what follows from another key: ``values`` by that key's codes."""
    words = sorted({value for value in values if value is not None})
    places = {value: place for place, value in enumerate(words)} | {None: len(words)}
    ranks = np.array([*(places[value] for value in values), len(words)], np.int32)
    return _with_none(words), ranks[codes]


def _with_none(words: list[Any]) -> Array:
    found = np.empty(len(words) + 1, object)
    found[:] = [*words, None]
    return found


def _province(code: str) -> str:
    return code[:2] + "0000"


def _city(code: str) -> str | None:
    """The city of a code; a municipality and a county right below its province have none."""
    city = region.table().get(code[:4] + "00")
    return city.code if city is not None and city.level is Level.CITY else None
