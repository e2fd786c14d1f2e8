"""``python -m tests.bench.replay [MEMBERS] [WAVE]``: so many people who join, qualify and sell, through `replay`.

Each registers through a random member before, qualifies, sells one order to a random member, and the order completes:
one event a second, in waves of registrations, qualifications, orders and receipts.
"""

import json
import os
import random
import resource
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from console import replay

MEMBERS, WAVE = 100_000, 5_000
START = datetime(2026, 1, 1, 1, tzinfo=UTC)


def story(members: int, wave: int) -> Iterator[str]:
    """The lines of the scenario, the same each time."""
    dice, at = random.Random(20261123), START
    yield _line(at, "policy", preset="plan", set={"admission.orders": 0})
    yield _line(at, "matrix", matrix="M", merchant="shop", template="triple")
    known = [f"M-{position}" for position in range(2, 11)]
    for first in range(0, members, wave):
        fresh = [f"m{n}" for n in range(first, min(first + wave, members))]
        told: list[tuple[str, dict[str, Any]]] = []
        told += [("register", {"member": code, "inviter": dice.choice(known)}) for code in fresh]
        told += [("qualify", {"member": code}) for code in fresh]
        for code in fresh:
            paid = dice.randrange(1_000, 100_000)
            sold = {"order": f"o-{code}", "seller": code, "paid": paid, "cost": paid // 3, "commission": paid // 4}
            told.append(("order", sold | {"buyer": dice.choice(known), "region": "310115"}))
        told += [("complete", {"order": f"o-{code}"}) for code in fresh]
        for do, values in told:
            at += timedelta(seconds=1)
            yield _line(at, do, **values)
        known += fresh


def _line(at: datetime, do: str, **values: Any) -> str:
    return json.dumps({"at": at.isoformat(), "do": do, **values})


def main() -> None:
    members = int(sys.argv[1]) if len(sys.argv) > 1 else MEMBERS
    wave = int(sys.argv[2]) if len(sys.argv) > 2 else WAVE
    with replay.scratch():
        began = time.perf_counter()
        found = replay.play(story(members, wave))
        took = time.perf_counter() - began
    sold = sum(state == "completed" for state in found["orders"].values())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    sys.stdout.write(
        f"{len(found['members']):,} members, {sold:,} orders completed, waves of {wave:,}: {took:.0f} s,"
        f" {memory:.2f} GiB at most, CPU here {time.process_time():.0f} s, load {os.getloadavg()[0]:.1f}\n"
    )


if __name__ == "__main__":
    main()
