"""``python -m tests.bench.registration [MEMBERS]``: whole registrations among a million members, one a transaction.

Measured turn by turn against raw INSERTs of the member's row alone, one a transaction, into a bare table with the same
rows and indexes: no key to another table, no trigger. Then many seated at once against COPY of the same rows.
"""

import os
import random
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median

import psycopg
import sqlalchemy as sa

from console import installation, replay
from models import Member, db, transaction
from models.operations import admission, seating
from tests import village
from tests.bench.placement import busy, say

MEMBERS, EACH, ROUNDS, MANY = 1_000_000, 100, 5, 200_000
AT = datetime(2026, 1, 1, 1, tzinfo=UTC)
DICE = random.Random(20261123)

# Below a matrix's ten presets, breadth first; ids are those of a fresh database.
_FILL = (
    "INSERT INTO member (code, matrix_id, sponsor_id, standing, showcase, registered_at, qualified_at, failures,"
    " strikes, earned_fen) SELECT 'm' || n, 1, (n + 1) / 3, 'active', 'open', :at, :at, 0, 0, 0"
    " FROM generate_series(11, :count) AS n ORDER BY n",
    "INSERT INTO seat (matrix_id, member_id, parent_id, slot, depth, placed_at)"
    " SELECT 1, id, (id + 1) / 3, (id + 1) % 3 + 1, ceil(ln(2 * id + 1) / ln(3) - 1e-9) - 1, :at"
    " FROM member WHERE id > 10 ORDER BY id",
    "INSERT INTO frontier (seat_id, is_open, taken) SELECT id, true, 0 FROM seat WHERE id > 10",
    "INSERT INTO team (member_id, size, sales_fen, own_fen) SELECT id, 1, 0, 0 FROM member WHERE id > 10",
    "SELECT frontier_rebuild(1)",
)
_RAW = (
    "INSERT INTO raw_member (code, matrix_id, sponsor_id, standing, showcase, registered_at, lapse_at, failures,"
    " strikes, earned_fen) VALUES (%s, 1, %s, 'candidate', 'none', %s, %s, 0, 0, 0)"
)


def fill(count: int) -> None:
    with transaction():
        village.happens("policy", preset="plan")
        village.happens("matrix", matrix="M", merchant="shop", template="triple")
    with transaction():
        for statement in _FILL:
            db.session.execute(sa.text(statement), {"count": count, "at": AT})


def owner() -> psycopg.Connection:
    """The owner's own connection to the scratch database: the application makes no tables."""
    with installation.open_settings() as settings:
        url = sa.make_url(settings.owner_database_url).set(drivername="postgresql", database=db.engine.url.database)
    return psycopg.connect(url.render_as_string(hide_password=False))


def bare(connection: psycopg.Connection, table: str) -> None:
    """A table `raw_…` of the same columns and indexes, with the same rows."""
    connection.execute(f"CREATE TABLE raw_{table} (LIKE {table} INCLUDING ALL)".encode())
    connection.execute(f"INSERT INTO raw_{table} OVERRIDING SYSTEM VALUE SELECT * FROM {table}".encode())
    if table not in ("frontier",):
        connection.execute(f"ALTER TABLE raw_{table} ALTER id RESTART WITH 10000000".encode())
    connection.commit()
    connection.autocommit = True
    connection.execute(f"VACUUM ANALYZE raw_{table}, {table}".encode())
    connection.autocommit = False


def timed(work: Callable[[int], None], pid: int) -> tuple[list[float], float]:
    """Milliseconds of each call, and of the backend's CPU a call."""
    used, times = busy(pid), []
    for n in range(EACH):
        began = time.perf_counter()
        work(n)
        times.append((time.perf_counter() - began) * 1e3)
    return times, (busy(pid) - used) / EACH


def one_by_one(connection: psycopg.Connection, count: int) -> None:
    bare(connection, "member")

    def raw(_: int) -> None:
        connection.execute(_RAW, [f"r{time.time_ns()}", DICE.randrange(11, count), AT, AT])
        connection.commit()

    def registered(_: int) -> None:
        with transaction():
            admission.register(
                code=f"x{time.time_ns()}", inviter=f"m{DICE.randrange(11, count)}", acceptance=replay.AGREEMENT, at=AT,
                by="bench",
            )  # fmt: skip

    pid = db.session.scalar(sa.select(sa.func.pg_backend_pid())) or 0
    db.session.rollback()
    limit: list[float] = []
    ours: list[float] = []
    cpus = []
    for _ in range(ROUNDS):
        raws, raw_cpu = timed(raw, connection.info.backend_pid)
        whole, cpu = timed(registered, pid)
        limit, ours = limit + raws, ours + whole
        cpus.append((raw_cpu, cpu))
    say(
        f"{count:,} members: raw INSERT p50 {median(limit):.2f} ms, a registration {median(ours):.2f} ms,"
        f" {median(limit) / median(ours):.2f} of raw; backend CPU {median(one for one, _ in cpus):.2f} against"
        f" {median(one for _, one in cpus):.2f} ms; load {os.getloadavg()[0]:.1f}"
    )


def at_once(connection: psycopg.Connection, count: int, many: int) -> None:
    """So many seated at once, each below a random member; then the rows that came of it by COPY, bare."""
    newest = db.session.scalar(sa.select(sa.func.max(Member.id)))
    with transaction():
        told = {"count": newest + many, "first": newest + 1, "at": AT}
        db.session.execute(
            sa.text(_FILL[0].replace("generate_series(11,", "generate_series(CAST(:first AS bigint),")), told
        )
    ids = db.session.scalars(sa.select(Member.id).where(Member.id > newest).order_by(Member.id)).all()
    db.session.rollback()
    newcomers = [seating.Newcomer(one, DICE.randrange(11, count), AT) for one in ids]
    began = time.perf_counter()
    with transaction():
        seating.take_many(matrix_id=1, newcomers=newcomers, by="bench")
    took = time.perf_counter() - began
    seconds = 0.0
    seat_id = db.session.scalar(sa.text("SELECT id FROM seat WHERE member_id = :id"), {"id": ids[0]})
    for table, chosen in (
        ("seat", f"id >= {seat_id}"), ("frontier", f"seat_id >= {seat_id}"), ("move", f"member_id >= {ids[0]}"),
    ):  # fmt: skip
        with connection.cursor() as cursor:
            with cursor.copy(f"COPY (SELECT * FROM {table} WHERE {chosen}) TO STDOUT".encode()) as out:
                rows = b"".join(bytes(part) for part in out)
            cursor.execute(f"CREATE TABLE raw_{table} (LIKE {table} INCLUDING ALL)".encode())
            began = time.perf_counter()
            with cursor.copy(f"COPY raw_{table} FROM STDIN".encode()) as copy:
                copy.write(rows)
            connection.commit()
            seconds += time.perf_counter() - began
    say(f"{many:,} seated at once in {took:.1f} s; raw COPY {seconds:.1f} s; ratio {seconds / took:.2f}")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else MEMBERS
    with replay.scratch():
        fill(count)
        with owner() as connection:
            one_by_one(connection, count)
            at_once(connection, count, min(MANY, count // 5))


if __name__ == "__main__":
    main()
