"""``python -m tests.bench.settlement``: orders settled one by one on two workers, then an evening's orders at once.

One by one, the two workers' orders share no member: measured with the house's shared accounts, and with a set of such
accounts for each worker. At once is measured against raw COPY of the same rows into bare tables with the same indexes.
The CPU of an order's whole life (placed, completed, matured) is the client's and its backend's together.
"""

import os
import random
import statistics
import sys
import time
from collections.abc import Sequence
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

import psycopg
import sqlalchemy as sa

from console import replay
from models.base import Actor, acting, db, transaction
from models.operations import evening, order, share
from tests import village

PEOPLE, ONE_BY_ONE, AT_ONCE, LIVES, WORKERS, ROUNDS = 5_000, 1_000, 20_000, 300, 2, 5
DICE = random.Random(20261123)
RIPE = village.AT + timedelta(days=7)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def owner() -> psycopg.Connection:
    """The scratch database, as whoever owns its schema."""
    url = db.engine.url.set(drivername="postgresql", username="qianxing_owner")
    return psycopg.connect(url.render_as_string(hide_password=False), autocommit=True)


# A network of so many active promoters under its presets, three below each, as members and seats alone.
_PEOPLE = sa.text(
    """
    WITH root AS (
        SELECT m.id, m.matrix_id, s.id AS seat_id FROM member m JOIN seat s ON s.member_id = m.id
        WHERE m.code = :root),
    people AS (
        INSERT INTO member (code, matrix_id, standing, showcase, registered_at, qualified_at, unlocked_at, failures,
            strikes, earned_fen, seed_at)
        SELECT :root || '.' || n, matrix_id, 'active', 'open', at, at, CASE WHEN n % 3 > 0 THEN at END, 0, 0, 0,
            CASE WHEN n % 9 = 0 THEN at END
        FROM root, generate_series(1, :people) n, CAST(:at AS timestamptz) at RETURNING id, matrix_id),
    numbered AS (SELECT id, matrix_id, row_number() OVER (ORDER BY id) AS n FROM people),
    counted AS (INSERT INTO team (member_id, size, sales_fen, own_fen) SELECT id, 1, 0, 0 FROM people)
    SELECT id, matrix_id, n FROM numbered ORDER BY n
    """
)
_SEATS = sa.text(
    """
    INSERT INTO seat (id, matrix_id, member_id, parent_id, slot, depth, placed_at) OVERRIDING SYSTEM VALUE
    SELECT :base + n, :matrix, m, CASE WHEN n <= 3 THEN :root ELSE :base + (n - 1) / 3 END, (n - 1) % 3 + 1,
        9 + n, :at
    FROM unnest(CAST(:members AS bigint[])) WITH ORDINALITY AS u (m, n)
    """
)


def network(name: str) -> list[int]:
    """A matrix of its own and its people; their ids."""
    village.happens("matrix", matrix=name, merchant=f"shop-{name}", template="linear")
    rows = db.session.execute(_PEOPLE, {"root": f"{name}-10", "people": PEOPLE, "at": village.AT}).all()
    root = db.session.scalars(
        sa.text("SELECT s.id FROM seat s JOIN member m ON m.id = s.member_id WHERE m.code = :code"),
        {"code": f"{name}-10"},
    ).one()
    told = {
        "base": 1_000_000 * rows[0].matrix_id,
        "root": root,
        "matrix": rows[0].matrix_id,
        "members": [row.id for row in rows],
    }
    db.session.execute(_SEATS, told | {"at": village.AT})
    return [row.id for row in rows]


def work(numbers: Sequence[str]) -> None:
    """Complete these, each in its own transaction."""
    db.engine.dispose(close=False)
    db.session.remove()
    with acting(Actor(name="system:bench", source="bench", action="complete")):
        for number in numbers:
            with transaction():
                order.complete(number=number, at=village.AT)
    db.session.remove()


def one_by_one(prefix: str, people: Sequence[Sequence[int]]) -> float:
    """Orders a second of two workers, each with the orders of its own network."""
    shares = []
    with transaction():
        for n, ids in enumerate(people):
            regions = village.REGIONS[2 * n : 2 * n + 2]
            shares.append(village.ordered(ONE_BY_ONE, DICE, prefix=f"{prefix}{n}-", ids=ids, regions=regions))
    fork = get_context("fork")
    workers = [fork.Process(target=work, args=(numbers,)) for numbers in shares]
    began = time.perf_counter()
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    if any(worker.exitcode for worker in workers):
        raise SystemExit("a worker failed")
    return WORKERS * ONE_BY_ONE / (time.perf_counter() - began)


_OWN = """
CREATE OR REPLACE FUNCTION own(account text, bucket text) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT CASE WHEN bucket IN ('custody', 'clearing', 'supplier', 'margin', 'house', 'reserve')
        THEN 'supplier:' || pg_backend_pid() || '.' || account ELSE account END
$$
"""


def with_own_accounts(own: bool, kept: list[str]) -> None:
    """Let the engine book on shared accounts of each backend's own, or on the house's again."""
    with owner() as connection:
        if not kept:
            kept += connection.execute("SELECT pg_get_functiondef('postings_book'::regproc)").fetchone() or ()
            connection.execute(_OWN)
        text = kept[0].replace("l.account", "own(l.account, l.bucket)") if own else kept[0]
        connection.execute(text.encode())


def at_once(prefix: str, people: Sequence[int]) -> float:
    with transaction():
        numbers = village.ordered(AT_ONCE, DICE, prefix=prefix, ids=people)
    began = time.perf_counter()
    with transaction():
        evening.complete_many(numbers=numbers, at=village.AT)
    return AT_ONCE / (time.perf_counter() - began)


RAW = {
    "posting": "SELECT * FROM posting WHERE key LIKE :like",
    "leg": "SELECT l.* FROM leg l JOIN posting p ON p.id = l.posting_id WHERE p.key LIKE :like",
    "share": "SELECT s.* FROM share s JOIN shop_order o ON o.id = s.order_id WHERE 'settle:' || o.number LIKE :like",
    "event": "SELECT * FROM event WHERE 'settle:' || substr(subject, 7) LIKE :like",
    "shop_order": "SELECT * FROM shop_order WHERE 'settle:' || number LIKE :like",
}


def raw(prefix: str) -> tuple[float, float]:
    """The rows that one evening wrote by COPY into bare tables with the same indexes; orders a second.

    First posting, leg and share alone, then with the events and the orders' new versions as well.
    """
    seconds = {}
    with owner() as connection:
        for table, query in RAW.items():
            kept = query.replace(":like", f"'settle:{prefix}%'")
            connection.execute(f"CREATE TEMP TABLE kept_{table} AS {kept}".encode())
            connection.execute(
                f"CREATE TABLE raw_{table} (LIKE {table} INCLUDING INDEXES INCLUDING CONSTRAINTS)".encode()
            )
            with connection.cursor() as cursor:
                with cursor.copy(f"COPY kept_{table} TO STDOUT".encode()) as out:
                    rows = b"".join(bytes(part) for part in out)
                began = time.perf_counter()
                with cursor.copy(f"COPY raw_{table} FROM STDIN".encode()) as copy:
                    copy.write(rows)
                seconds[table] = time.perf_counter() - began
            connection.execute(f"DROP TABLE raw_{table}".encode())
    return AT_ONCE / sum(seconds[name] for name in ("posting", "leg", "share")), AT_ONCE / sum(seconds.values())


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process has had."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e9


def lives(seller: Sequence[str]) -> dict[str, float]:
    """CPU milliseconds of one order in each step of its life, client and backend."""
    backend = db.session.scalar(sa.text("SELECT pg_backend_pid()")) or 0
    db.session.rollback()
    spent: dict[str, float] = {}
    ids: dict[str, int] = {}

    def place(number: str) -> None:
        purchase = order.Purchase(
            number=number, seller=DICE.choice(seller), paid_fen=9_900, cost_fen=4_000, commission_fen=3_000,
            buyer="somebody", region=DICE.choice(village.REGIONS),
        )  # fmt: skip
        ids[number] = order.place(purchase=purchase, at=village.AT).id

    steps = {
        "place": place,
        "complete": lambda number: order.complete(number=number, at=village.AT),
        "mature": lambda number: share.mature(order_id=ids[number], at=RIPE),
    }
    for name, step in steps.items():
        began = time.process_time() + cpu_of(backend)
        for n in range(LIVES):
            with transaction():
                step(f"life{n}")
        spent[name] = 1_000 * (time.process_time() + cpu_of(backend) - began) / LIVES
    return spent


def main() -> None:
    with replay.scratch(), acting(Actor(name="system:bench", source="bench", action="settle")):
        with transaction():
            village.settled(20, DICE)
            people = [network(name) for name in "AB"]
        with owner() as connection:
            connection.execute("VACUUM ANALYZE")
        say(f"load {os.getloadavg()[0]:.1f}; {len(people)} networks of {PEOPLE:,}")
        rates: dict[bool, list[float]] = {True: [], False: []}
        kept: list[str] = []
        for n in range(ROUNDS):
            for own in (False, True):
                with_own_accounts(own, kept)
                rates[own].append(one_by_one(f"{'p' if own else 's'}{n}-", people))
        with_own_accounts(False, kept)
        shared, own_ = (statistics.median(rates[own]) for own in (False, True))
        say(
            f"one by one, {WORKERS} workers: {shared:,.0f} orders/s; with own accounts {own_:,.0f}"
            f" (shared accounts cost {1 - shared / own_:.0%})"
        )
        spent = lives([f"A-10.{n}" for n in range(1, PEOPLE)])
        steps = " + ".join(f"{name} {ms:.2f}" for name, ms in spent.items())
        say(f"CPU of one order: {steps} = {sum(spent.values()):.2f} ms")
        for n in range(ROUNDS):
            prefix = f"b{n}-"
            batch, limits = at_once(prefix, [*people[0], *people[1]]), raw(prefix)
            say(
                f"at once, {AT_ONCE:,}: {batch:,.0f} orders/s; raw COPY of postings, legs, shares {limits[0]:,.0f}"
                f" (ratio {batch / limits[0]:.2f}); with events and orders {limits[1]:,.0f} ({batch / limits[1]:.2f})"
            )


if __name__ == "__main__":
    main()
