"""``python -m tests.bench.settlement``: orders settled one by one on two workers, then an evening's orders at once.

One by one is measured twice: with the house's shared accounts, and with a set of such accounts for each worker. At once
is measured against raw COPY of the same rows into temporary tables with the same indexes: no trigger, no rule, no WAL.
"""

import os
import random
import sys
import time
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing import get_context

import psycopg

from console import replay
from models.base import db, transaction
from models.operations import evening, ledger, order
from models.rules.ledger import HOT
from tests import village

PEOPLE, ONE_BY_ONE, AT_ONCE, WORKERS = 100, 400, 3_000, 2
DICE = random.Random(20261123)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def work(numbers: Sequence[str], own: str) -> None:
    """Complete these, each in its own transaction; with ``own`` the shared accounts are this worker's alone."""
    db.engine.dispose(close=False)
    db.session.remove()
    if own:
        post = ledger.post
        ledger.post = lambda **posting: post(**posting | {"legs": [_own(leg, own) for leg in posting["legs"]]})
    for number in numbers:
        with transaction():
            order.complete(number=number, at=village.AT)
    db.session.remove()


def _own(leg: ledger.rules.Leg, own: str) -> ledger.rules.Leg:
    is_shared = leg.account in HOT or leg.account.startswith("supplier:")
    return replace(leg, account=f"supplier:{own}.{leg.account}") if is_shared else leg


def one_by_one(prefix: str, *, shared: bool) -> float:
    """Orders a second."""
    with transaction():
        numbers = village.ordered(ONE_BY_ONE, DICE, prefix=prefix)
    fork = get_context("fork")
    workers = [
        fork.Process(target=work, args=(numbers[n::WORKERS], "" if shared else f"{prefix}{n}")) for n in range(WORKERS)
    ]
    began = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise SystemExit("a worker failed")
    return ONE_BY_ONE / (time.perf_counter() - began)


def at_once(prefix: str) -> float:
    with transaction():
        numbers = village.ordered(AT_ONCE, DICE, prefix=prefix)
    began = time.perf_counter()
    with transaction():
        evening.complete_many(numbers=numbers, at=village.AT)
    return AT_ONCE / (time.perf_counter() - began)


RAW = {
    "posting": "SELECT * FROM posting WHERE key LIKE :like",
    "leg": "SELECT l.* FROM leg l JOIN posting p ON p.id = l.posting_id WHERE p.key LIKE :like",
    "share": "SELECT s.* FROM share s JOIN shop_order o ON o.id = s.order_id WHERE 'settle:' || o.number LIKE :like",
}


def raw(prefix: str) -> float:
    """The same rows of posting, leg and share by COPY into bare tables with the same indexes; orders a second."""
    url = db.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        seconds = 0.0
        for table, query in RAW.items():
            kept = query.replace(":like", f"'settle:{prefix}%'")
            cursor.execute(f"CREATE TEMP TABLE kept_{table} AS {kept}")
            cursor.execute(f"CREATE TEMP TABLE raw_{table} (LIKE {table} INCLUDING INDEXES INCLUDING CONSTRAINTS)")
            with cursor.copy(f"COPY kept_{table} TO STDOUT") as out:
                data = b"".join(bytes(part) for part in out)
            began = time.perf_counter()
            with cursor.copy(f"COPY raw_{table} FROM STDIN") as copy:
                copy.write(data)
            seconds += time.perf_counter() - began
        connection.rollback()
    return AT_ONCE / seconds


def main() -> None:
    with replay.scratch():
        with transaction():
            village.settled(PEOPLE, DICE)
        say(f"load {os.getloadavg()[0]:.1f}")
        rates = {shared: one_by_one("s" if shared else "p", shared=shared) for shared in (True, False)}
        say(
            f"one by one, {WORKERS} workers: {rates[True]:,.0f} orders/s; with own accounts {rates[False]:,.0f}"
            f" (shared accounts cost {1 - rates[True] / rates[False]:.0%})"
        )
        batch, limit = at_once("b"), raw("b")
        say(f"at once, {AT_ONCE:,}: {batch:,.0f} orders/s; raw COPY {limit:,.0f}; ratio {batch / limit:.2f}")


if __name__ == "__main__":
    main()
