"""A batch over all rows of a filter: preview, start, progress, a worker killed in the middle, cancelling another.

`python -m tests.bench.batch [--rows 100000]`. The rows are dead jobs that are run again; every row must have exactly
one result, and every job must have been run again exactly once.
"""

import argparse
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psycopg
import sqlalchemy as sa
from flask import Flask

from console import config, create_app, embedded, logs
from console.config import Settings, from_environment
from jobs import queue, timetable
from models import Batch, BatchRow, Job, db, migrations
from tests import people
from tests.people import Browser

FILL = """
INSERT INTO job (kind, queue, state, payload, subject, title, attempts, finished_at)
SELECT 'nothing', 'export', 'dead', '{{}}', '{subject}', 'dead letter', 8, clock_timestamp()
FROM generate_series(1, {rows})
"""
RERUN_TWICE = (
    "SELECT count(*) FROM (SELECT row_id FROM audit WHERE table_name = 'job' AND action = 'job.rerun'"
    " AND after ->> 'state' = 'waiting' GROUP BY row_id HAVING count(*) > 1) twice"
)
PATIENCE = 900.0


def work() -> None:
    """Be a worker of the default queue until nothing is due."""
    logs.configure()
    queue.load()
    with create_app(from_environment()).app_context():
        queue.drain(["default"], worker=f"bench-{os.getpid()}")


class Bench:
    """One installation, one person, and the workers that come and go."""

    def __init__(self, settings: Settings, owner: str) -> None:
        self.app: Flask = create_app(settings)
        self.environment = os.environ | config.to_environment(settings)
        self.owner = owner
        with self.app.app_context():
            self.browser = Browser(self.app, self.app.response_class).sign_in(people.person("operator"))

    def worker(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tests.bench.batch", "--work"]
        return subprocess.Popen(command, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def fill(self, subject: str, rows: int) -> None:
        with psycopg.connect(self.owner, autocommit=True) as connection:
            connection.execute("SET session_replication_role = replica")
            connection.execute(FILL.format(subject=subject, rows=rows).encode())
            connection.execute("VACUUM ANALYZE job")

    def start(self, subject: str) -> tuple[int, float, float]:
        """A batch over the subject's jobs: its id, milliseconds of preview and of start."""
        form = {"page": "jobs", "key": "rerun", "query": f"subject={subject}", "is_filter": "yes"}
        with self.app.app_context():
            began = time.monotonic()
            text = self.browser.post("/batches/preview", data=form).text
            shown = time.monotonic()
            found = re.search(r'name="rows" value="(\d+)"', text)
            assert found is not None, text[-2000:]
            answer = self.browser.post("/batches/start", data=form | {"rows": found[1], "reason_code": "repaired"})
            ended = time.monotonic()
        return int(answer.location.rpartition("/")[2]), (shown - began) * 1000, (ended - shown) * 1000

    def counts(self, batch_id: int) -> dict[str, int]:
        with self.app.app_context():
            query = sa.select(BatchRow.outcome, sa.func.count()).where(BatchRow.batch_id == batch_id)
            return {row[0]: row[1] for row in db.session.execute(query.group_by(BatchRow.outcome))}

    def tried(self, batch_id: int) -> int:
        return sum(self.counts(batch_id).values()) - self.counts(batch_id).get("waiting", 0)

    def is_over(self, batch_id: int) -> bool:
        with self.app.app_context():
            return db.session.get_one(Batch, batch_id).ended_at is not None

    def lease_over(self, batch_id: int) -> float:
        """Sweep each second as the timetable does, until the lease of the dead is over: how many seconds that took.

        A worker that was done before it was killed leaves no lease.
        """
        began = time.monotonic()
        while not self.is_over(batch_id):
            with self.app.app_context():
                if timetable.sweep().returned:
                    break
            assert time.monotonic() - began < PATIENCE, "the lease of the killed worker never ended"
            time.sleep(1)
        return time.monotonic() - began

    def ended(self, batch_id: int) -> None:
        """New workers, one after another, until the batch is over."""
        began = time.monotonic()
        while not self.is_over(batch_id):
            assert time.monotonic() - began < PATIENCE, f"not over: {self.counts(batch_id)}"
            self.worker().wait(PATIENCE)

    def until(self, batch_id: int, rows: int) -> None:
        """Wait until so many rows were tried."""
        deadline = time.monotonic() + PATIENCE
        while self.tried(batch_id) < rows and not self.is_over(batch_id):
            assert time.monotonic() < deadline
            time.sleep(0.25)


def whole(bench: Bench, rows: int) -> None:
    """All rows, one worker killed at about half."""
    bench.fill("whole", rows)
    batch_id, preview, start = bench.start("whole")
    sys.stdout.write(f"   preview {preview:,.0f} ms, start {start:,.0f} ms for {rows:,} rows\n")
    began = time.monotonic()
    first = bench.worker()
    bench.until(batch_id, rows // 2)
    os.kill(first.pid, signal.SIGKILL)
    first.wait()
    at_death = bench.tried(batch_id)
    lost = bench.lease_over(batch_id)
    bench.ended(batch_id)
    seconds = time.monotonic() - began
    with bench.app.app_context():
        again = sa.select(sa.func.count()).where(Job.subject == "whole", Job.state == "waiting")
        ran, twice = db.session.scalar(again), db.session.scalar(sa.text(RERUN_TWICE))
    sys.stdout.write(
        f"   {seconds:,.1f} s ({rows / seconds:,.0f} rows/s, {rows / (seconds - lost):,.0f} without the {lost:.0f} s of"
        f" the lease), killed at {at_death:,}; results {bench.counts(batch_id)}; run again {ran:,}, twice {twice}\n"
    )


def cancelled(bench: Bench, rows: int) -> None:
    """A second batch, cancelled in its first hundredth."""
    bench.fill("cancelled", rows)
    batch_id, preview, start = bench.start("cancelled")
    sys.stdout.write(f"   preview {preview:,.0f} ms, start {start:,.0f} ms for {rows:,} rows\n")
    worker = bench.worker()
    bench.until(batch_id, rows // 100)
    began = time.monotonic()
    with bench.app.app_context():
        bench.browser.post(f"/batches/{batch_id}/cancel")
    while not bench.is_over(batch_id):
        assert time.monotonic() - began < PATIENCE, f"not cancelled: {bench.counts(batch_id)}"
        time.sleep(0.05)
    sys.stdout.write(f"   cancelled within {time.monotonic() - began:.1f} s; results {bench.counts(batch_id)}\n")
    worker.terminate()
    worker.wait()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--only", choices=("whole", "cancelled"))
    parser.add_argument("--work", action="store_true")
    asked = parser.parse_args()
    if asked.work:
        work()
        return
    with tempfile.TemporaryDirectory(prefix="qx-batch-") as folder, embedded.running(Path(folder)) as services:
        migrations.upgrade(services.owner_database_url)
        settings = Settings(
            database_url=services.database_url,
            owner_database_url=services.owner_database_url,
            redis_url=services.redis_url,
            secret_key="a key for measurements only, long enough",
            environment="test",
            files=Path(folder) / "files",
        )
        logs.configure()
        owner = sa.make_url(services.owner_database_url).set(drivername="postgresql", username="postgres")
        bench = Bench(settings, owner.render_as_string(False))
        for part in (whole, cancelled):
            if asked.only in (None, part.__name__):
                part(bench, asked.rows)
        with bench.app.app_context():
            db.engine.dispose()


if __name__ == "__main__":
    main()
