"""`python -m tests.bench.statements [LINES]`: a fund flow file of a million lines, read on trial and taken.

Printed for each of the two jobs: seconds, and the most memory the process ever held. What is counted afterwards is
the sum of the file, and no line twice.
"""

import hashlib
import logging
import os
import resource
import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
import structlog

from console import replay
from jobs import queue
from jobs import statement as jobs
from models import Statement, StatementLine, db, transaction
from models.operations import statement
from models.rules.statement import Account, Layout
from tests.bench.payout_faults import HEADER

LINES, SECONDS_APART = 1_000_000, 0.08
AT = datetime(2026, 6, 16, 3, tzinfo=UTC)


def write(into: Path, lines: int) -> int:
    """A day of transfers, one in fifty of which came back; what it sums to, in fen."""
    begins, left, summed = datetime(2026, 6, 15, tzinfo=UTC), 9_900_000_000, 0
    with into.open("w", encoding="utf-8", newline="") as file:
        file.write(f"{HEADER}\r\n")
        for n in range(1, lines + 1):
            fen, is_back = 100 + n % 9_900, n % 50 == 0
            left, summed = left + (fen if is_back else -fen), summed + fen
            at = begins + timedelta(seconds=int(n * SECONDS_APART) % 86_400)
            file.write(
                f"`{at:%Y-%m-%d %H:%M:%S},`1{n:09},`2{n:09},`商家转账,`商家转账,`{'收入' if is_back else '支出'},"
                f"`{fen // 100}.{fen % 100:02d},`{left // 100}.{left % 100:02d},`API,`佣金,`W{n:09}\r\n"
            )
        file.write(f"资金流水总笔数\r\n`{lines}\r\n")
    return summed


def enter(path: Path) -> int:
    """The file brought in as an upload does it; reading it is asked for with that."""
    folder = jobs.folder()
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(path, folder / path.name)
    with transaction():
        made = statement.bring(
            brought=statement.Brought(
                source="upload", layout=Layout.FUNDFLOW, account=Account.OPERATION, file_name=path.name,
                stored_name=path.name, sha256=hashlib.sha256(path.name.encode()).hexdigest(),
                size_bytes=path.stat().st_size,
            ), by="bench", at=AT,
        )  # fmt: skip
        return made.id


def timed(words: str) -> None:
    """Do what was asked for, and say how long it took and how much memory the process held at most."""
    began, cpu = time.perf_counter(), time.process_time()
    while queue.drain(beating=False):
        pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(
        f"   {words}: {time.perf_counter() - began:.0f} s, CPU {time.process_time() - cpu:.0f} s,"
        f" peak {peak:.0f} MB, load {os.getloadavg()[0]:.1f}\n"
    )
    sys.stdout.flush()


def main() -> int:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else LINES
    with replay.scratch(), tempfile.TemporaryDirectory() as folder:
        queue.load()
        path = Path(folder) / "fundflow_operation.csv"
        summed = write(path, lines)
        sys.stdout.write(f"   {lines} lines, {path.stat().st_size / 2**20:.0f} MB\n")
        made = enter(path)
        timed("read on trial")
        with transaction():
            statement.take(statement_id=made, by="bench")
        timed("taken")
        count, fen = db.session.execute(
            sa.select(sa.func.count(), sa.func.sum(sa.func.abs(StatementLine.amount_fen)))
        ).one()  # fmt: skip
        state = db.session.get_one(Statement, made, populate_existing=True).state
        is_right = (count, fen, state) == (lines, summed, "taken")
        sys.stdout.write(f"   {count} lines count, {fen / 100:.2f} yuan, {'right' if is_right else 'WRONG'}\n")
        return int(not is_right)


if __name__ == "__main__":
    sys.exit(main())
