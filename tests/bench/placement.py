"""``python -m tests.bench.placement [MEMBERS] [BEEHIVE.csv]``: joins, each in its transaction; a real referral tree.

Finding and taking the first vacancy of a random sponsor is measured against inserting the same rows with the parent
given; then the counts of ten levels below one member with 88,572 there; then the real tree through the operation.
"""

import csv
import os
import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from math import ceil, log
from pathlib import Path
from statistics import median, quantiles

import sqlalchemy as sa

from console import replay
from models import Matrix, Member, Merchant, Seat, db, transaction
from models.operations import placement
from models.queries import tree
from models.rules.placement import PresetPlace

AT = datetime(2026, 1, 1, 1, tzinfo=UTC)
MEMBERS, JOINS, ROUNDS = 100_000, 1_000, 5
FULL = 88_573  # a member with ten full levels below
REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "trees" / "beehive_members_v2.csv"
DICE = random.Random(20261123)

_FILL = """
    INSERT INTO member (code, matrix_id, standing, showcase, registered_at, failures, strikes, earned_fen)
    SELECT 'm' || n, :matrix, 'active', 'open', :at, 0, 0, 0 FROM generate_series(1, :count + :spare) AS n ORDER BY n
    """
# Breadth first from the root: the tree that joins without a sponsor make.
_SEATS = """
    INSERT INTO seat (matrix_id, member_id, parent_id, slot, depth, placed_at)
    SELECT :matrix, id, CASE WHEN n > 1 THEN (n + 1) / 3 END, CASE WHEN n > 1 THEN (n + 1) % 3 + 1 END,
           CASE WHEN n > 1 THEN ceil(ln(2 * n + 1) / ln(3) - 1e-9) - 1 ELSE 0 END, :at
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM member) AS m WHERE n <= :count ORDER BY n
    """
_GIVEN = sa.text(
    """
    WITH locked AS MATERIALIZED (SELECT pg_advisory_xact_lock(7310002, CAST(:network AS int))),
    made AS (
        INSERT INTO seat (matrix_id, member_id, parent_id, slot, depth, placed_at)
        SELECT :network, :owner, :parent, :slot, :depth, :at FROM locked RETURNING id),
    told AS (UPDATE frontier SET taken = taken | (1 << (:slot - 1)) WHERE seat_id = :parent)
    INSERT INTO frontier (seat_id, is_open, taken, best_id, best_distance) SELECT id, true, 0, id, 0 FROM made
    """
)
_VACANCY = sa.text(
    """
    SELECT s.id AS parent, s.depth + 1 AS depth,
           CASE WHEN t.taken & 1 = 0 THEN 1 WHEN t.taken & 2 = 0 THEN 2 ELSE 3 END AS slot
    FROM frontier f JOIN frontier t ON t.seat_id = f.best_id JOIN seat s ON s.id = f.best_id
    WHERE f.seat_id = coalesce((SELECT seat_id FROM frontier WHERE seat_id = :under AND best_id IS NOT NULL),
                               (SELECT id FROM seat WHERE matrix_id = :network AND parent_id IS NULL))
    """
)
_REFRESH = sa.text("SELECT seat_refresh(:seat)")
_UPDATED = sa.text("SELECT n_tup_upd FROM pg_stat_xact_user_tables WHERE relname = 'frontier'")
_TAKE = sa.text("SELECT parent_id, slot, depth FROM seat_take(:network, :under, :owner, true, :at)")


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def network(code: str) -> Matrix:
    merchant = Merchant(code=code, name=code)
    db.session.add(merchant)
    db.session.flush()
    matrix = Matrix(code=code, merchant_id=merchant.id, template="linear", made_at=AT)
    db.session.add(matrix)
    db.session.flush()
    return matrix


def filled(count: int) -> int:
    """A network of so many, breadth first; its id."""
    matrix = network("bench").id
    told = {"matrix": matrix, "count": count, "spare": 7 * JOINS, "at": AT}
    db.session.execute(sa.text(_FILL), told)
    db.session.execute(sa.text(_SEATS), told)
    db.session.execute(sa.text("INSERT INTO frontier (seat_id, is_open, taken) SELECT id, true, 0 FROM seat"))
    placement.rebuild(matrix_id=matrix)
    return matrix


def busy(pid: int) -> float:
    """Milliseconds of CPU that a backend has used."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) / 1e6


def sponsor(kind: str, seats: int) -> int:
    """A seat as people bring people: anybody, one of a few, or somebody who has just come."""
    if kind == "influencer":
        return DICE.randrange(1, 2 + seats // 1_000)
    return max(1, seats - int(DICE.expovariate(0.2))) if kind == "chain" else DICE.randrange(1, seats)


def timed(statement: sa.TextClause, told: dict[str, object], pid: int) -> tuple[float, float]:
    """Milliseconds of a transaction of one statement, and of the backend's CPU."""
    used, began = busy(pid), time.perf_counter()
    with transaction():
        db.session.execute(statement, told)
    return (time.perf_counter() - began) * 1e3, busy(pid) - used


def joins(matrix: int, kind: str, owners: Iterator[int], count: int) -> None:
    """Taking the first vacancy against inserting the same rows with the parent known, turn by turn."""
    pid = db.session.scalar(sa.select(sa.func.pg_backend_pid()))
    found, known = [], []
    for _ in range(ROUNDS):
        for _ in range(JOINS // ROUNDS):
            under = {"network": matrix, "under": sponsor(kind, count), "at": AT}
            found.append(timed(_TAKE, {**under, "owner": next(owners)}, pid))
        for _ in range(JOINS // ROUNDS):
            place = db.session.execute(_VACANCY, {"under": sponsor(kind, count), "network": matrix}).one()
            told = {"network": matrix, "owner": next(owners), "at": AT, **place._asdict()}
            db.session.rollback()
            known.append(timed(_GIVEN, told, pid))
            with transaction():
                db.session.execute(_REFRESH, {"seat": place.parent})
    (ours, ours_cpu), (limit, limit_cpu) = (map(median, zip(*times, strict=True)) for times in (found, known))
    say(
        f"{count:,} members, {kind} sponsors: first vacancy p50 {ours:.2f} ms, parent known {limit:.2f}, ratio"
        f" {ours / limit:.2f}; CPU {ours_cpu:.2f} against {limit_cpu:.2f} ms, ratio {ours_cpu / limit_cpu:.2f};"
        f" at most {touched(matrix, kind, owners, count)} rows touched of {ceil(log(2 * count + 1, 3)) + 1} allowed"
    )


def touched(matrix: int, kind: str, owners: Iterator[int], count: int) -> int:
    """The most seats whose pointers one of a hundred joins has changed."""
    most = 0
    for _ in range(100):
        with transaction():
            since = db.session.scalar(_UPDATED)
            told = {"network": matrix, "under": sponsor(kind, count), "owner": next(owners), "at": AT}
            db.session.execute(_TAKE, told)
            most = max(most, db.session.scalar(_UPDATED) - since)
    assert most <= ceil(log(2 * count + 1, 3)) + 1
    return most


def measure(count: int) -> None:
    with transaction():
        matrix = filled(count)
    owners = iter(db.session.scalars(sa.select(Member.id).order_by(Member.id).offset(count)).all())
    db.session.rollback()
    for kind in ("uniform", "influencer", "chain"):
        joins(matrix, kind, owners, count)


def counts() -> None:
    """The counts of ten levels below the root."""
    times = []
    for _ in range(30):
        began = time.perf_counter()
        below = tree.level_counts(1)
        times.append((time.perf_counter() - began) * 1e3)
        db.session.rollback()
    say(f"counts of ten levels, {sum(below):,} below: p50 {median(times):.0f} ms, p95 {quantiles(times, n=20)[-1]:.0f}")


def real(path: Path) -> None:
    """Referrals of a real community, each member placed below whoever brought it, in their order."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: int(row["activation_sequence"]))
    began, spilled = time.perf_counter(), 0
    seats: dict[str, Seat] = {}
    with transaction():
        matrix = network("real")
        for code, sponsor in ((row["wallet_address"], row["referrer_wallet"]) for row in rows):
            member = Member(
                code=f"real-{code}", matrix_id=matrix.id, standing="active", showcase="open", registered_at=AT
            )
            db.session.add(member)
            db.session.flush()
            under = seats.get(sponsor)
            if seats:
                seats[code] = placement.take(member=member, under=under, at=AT, by="bench")
                spilled += under is not None and seats[code].parent_id != under.id
            else:
                root = PresetPlace(1, None, None, promotes=True)
                seats[code] = placement.preset(places=[root], members={1: member}, at=AT, by="bench")[1]
    took = time.perf_counter() - began
    wrong = list(tree.differences())
    say(f"{path.name}: {len(rows):,} members in {took:.1f} s, {spilled:,} spilled, {len(wrong)} differences")


def main() -> None:
    say(f"load {os.getloadavg()[0]:.1f}")
    with replay.scratch():
        measure(int(sys.argv[1]) if len(sys.argv) > 1 else MEMBERS)
        counts()
        real(Path(sys.argv[2]) if len(sys.argv) > 2 else REAL)


if __name__ == "__main__":
    main()
