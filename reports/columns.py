"""The rows of the view `sale` as columns in memory: what the boards count of imports, one copy a process.

The columns follow the data: every question first asks the database which version of it stands, and the first question
after a change reads the rows anew while the others wait. Texts are codes into sorted words, days are places in a sorted
list of days, and the rows lie in the order of their days, so that a period is a slice.
"""

import io
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import numpy as np
import pandas as pd
import sqlalchemy as sa
from numpy.typing import NDArray

from models import HistoryLine, ImportRun, db

Array = NDArray[Any]
Version = tuple[int, ...]

KEYS = (
    *("shop_id", "sales_region", "province_code", "city_code"),
    *("category_group", "category", "product_code", "product_name"),
)
SUMS = ("paid_fen", "refund_fen", "quantity")
UNPAID = 2**31 - 1
UNKNOWN = -1
LOAD_SECONDS = 120
CHUNK_ROWS = 100_000
BLOCK_BYTES = 1 << 18

# A text goes out with a mark before it, so that an empty one differs from an absent one.
_MARKED = ", ".join(f"'=' || {key}" for key in KEYS)
_LOAD = (
    f"COPY (SELECT {_MARKED}, order_key, buyer_key, coalesce(paid_on - DATE '0001-01-01' + 1, {UNPAID}),"
    f" {', '.join(f'coalesce({name}, 0)' for name in SUMS)} FROM sale) TO STDOUT (FORMAT csv)"
)
_TEXTS = (*KEYS, "order", "buyer")
_TYPES: dict[str, Any] = dict.fromkeys(_TEXTS, "category") | {"day": "int32"} | dict.fromkeys(SUMS, "int64")
_LIMIT = sa.text("SELECT set_config('statement_timeout', :limit, true)")


@dataclass(frozen=True)
class Columns:
    """Every row of one version, sorted by day, the unpaid ones last.

    ``codes`` of a key point into its ``words``, whose last one is None. ``days`` are ordinals of Asia/Shanghai and
    ``offsets`` say where the rows of each begin; ``day`` is a row's place among them. An unknown ``buyer`` is -1, and a
    greater code is a greater buyer key. ``is_mixed`` marks the rows of orders that do not name one buyer throughout.
    ``read_at`` is when rows that change all day were last read.
    """

    version: Version
    words: dict[str, Array]
    codes: dict[str, Array]
    days: Array
    offsets: Array
    day: Array
    order: Array
    buyer: Array
    buyers: int
    is_mixed: Array | None
    sums: dict[str, Array]
    read_at: datetime | None = None

    def key(self, name: str) -> tuple[Array, Array]:
        """A key's words and the rows' codes; what these rows do not know is absent throughout."""
        if name in self.words:
            return self.words[name], self.codes[name]
        return np.array([None], object), np.zeros(len(self.day), np.int8)

    def window(self, start: date, end: date) -> slice:
        """Where the rows paid within these days lie."""
        first, last = np.searchsorted(self.days, [start.toordinal(), end.toordinal() + 1])
        return slice(int(self.offsets[first]), int(self.offsets[last]))

    @property
    def bytes(self) -> int:
        """What the columns themselves take."""
        arrays = [*self.codes.values(), *self.sums.values(), self.day, self.order, self.buyer]
        return sum(array.nbytes for array in arrays) + (0 if self.is_mixed is None else self.is_mixed.nbytes)


_lock = threading.Lock()
_held: Columns | None = None


def version() -> Version:
    """What names the rows as they stand: every publication and every undo moves it, and it never comes back.

    The newest row alone would not do: an import that began earlier may appear later. The first part is the database.
    """
    mark = sa.text("(SELECT oid::bigint FROM pg_database WHERE datname = current_database())")
    newest = sa.select(sa.func.coalesce(sa.func.max(HistoryLine.id), 0)).scalar_subquery()
    counts = (sa.func.count(ImportRun.published_at), sa.func.count(ImportRun.undone_at))
    database, row, published, undone = db.session.execute(sa.select(mark, newest, *counts)).one()
    return int(database), int(row), int(published), int(undone)


def current() -> Columns:
    """The columns of the rows as they stand; the first to ask after a change builds them while the others wait."""
    global _held
    found, wanted = _held, version()
    if found is not None and found.version == wanted:
        return found
    with _lock:
        wanted = version()
        if _held is None or _held.version != wanted:
            found = _held = None
            _held = _built(wanted)
        return _held


class _Blocks(io.RawIOBase):
    """What COPY sends, a row a message, as a stream of bytes."""

    def __init__(self, copy: Any) -> None:
        self.rows = iter(copy)
        self.rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, target: Any) -> int:
        parts, size = [self.rest], len(self.rest)
        while size < len(target) and (row := next(self.rows, None)) is not None:
            parts.append(row)
            size += len(row)
        data = b"".join(bytes(part) for part in parts)
        count = min(len(target), size)
        target[:count], self.rest = data[:count], data[count:]
        return count


@contextmanager
def patiently() -> Iterator[sa.Connection]:
    """The session's connection under a statement limit of its own."""
    connection = db.session.connection()
    limit = connection.scalar(sa.text("SELECT current_setting('statement_timeout')"))
    connection.execute(_LIMIT, {"limit": f"{LOAD_SECONDS}s"})
    yield connection
    connection.execute(_LIMIT, {"limit": limit})


def copied(load: str, names: Sequence[str], types: dict[str, Any]) -> Iterator[pd.DataFrame]:
    """What a COPY answers, some thousand rows at a time, the first time none."""
    with patiently() as connection:
        driver: Any = connection.connection.driver_connection
        yield from _read(driver, load, list(names), types)


def _read(driver: Any, load: str, names: list[str], types: dict[str, Any]) -> Iterator[pd.DataFrame]:
    with driver.cursor() as cursor, cursor.copy(load) as copy:
        stream = io.BufferedReader(_Blocks(copy), BLOCK_BYTES)
        yield pd.DataFrame(columns=names).astype(types)
        if stream.peek(1):
            yield from pd.read_csv(
                stream,
                header=None,
                names=names,
                dtype=types,
                chunksize=CHUNK_ROWS,
                keep_default_na=False,
                na_values=[""],
            )


def gathered(
    chunks: Iterable[pd.DataFrame], names: Iterable[str], known: dict[str, dict[str, int]]
) -> dict[str, Array]:
    """The chunks as one array a name; texts are codes into the words that are ``known``, which grow."""
    parts: dict[str, list[Array]] = {name: [] for name in names}
    for chunk in chunks:
        for name, found in parts.items():
            found.append(_coded(chunk[name], known[name]) if name in known else chunk[name].to_numpy())
    return {name: np.concatenate(found) for name, found in parts.items()}


def _built(wanted: Version) -> Columns:
    known: dict[str, dict[str, int]] = {name: {} for name in _TEXTS}
    raw = gathered(copied(_LOAD, [*_TEXTS, "day", *SUMS], _TYPES), _TYPES, known)
    by_day = np.argsort(raw["day"], kind="stable")
    words, codes = {}, {}
    for key in KEYS:
        words[key], codes[key] = in_order(known.pop(key), raw.pop(key)[by_day], number=key == "shop_id")
    order = renumbered(raw["order"][by_day], len(known["order"]))
    buyer = _ranks(known["buyer"], absent=UNKNOWN)[raw["buyer"][by_day]]
    days, day = np.unique(raw["day"][by_day], return_inverse=True)
    offsets = np.searchsorted(day, np.arange(len(days) + 1))
    return Columns(
        version=wanted,
        words=words,
        codes=codes,
        days=days[days < UNPAID],
        offsets=offsets,
        day=day.astype(np.int32),
        order=order,
        buyer=buyer,
        buyers=len(known["buyer"]),
        is_mixed=_mixed(order, buyer, len(known["order"])),
        sums={name: raw[name][by_day] for name in SUMS},
    )


def _coded(column: "pd.Series[Any]", known: dict[str, int]) -> Array:
    """A chunk's texts as codes in the order of their first appearance; absent ones are -1."""
    texts = column.cat.categories.tolist()
    codes = np.fromiter((known.setdefault(text, len(known)) for text in texts), np.int32, len(texts))
    found: Array = np.append(codes, np.int32(UNKNOWN))[column.cat.codes.to_numpy()]
    return found


def _ranks(known: dict[str, int], *, absent: int) -> Array:
    """The place of every code among the sorted texts; the last one is what -1 becomes."""
    found = np.empty(len(known) + 1, np.int32)
    found[[known[text] for text in sorted(known)]] = np.arange(len(known))
    found[-1] = absent
    return found


def in_order(known: dict[str, int], codes: Array, *, number: bool) -> tuple[Array, Array]:
    """The words in their order with None behind them, and the rows' places among them."""
    texts = [text[1:] for text in known]
    words: list[Any] = sorted(int(text) for text in texts) if number else sorted(texts)
    values = {int(text) if number else text: code for text, code in zip(texts, known.values(), strict=True)}
    ranks = np.empty(len(words) + 1, np.int16 if len(words) < 2**15 - 1 else np.int32)
    for place, word in enumerate(words):
        ranks[values[word]] = place
    ranks[-1] = len(words)
    found = np.empty(len(words) + 1, object)
    found[:] = [*words, None]
    return found, ranks[codes]


def renumbered(order: Array, orders: int) -> Array:
    """Codes in the order of first appearance, so that a period holds neighbouring ones."""
    first = np.full(orders, len(order))
    np.minimum.at(first, order, np.arange(len(order)))
    ranks = np.empty(orders, np.int32)
    ranks[np.argsort(first)] = np.arange(orders)
    found: Array = ranks[order]
    return found


def _mixed(order: Array, buyer: Array, orders: int) -> Array | None:
    """Which rows belong to an order whose rows name several buyers, or name one only here and there."""
    low, high = np.full(orders, UNPAID, np.int32), np.full(orders, UNKNOWN, np.int32)
    np.minimum.at(low, order, buyer)
    np.maximum.at(high, order, buyer)
    is_mixed: Array = (low != high)[order]
    return is_mixed if is_mixed.any() else None
