"""Every list of the console at 10,000 and at 1,000,000 rows a table, made from the schema and from the views alone.

`python -m tests.bench.every_list [--rows 1000000] [--only cases,audit]`: the tables that a list reads are filled by
type (`tests.dull`), those that people write by hand with a handful; then each list's first page, a deep page, each
order, each filter and a search. The bar: every page at most 1.5 times the same at 10,000 rows, and at most 100 ms.
"""

import argparse
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import sqlalchemy as sa
from flask import Flask
from psycopg import sql
from sqlalchemy.sql import visitors

from console.admin.base import ReadView
from console.admin.filters import Filter, OneOf, Unreadable, _Between
from console.admin.lists import cursor_of
from models import db, transaction
from tests import dull
from tests.bench import lists
from tests.bench.lists import LARGE, SMALL
from tests.people import Browser
from tests.village import happens

ROUNDS, AGAIN = 3, 15
HANDFUL = 200
# What people make one by one, or what there is one of a day: there never are a million of them.
BY_HAND = {
    "merchant", "matrix", "policy_version", "agreement", "staff", "staff_role", "import_run", "import_layout", "export",
    "saved_view", "dividend_bill", "reckoning", "risk_rule", "risk_backtest", "content", "challenge", "flow_plan",
    "set_aside", "statement", "batch", "shop", "law", "money_switch", "story", "publicity", "region_agent",
}  # fmt: skip
ONE_OF = re.compile(r"\(+(\w+)\)* = ANY \(+ARRAY\[([^\]]*)\]")
WORD = re.compile(r"'([^']*)'")
# Values that a page takes apart, in SQL over the row's number `n`.
TOLD = {
    ("member", "code"): "'m' || n",
    ("member", "position"): "NULL::smallint",
    ("account", "code"): "'member:m' || n || ':available'",
    ("approval", "kind"): "(ARRAY['ledger.adjust', 'seat.move'])[1 + n % 2]",
    ("job", "kind"): "'work_batch'",
    ("job", "queue"): "'default'",
    ("batch", "page"): "'jobs'",
    ("person", "phone"): "'13' || lpad((n::bigint * 7919 % 1000000000)::text, 9, '0')",
    ("risk_rule", "terms"): "'{}'::jsonb",
}
TEXTS = {
    "text": "'x' || n", "jsonb": "'{}'::jsonb", "bytea": "sha256(n::text::bytea)", "boolean": "n % 1000 = 7",
    "date": "(NOW - (ROWS - n) * interval '15 s')::date", "numeric": "n % 1000", "double precision": "n % 1000",
    "timestamp with time zone": "NOW - (ROWS - n) * interval '15 s'", "text[]": "ARRAY['x']", "bigint[]": "'{}'",
    "smallint[]": "'{}'", "integer[]": "'{}'", "timestamp with time zone[]": "'{}'",
    "bigint": "n % 90000", "integer": "n % 10000", "smallint": "(n % 100)::smallint",
}  # fmt: skip


def views(app: Flask, only: set[str]) -> list[ReadView]:
    found = (view for view in app.extensions["admin"][0]._views if isinstance(view, ReadView))
    return [view for view in found if not only or view.slug in only]


def tables(found: list[ReadView]) -> dict[str, sa.Table]:
    """The tables that these lists read, theirs and joined ones."""
    everyone = SimpleNamespace(id=1, merchant_id=None, permissions=frozenset())
    seen = {}
    for view in found:
        for part in visitors.iterate(view.rows(everyone, view.columns)):
            if isinstance(part, sa.Table):
                seen[part.name] = part
    return {name: seen[name] for name in sorted(seen)}


def _one_of(connection: psycopg.Connection, table: str) -> dict[str, list[str]]:
    """The words that each column of a table takes, where the database holds it to some."""
    found = (row[0] for row in connection.execute(dull.CHECKS.encode(), [table]))
    return {match[1]: WORD.findall(match[2]) for text in found for match in ONE_OF.finditer(text)}


def _lone(table: sa.Table) -> set[str]:
    """The columns that hold no value twice, by themselves or first of those that together do not."""
    keys = [list(table.primary_key.columns)]
    keys += [list(each.columns) for each in table.constraints if isinstance(each, sa.UniqueConstraint)]
    keys += [list(each.columns) for each in table.indexes if each.unique]
    return {key[0].name for key in keys if key}


def _value(table: sa.Table, name: str, kind: str, words: list[str], rows: int, sizes: dict[str, int]) -> str:
    """The SQL of a column of row `n`: the last of its words mostly, somebody else's row, or by its type."""
    column = table.c[name]
    if (table.name, name) in TOLD:
        return TOLD[table.name, name]
    if words:
        rare = "".join(f"WHEN {at} THEN '{word}' " for at, word in enumerate(words[:-1]))
        return f"CASE n % {rows // 200 or 1} {rare}ELSE '{words[-1]}' END" if rare else f"'{words[0]}'"
    keys = list(column.foreign_keys)
    if keys and kind in ("bigint", "integer"):
        there = sizes.get(keys[0].column.table.name, HANDFUL)
        return "n" if name in _lone(table) and there >= rows else f"1 + n::bigint * 7919 % {there}"
    if name in _lone(table) and kind in ("bigint", "integer", "text"):
        return "'x' || n" if kind == "text" else "n"
    text = TEXTS[kind].replace("NOW", "date_trunc('hour', now())").replace("ROWS", str(rows))
    return f"CASE WHEN n % 500 <> 3 THEN {text} END" if column.nullable else text


def fill(app: Flask, rows: int, only: set[str]) -> None:
    """Every table that a list reads, past constraints and triggers; then what autovacuum does within a minute."""
    began, url = time.monotonic(), db.engine.url
    found = tables(views(app, only))
    db.session.remove()
    place = {"host": url.query["host"], "dbname": url.database}
    with psycopg.connect(**place, user="postgres", autocommit=True) as connection:
        sizes = {name: HANDFUL if name in BY_HAND else rows for name in found}
        words = {name: _one_of(connection, name) for name in found}
        for name in found:
            dull.unhinge(connection, name)
        connection.execute("SET session_replication_role = replica")
        for name, table in found.items():
            made = _filled(connection, table, sizes, words[name], _held(connection, table))
            if made < sizes[name] * 0.9:
                sys.stdout.write(f"   {name}: {made:,} of {sizes[name]:,} rows\n")
            if "id" in table.c:
                connection.execute(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), {made + 1})".encode())
        connection.execute(f"VACUUM ANALYZE {', '.join(found)}".encode())
    sys.stdout.write(f"   {len(found)} tables of {rows:,} rows filled in {time.monotonic() - began:.0f} s\n")
    sys.stdout.flush()


def _held(connection: psycopg.Connection, table: sa.Table) -> int:
    """The last number that is taken."""
    if "id" not in table.c:
        return 0
    row = connection.execute(f'SELECT coalesce(max(id), 0) FROM "{table.name}"'.encode()).fetchone()
    return int(row[0]) if row else 0


def _filled(
    connection: psycopg.Connection, table: sa.Table, sizes: dict[str, int], words: dict[str, list[str]], held: int
) -> int:
    rows = sizes[table.name]
    kinds = dull.kinds(connection, table.name)
    values = [_value(table, name, kind, words.get(name, []), rows, sizes) for name, kind in kinds.items()]
    statement = sql.SQL(
        "INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE SELECT {} FROM generate_series({}, {}) n ON CONFLICT DO NOTHING"
    ).format(
        sql.Identifier(table.name),
        sql.SQL(", ").join(map(sql.Identifier, kinds)),
        sql.SQL(", ".join(values)),
        sql.Literal(held + 1),
        sql.Literal(rows),
    )
    return connection.execute(statement).rowcount + held


def addresses(view: ReadView, rows: int) -> dict[str, str]:
    """The pages of a list: first, deep, each order, each filter by what a row in the middle holds, a search."""
    pages = {"": "", **dict(_orders(view)), **{f"q={text}": f"q={text}" for text in ("m77", "x77") if view.searches}}
    for question in view.questions:
        pages |= dict(_asked(view, question, rows))
    return {f"{view.slug} {name}"[:44]: f"{view.url}/?{query}" for name, query in pages.items()}


def _orders(view: ReadView) -> Iterator[tuple[str, str]]:
    for column in (each for each in view.columns if each.sort):
        for sort in (column.key, f"-{column.key}"):
            yield f"sort={sort}", f"sort={sort}"
            place = _middle(view, column.at)
            if place is not None:
                yield f"sort={sort} deep", f"sort={sort}&after={cursor_of(*place)}"


def _middle(view: ReadView, *wanted: Any) -> Any:
    """Some columns of the row in the middle by id, and its id."""
    middle = sa.select(sa.func.max(view.identity) / 2).scalar_subquery()
    query = view.base().add_columns(*wanted, view.identity)
    query = query.where(view.identity >= middle, *(column.is_not(None) for column in wanted))
    return db.session.execute(query.order_by(view.identity).limit(1)).first()


def _asked(view: ReadView, question: Filter, rows: int) -> Iterator[tuple[str, str]]:
    if isinstance(question, OneOf):
        offered = list(question.offered())
        for choice in dict.fromkeys([*offered[:1], *offered[-1:]]):
            yield f"{question.key}={choice}", f"{question.key}={choice}"
        return
    found = _middle(view, question.at)
    value = found[0] if found else None
    if value is None:
        return
    if isinstance(question, _Between):
        text = f"{value:%Y-%m-%d}" if hasattr(value, "year") else str(int(value) // 100)
        low, high = question.parameters
        yield f"{question.key} of a row", f"{low}={text}&{high}={text}"
        yield f"{question.key} from", f"{low}={text}"
    else:
        yield f"{question.key} of a row", f"{question.key}={value}"


def pages_of(app: Flask, rows: int, only: set[str]) -> dict[str, str]:
    with app.test_request_context(), app.app_context():
        found = {}
        for view in views(app, only):
            try:
                found |= addresses(view, rows)
            except (Unreadable, NotImplementedError) as error:
                sys.stdout.write(f"   {view.slug}: {error}\n")
        db.session.remove()
        return found


def timed(browser: Browser, address: str) -> tuple[float, int]:
    with browser.application.app_context():
        began = time.perf_counter()
        answer = browser.get(address)
        return (time.perf_counter() - began) * 1000, answer.status_code


def measured(
    browsers: dict[int, Browser], pages: dict[str, dict[int, str]], rounds: int
) -> dict[str, dict[int, list[float]]]:
    """Milliseconds of each page, the sizes taking turns, one round unmeasured; a page that does not come is told."""
    took: dict[str, dict[int, list[float]]] = {}
    for name, at in pages.items():
        for round_ in range(rounds + 1):
            for rows, browser in browsers.items():
                spent, status = timed(browser, at[rows])
                if status != 200:
                    sys.stdout.write(f"   {name}: {status} at {rows:,} rows\n")
                if round_:
                    took.setdefault(name, {}).setdefault(rows, []).append(spent)
    return took


def is_slow(values: dict[int, list[float]], small: int, large: int) -> bool:
    low, high = statistics.median(values[small]), statistics.median(values[large])
    return high > 100 or high > 1.5 * low + 5


def told(took: dict[str, dict[int, list[float]]], small: int, large: int) -> None:
    for name, values in sorted(took.items(), key=lambda item: -statistics.median(item[1][large])):
        low, high = statistics.median(values[small]), statistics.median(values[large])
        p95 = sorted(values[large])[int(len(values[large]) * 0.95)]
        sys.stdout.write(f"   {name:<46}{low:>9.1f} ms{high:>9.1f} ms, p95{p95:>8.1f} ms{high / low:>8.2f}\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=LARGE)
    parser.add_argument("--small", type=int, default=SMALL)
    parser.add_argument("--only", type=lambda text: set(text.split(",")), default=set())
    asked = parser.parse_args()
    sizes = {SMALL: asked.small, LARGE: asked.rows}

    def grown(app: Flask, size: int) -> None:
        with app.app_context():
            with transaction():
                happens("policy", preset="plan")
            db.session.remove()
            fill(app, sizes[size], asked.only)
            db.session.remove()

    with tempfile.TemporaryDirectory(prefix="qx-every-") as folder, lists.consoles(Path(folder), grown) as apps:
        browsers = {size: lists.signed_in(app) for size, app in apps.items()}
        each = {size: pages_of(app, sizes[size], asked.only) for size, app in apps.items()}
        pages = {name: {size: each[size][name] for size in each} for name in each[SMALL] if name in each[LARGE]}
        took = measured(browsers, pages, ROUNDS)
        slow = [name for name, values in took.items() if is_slow(values, SMALL, LARGE)]
        again = measured(browsers, {name: pages[name] for name in slow}, AGAIN)
        beyond = {name: values for name, values in again.items() if is_slow(values, SMALL, LARGE)}
        count = len({name.split(" ")[0] for name in pages})
        sys.stdout.write(f"   {len(pages)} pages of {count} lists, {len(beyond)} of them beyond the bar:\n")
        told(beyond, SMALL, LARGE)
        sys.stdout.write("   the slowest of the others:\n")
        others = sorted((name for name in took if name not in beyond), key=lambda name: -took[name][LARGE][-1])
        told({name: took[name] for name in others[:12]}, SMALL, LARGE)


if __name__ == "__main__":
    main()
