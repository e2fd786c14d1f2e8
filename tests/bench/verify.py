"""``python -m tests.bench.verify [LEGS]``: every balance computed again and the chain verified, over a million legs."""

import os
import random
import sys
import time
from datetime import UTC, datetime

import sqlalchemy as sa

from console import replay
from models.base import db, transaction
from models.operations import ledger
from models.queries import ledger as books
from models.rules.ledger import Leg

LEGS, EACH, AT_ONCE, PEOPLE = 1_000_000, 8, 5_000, 20_000
AT = datetime(2026, 1, 1, 1, tzinfo=UTC)
DICE = random.Random(20261123)


def posting(n: int) -> dict[str, object]:
    """A settlement's like: money of clearing to seven accounts, three of them of members."""
    parts = [DICE.randrange(1, 9_000) for _ in range(EACH - 1)]
    to = ["supplier:shop", "platform:margin", "platform:house", "platform:reserve"]
    to += [f"member:m{DICE.randrange(PEOPLE)}:pending" for _ in range(EACH - 1 - len(to))]
    legs = [Leg("clearing", -sum(parts), "settlement")]
    legs += [Leg(code, fen, "share", None, 700, 9_900, "") for code, fen in zip(to, parts, strict=True)]
    return {"key": f"bench:{n}", "kind": "bench", "subject": f"order:{n}", "at": AT, "legs": legs, "facts": {"n": n}}


def fill(legs: int) -> None:
    """So many legs, snapshots of the hot accounts and sealed blocks on the way."""
    for start in range(0, legs // EACH, AT_ONCE):
        with transaction():
            ledger.post_many([posting(n) for n in range(start, min(start + AT_ONCE, legs // EACH))])
        with transaction():
            ledger.snapshot()
            ledger.seal(at=AT)


def main() -> None:
    legs = int(sys.argv[1]) if len(sys.argv) > 1 else LEGS
    with replay.scratch():
        fill(legs)
        pid = db.session.scalar(sa.select(sa.func.pg_backend_pid()))
        for _ in range(5):
            cpu, began = busy(pid), time.perf_counter()
            found = list(books.differences())
            db.session.rollback()
            took, used = time.perf_counter() - began, busy(pid) - cpu
            load = os.getloadavg()[0]
            sys.stdout.write(
                f"{legs:,} legs: {len(found)} differences in {took:.1f} s, CPU {used:.1f} s, load {load:.1f}\n"
            )
            sys.stdout.flush()


def busy(pid: int) -> float:
    """Seconds of CPU that this process and its database's backend have used."""
    with open(f"/proc/{pid}/schedstat") as file:
        return int(file.read().split()[0]) / 1e9 + time.process_time()


if __name__ == "__main__":
    main()
