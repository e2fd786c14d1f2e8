"""``python -m tests.bench.proof_waiting [PICTURES]``: pictures that all wait at once, read by the readers that ship.

Real processes: the timetable, and as many workers for pictures as an installation starts. Each picture is a plain page
of an order (`tests.pictures`) that agrees with its order of record. Printed: seconds from the first submission until
the last verdict, the wait of a picture, how many passed. The goal: 200 within two minutes.
"""

import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from flask import current_app

from console import config, pictures, replay
from jobs.worker import COPIES
from models import db, transaction
from models.operations import order, proof
from models.operations.proof import Sent
from models.rules.commission import Kind
from tests import pictures as pages
from tests.bench.measured import say
from tests.bench.proof import AT, SHOPS, TASKS, begin
from tests.operations import world

PICTURES, FIRST, PATIENCE = 200, 3_700_000_000_000_000_000, 600
WAITS = sa.text(
    "SELECT count(*) FILTER (WHERE judged_at IS NULL), count(*) FILTER (WHERE state = 'passed'), count(*) FROM proof"
)
SECONDS = sa.text(
    "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY s), percentile_cont(0.95) WITHIN GROUP (ORDER BY s), max(s)"
    " FROM (SELECT extract(epoch FROM finished_at - created_at) AS s FROM job"
    " WHERE queue = 'picture' AND finished_at IS NOT NULL ORDER BY id OFFSET 1) AS waited"
)


def submit(n: int, files: Path) -> None:
    """The n-th picture, of the n-th order: ten of each candidate."""
    if n % TASKS == 0:
        with transaction():
            world.joins(f"c{n // TASKS}", "M-10", AT)
    buyer, number, seller = f"c{n // TASKS}", str(FIRST + n), f"M-{TASKS - n % TASKS}"
    lines = dict(pages.ORDER) | {"订单编号": number}
    shown = [(f"{SHOPS[n % TASKS]} 进店 ›", "") if "进店" in label else (label, lines[label]) for label in lines]
    made = pictures.take(pages.encoded(pages.order(tuple(shown), width=1080)))
    sent = Sent(picture=pictures.keep(made, files=files), sha256=made.sha256, hash64=made.hash64, outline=made.outline,
                width=made.width, height=made.height)  # fmt: skip
    with transaction():
        bought = world.purchase(number, seller, buyer=buyer, kind=Kind.ADMISSION, paid_fen=9_900)
        candidate = order.place(purchase=bought, at=AT).buyer_id
        proof.submit(member_id=candidate, n=n % TASKS + 1, sent=sent, at=datetime.now(UTC), by="bench")


def judged(count: int) -> int:
    """Wait until so many have their verdict; how many passed."""
    deadline = time.monotonic() + PATIENCE
    while True:
        waiting, passed, there = db.session.execute(WAITS).one()
        db.session.rollback()
        if there >= count and not waiting:
            return int(passed)
        if time.monotonic() > deadline:
            raise SystemExit(f"{waiting} of {there} pictures still wait after {PATIENCE} s")
        time.sleep(0.2)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else PICTURES
    with replay.scratch(), tempfile.TemporaryDirectory() as folder:
        begin()
        files = Path(folder) / "files"
        told = config.to_environment(current_app.config["SETTINGS"])
        environment = os.environ | told | {"QIANXING_VAR": folder, "QIANXING_FILES": str(files)}
        cli = [sys.executable, "-m", "console.cli"]
        commands = [[*cli, "timetable"], *[[*cli, "worker", "--pool", "picture"]] * COPIES["picture"]]
        children = [subprocess.Popen(one, env=environment, stdout=subprocess.DEVNULL) for one in commands]
        try:
            submit(0, files)
            judged(1)  # the processes have started
            began = time.monotonic()
            for n in range(1, count + 1):
                submit(n, files)
            sent = time.monotonic() - began
            passed = judged(count + 1)
            took = time.monotonic() - began
            p50, p95, most = db.session.execute(SECONDS).one()
            say(f"{count} pictures handed in within {sent:.0f} s, all judged after {took:.0f} s, {passed - 1} passed;"
                f" waits p50 {p50:.0f}, p95 {p95:.0f}, worst {most:.0f} s; load {os.getloadavg()[0]:.1f}")  # fmt: skip
        finally:
            for child in children:
                child.terminate()
            for child in children:
                child.wait(30)


if __name__ == "__main__":
    main()
