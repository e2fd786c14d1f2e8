"""``python -m tests.bench.placement [BEEHIVE.csv]``: a join in its own transaction, and a real tree of referrals.

Finding and taking the first vacancy of a random sponsor is measured against inserting the same rows with the parent
given; then the counts of ten levels below one member with 88,572 there; then the real tree through the operation.
"""

import csv
import os
import random
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from math import ceil, log
from pathlib import Path
from statistics import median, quantiles

import sqlalchemy as sa

from console import replay
from models import Matrix, Member, Merchant, Seat, db, transaction
from models.operations import placement
from models.queries import tree

AT = datetime(2026, 1, 1, 1, tzinfo=UTC)
MEMBERS, JOINS = 100_000, 1_000
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
    told = {"matrix": matrix, "count": count, "spare": 2 * JOINS, "at": AT}
    db.session.execute(sa.text(_FILL), told)
    db.session.execute(sa.text(_SEATS), told)
    db.session.execute(sa.text("INSERT INTO frontier (seat_id, is_open, taken) SELECT id, true, 0 FROM seat"))
    placement.rebuild(matrix_id=matrix)
    return matrix


def joined(matrix: int, owners: Sequence[int], seats: int) -> tuple[list[float], list[tuple[int, int, int]]]:
    """Milliseconds of each join below a random sponsor, and the places that were taken."""
    times, places = [], []
    for owner in owners:
        told = {"network": matrix, "under": DICE.randrange(1, seats), "owner": owner, "at": AT}
        began = time.perf_counter()
        with transaction():
            row = db.session.execute(_TAKE, told).one()
        times.append((time.perf_counter() - began) * 1e3)
        places.append((row.parent_id, row.slot, row.depth))
    return times, places


def given(matrix: int, owners: Sequence[int], places: Sequence[tuple[int, int, int]]) -> list[float]:
    """Milliseconds of inserting the same rows with the place known."""
    times = []
    for owner, (parent, slot, depth) in zip(owners, places, strict=True):
        told = {"network": matrix, "owner": owner, "parent": parent, "slot": slot, "depth": depth, "at": AT}
        began = time.perf_counter()
        with transaction():
            db.session.execute(_GIVEN, told)
        times.append((time.perf_counter() - began) * 1e3)
    return times


def measure(count: int) -> None:
    with transaction():
        matrix = filled(count)
    owners = list(db.session.scalars(sa.select(Member.id).order_by(Member.id).offset(count).limit(JOINS)))
    db.session.rollback()
    found, places = joined(matrix, owners, count)
    with transaction():
        ours = sa.delete(Seat).where(Seat.id > count)
        db.session.execute(ours)
        placement.rebuild(matrix_id=matrix)
    known = given(matrix, owners, places)
    bound = ceil(log(2 * (count + JOINS) + 1, 3)) + 1
    say(
        f"{count:,} members: first vacancy p50 {median(found):.2f} ms, parent known {median(known):.2f} ms,"
        f" ratio {median(found) / median(known):.2f}; rows that may be touched ≤ {bound}"
    )
    with transaction():
        placement.rebuild(matrix_id=matrix)


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
                seats[code] = placement.preset(member=member, parent=None, slot=None, is_open=True, at=AT, by="bench")
    took = time.perf_counter() - began
    wrong = list(tree.differences())
    say(f"{path.name}: {len(rows):,} members in {took:.1f} s, {spilled:,} spilled, {len(wrong)} differences")


def main() -> None:
    say(f"load {os.getloadavg()[0]:.1f}")
    with replay.scratch():
        measure(MEMBERS)
        counts()
        real(Path(sys.argv[1]) if len(sys.argv) > 1 else REAL)


if __name__ == "__main__":
    main()
