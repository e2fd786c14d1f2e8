"""Jobs under fire: real workers lose their children, themselves, Redis and PostgreSQL; each job must count once.

`python -m tests.bench.chaos_jobs [--kills 200]`. Half of the jobs are asked for directly, half by events; every one
adds one to its own row. Printed: lost (asked for, never counted), doubled (counted more than once), and how long it
took from a kill until the job it hit lived again or was done.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import redis
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from console import config, create_app, logs, processes
from console.config import Settings, from_environment
from console.embedded import Embedded, Services
from jobs import queue, relay, timetable, worker
from models import db, migrations, transaction
from models.operations import outbox

KILLS = 40
WORK_SECONDS = 0.4
PAUSE_SECONDS = 1.0
JOBS_A_SECOND = 2.5
QUIET_SECONDS = 120
CREW = ("common", "common", "urgent", "timetable")

COUNT = sa.text("INSERT INTO chaos VALUES (:n, 1) ON CONFLICT (n) DO UPDATE SET hits = chaos.hits + 1")
HIT = "SELECT id FROM job WHERE state = 'running' AND worker LIKE %s"
LEFT = (
    "SELECT (SELECT count(*) FROM job WHERE finished_at IS NULL)"
    " + (SELECT count(*) FROM event WHERE relayed_at IS NULL)"
)
UNFINISHED = (
    "SELECT id, queue, state, worker, attempts, error, (run_at - clock_timestamp())::text,"
    " (lease_until - clock_timestamp())::text FROM job WHERE finished_at IS NULL ORDER BY state, id LIMIT 10"
)
# When a job lived again, as the trail of its row says, which no killed worker can leave unwritten.
AGAIN = (
    "SELECT extract(epoch FROM min(at)) FROM audit WHERE table_name = 'job' AND row_id = %s"
    " AND at > to_timestamp(%s) AND after ->> 'state' IN ('running', 'done')"
)


@queue.job(title="计数")
def count_once(run: queue.Run, *, n: int) -> None:
    """Add one to row ``n`` in the transaction that finishes the job, slowly enough to be hit in any of its steps."""
    time.sleep(WORK_SECONDS * random.random() / 2)
    with run.transaction():
        db.session.execute(COUNT, {"n": n})
        time.sleep(WORK_SECONDS * random.random())
        run.complete()


@dataclass
class Tally:
    """What was promised and what was hit: numbers whose commit was acknowledged, (moment, job, who) of each kill."""

    promised: list[int] = field(default_factory=list)
    refused: int = 0
    hits: list[tuple[float, int, str]] = field(default_factory=list)


class Crew:
    """The processes under fire; whoever dies is replaced at once, as a supervisor would."""

    def __init__(self, settings: Settings, log: Path, module: str = "tests.bench.chaos_jobs") -> None:
        self.environment = os.environ | config.to_environment(settings)
        self.log = log.open("ab")
        self.module = module
        self.running = [self._start(role) for role in CREW]

    def _start(self, role: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", self.module, "--role", role]
        return subprocess.Popen(command, env=self.environment, stdout=self.log, stderr=self.log)

    def replace_the_dead(self) -> None:
        self.running = [
            process if process.poll() is None else self._start(role)
            for process, role in zip(self.running, CREW, strict=True)
        ]

    def victims(self) -> tuple[int, list[int], str]:
        """A worker at work, its children, and whom of them to kill."""
        for process in random.sample(self.running[:-1], len(CREW) - 1):
            if children := _children(process):
                return process.pid, children, random.choice(("child", "child", "worker", "both"))
        return 0, [], ""

    def stop(self) -> None:
        for process in self.running:
            process.terminate()
        for process in self.running:
            process.wait(60)
        self.log.close()


def _children(process: subprocess.Popen[bytes]) -> list[int]:
    with suppress(OSError):
        return [int(pid) for pid in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]
    return []


def play(role: str) -> None:
    """Be one of the crew."""
    logs.configure()
    relay.SUBSCRIBERS["chaos.asked"] = ("count_once",)
    app = create_app(from_environment())
    if role != "timetable":
        return worker.run(app, queues=worker.POOLS[role])
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    return timetable.run(app, stop=stop)


def keep_asking(settings: Settings, tally: Tally, stop: threading.Event) -> None:
    """New jobs all the time, each in a business transaction; refused while PostgreSQL is away."""
    n = 0
    with create_app(settings).app_context():
        while not stop.wait(1 / JOBS_A_SECOND):
            n += 1
            try:
                with transaction():
                    if n % 2:
                        outbox.request("count_once", payload={"n": n}, queue=random.choice(("default", "money")))
                    else:
                        outbox.emit("chaos.asked", n=n)
                tally.promised.append(n)
            except DBAPIError:
                tally.refused += 1
        db.engine.dispose()


def strike(crew: Crew, tally: Tally, address: str) -> bool:
    """SIGKILL a worker, its child or both, remembering which job that hits; False when there was nobody to hit."""
    worker_pid, children, who = crew.victims()
    if not who:
        return False
    # Held still, so that what they are found to work on is what the kill hits.
    _signal([worker_pid, *children], signal.SIGSTOP)
    with suppress(psycopg.OperationalError), psycopg.connect(address) as connection:
        hit = connection.execute(HIT, (f"%-{worker_pid}-%",)).fetchall()
        tally.hits += [(time.time(), job_id, who) for (job_id,) in hit]
    targets = {"child": children, "worker": [worker_pid], "both": [worker_pid, *children]}
    _signal(targets[who], signal.SIGKILL)
    _signal([worker_pid, *children], signal.SIGCONT)
    return True


def _signal(pids: list[int], how: signal.Signals) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, how)


def disasters(servers: Embedded) -> list[tuple[str, Callable[[], Any]]]:
    """What happens to the servers meanwhile."""

    def restart(folder: str, how: signal.Signals) -> None:
        processes.end(processes.of_folder(servers.root / folder), how, 30)
        time.sleep(2)
        servers.start()

    flushed = redis.Redis.from_url(servers.services.redis_url)
    return [
        ("FLUSHALL", flushed.flushall),
        ("SIGKILL of Redis", lambda: restart("redis", signal.SIGKILL)),
        ("restart of PostgreSQL", lambda: restart("pg", signal.SIGINT)),
        ("SIGKILL of PostgreSQL", lambda: restart("pg", signal.SIGKILL)),
    ]


def fire(servers: Embedded, crew: Crew, tally: Tally, kills: int, address: str) -> None:
    """All the kills, the disasters evenly among them."""
    wrecks = disasters(servers)
    moments = {kills * (at + 1) // (len(wrecks) + 1): wreck for at, wreck in enumerate(wrecks)}
    done = 0
    while done < kills:
        if done in moments:
            name, wreck = moments.pop(done)
            sys.stdout.write(f"   after {done} kills: {name}\n")
            sys.stdout.flush()
            wreck()
        done += strike(crew, tally, address)
        time.sleep(PAUSE_SECONDS * (0.5 + random.random()))
        crew.replace_the_dead()


def wait_until_quiet(connection: psycopg.Connection) -> float:
    """Seconds until every job is over and every event relayed."""
    began = time.monotonic()
    while connection.execute(LEFT).fetchone() != (0,) and time.monotonic() - began < QUIET_SECONDS:
        time.sleep(0.2)
    return time.monotonic() - began


def resumed(connection: psycopg.Connection, tally: Tally, who: str) -> Iterator[float]:
    for at, job_id, killed in tally.hits:
        found = connection.execute(AGAIN, (str(job_id), at)).fetchone()
        if killed == who and found and found[0] is not None:
            yield float(found[0]) - at


def report(connection: psycopg.Connection, tally: Tally, quiet: float) -> bool:
    """Print the figures; whether nothing was lost or doubled."""
    counted = dict(connection.execute("SELECT n, hits FROM chaos").fetchall())
    lost = [n for n in tally.promised if n not in counted]
    doubled = [n for n, hits in counted.items() if hits > 1]
    states = dict(connection.execute("SELECT state, count(*) FROM job GROUP BY state").fetchall())
    seconds = {who: sorted(resumed(connection, tally, who)) for who in ("child", "worker", "both")}
    sys.stdout.write(
        f"   promised {len(tally.promised)} (refused {tally.refused} while PostgreSQL was away), jobs {states}\n"
        f"   lost {len(lost)}, doubled {len(doubled)}\n"
        f"   {len(tally.hits)} jobs hit; all quiet {quiet:.1f} s after the last kill\n"
    )
    for who, lives in seconds.items():
        if lives:
            sys.stdout.write(
                f"   killed {who}: {len(lives)}, seconds until the job lived again or was done:"
                f" median {lives[len(lives) // 2]:.1f}, max {lives[-1]:.1f}\n"
            )
    for row in connection.execute(UNFINISHED).fetchall():
        sys.stdout.write(f"   not finished: {row}\n")
    return not lost and not doubled and sum(map(len, seconds.values())) == len(tally.hits)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--role", choices=CREW)
    asked = parser.parse_args()
    if asked.role:
        play(asked.role)
        return 0
    root = Path(tempfile.mkdtemp(prefix="qx-chaos-"))
    servers = Embedded(root)
    try:
        return run(servers, asked.kills)
    finally:
        servers.stop()
        shutil.rmtree(root, ignore_errors=True)


def settings_of(services: Services, root: Path) -> Settings:
    """What the processes of a trial are started with."""
    return Settings(
        database_url=services.database_url,
        owner_database_url=services.owner_database_url,
        redis_url=services.redis_url,
        secret_key="a key for this trial only, thirty-two bytes long",
        environment="test",
        files=root / "files",
    )


def run(servers: Embedded, kills: int) -> int:
    """The whole story on servers of its own."""
    services = servers.start()
    migrations.upgrade(services.owner_database_url)
    address = sa.make_url(services.owner_database_url).set(drivername="postgresql").render_as_string(False)
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute("CREATE TABLE chaos (n bigint PRIMARY KEY, hits bigint NOT NULL)")
    settings = settings_of(services, servers.root)
    tally, stop, crew = Tally(), threading.Event(), Crew(settings, servers.root / "crew.log")
    asking = threading.Thread(target=keep_asking, args=(settings, tally, stop))
    asking.start()
    try:
        fire(servers, crew, tally, kills, address)
        stop.set()
        asking.join()
        with psycopg.connect(address, autocommit=True) as connection:
            return 0 if report(connection, tally, wait_until_quiet(connection)) else 1
    finally:
        stop.set()
        crew.stop()


if __name__ == "__main__":
    sys.exit(main())
