"""Imports by a real worker: seconds and peak memory of real files and of 1,000,000 rows; then the same under fire.

Under fire the worker is killed (-9) at three points of a dry run and once while it publishes, Redis is emptied, and
PostgreSQL is restarted; every time the totals must be those of an undisturbed run, with no row twice.
"""

import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import redis
import sqlalchemy as sa
from flask import Flask

from console import config, create_app, embedded, intake, processes
from console.config import Settings
from console.supervisor import Child, Supervisor
from models import ImportRun, db, migrations, transaction
from models.operations import importing
from tests import factories

SEED = 20261123
LARGE, UNDER_FIRE = 1_000_000, 200_000
PATIENCE_SECONDS = 900.0
SHARED = Path(__file__).resolve().parents[3] / "shared" / "data" / "orders"
HEADER = "订单编号,客户编码,下单时间,付款时间,省份,城市,商品编号,小类,数量,单价,金额,实付金额,退款金额\n"
PLACES = (("上海", "上海市"), ("江苏省", "苏州市"), ("广东", "深圳市"), ("浙江省", "杭州市"), ("福建省", "泉州市"))
SHOWN = ("rows_read", "rows_ready", "rows_refused", "rows_repaired", "placed_fen", "paid_fen", "refund_fen")


def write(path: Path, rows: int) -> Path:
    """A seeded export: one row in a thousand is dirt that is refused, one in fifty dirt that is repaired."""
    draw = random.Random(SEED)
    start = datetime(2024, 1, 1, tzinfo=UTC)
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER)
        for number in range(1, rows + 1):
            at = start + timedelta(seconds=number * 31)
            province, city = PLACES[draw.randrange(5)]
            pieces, price = 1 + draw.randrange(9), 5 + draw.randrange(200)
            total = pieces * price
            day = f"{at:%Y-%m-%d}" if draw.randrange(50) else f"{at:%Y#%m#%d}"
            if not draw.randrange(1000):
                total += 1
            back = total if not draw.randrange(12) else 0
            file.write(
                f"D{number:08d},S{draw.randrange(60_000):05d},{day} {at:%H:%M:%S},{at:%Y-%m-%d %H:%M:%S},{province},"
                f"{city},X{draw.randrange(500):03d},面膜,{pieces},{price},{total},{total},{back}\n"
            )
    return path


def peak_bytes(root: int) -> int:
    """The most memory any process below this one has ever held."""
    parents: dict[int, int] = {}
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError):
            parents[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
    below, most = {root}, 0
    for pid in sorted(parents):
        if parents[pid] in below:
            below.add(pid)
            with suppress(OSError, StopIteration):
                lines = Path(f"/proc/{pid}/status").read_text().splitlines()
                most = max(most, next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024)
    return most


@dataclass
class Site:
    """A whole installation: servers, a worker, the timetable, and the application to look through."""

    app: Flask
    servers: embedded.Embedded
    supervisor: Supervisor
    worker: Child
    peak: int = 0

    def shop(self) -> int:
        with transaction():
            return factories.shop().id

    def bring(self, path: Path) -> int:
        return intake.bring(path, shop_id=self.shop(), layout_name="", by="system:bench", at=datetime.now(UTC))

    def run(self, import_id: int) -> ImportRun:
        """The import at this moment, asked again while PostgreSQL is away."""
        while True:
            try:
                db.session.rollback()
                return db.session.get_one(ImportRun, import_id, populate_existing=True)
            except sa.exc.OperationalError:
                self.supervisor.look()
                time.sleep(0.05)

    def await_(self, done: Callable[[], bool]) -> float:
        """Seconds until it is so; keeps everything alive meanwhile and watches the worker's memory."""
        began = looked = time.monotonic()
        while not done():
            if time.monotonic() - began > PATIENCE_SECONDS:
                raise SystemExit("   waited too long")
            if time.monotonic() - looked > 0.5:
                looked = time.monotonic()
                self.supervisor.look()
                if self.worker.process is not None:
                    self.peak = max(self.peak, peak_bytes(self.worker.process.pid))
            time.sleep(0.02)
        return time.monotonic() - began

    def step(self, operation: Callable[..., ImportRun], import_id: int, until: tuple[str, ...], **more: str) -> float:
        """Ask for a step and wait for its end."""
        with transaction():
            operation(import_id=import_id, by="system:bench", **more)
        return self.await_(lambda: self.run(import_id).state in until)

    def kill(self) -> None:
        """`kill -9` of the worker and of the child that does the work."""
        if self.worker.process is not None:
            os.killpg(self.worker.process.pid, signal.SIGKILL)
            for process in processes_below(self.worker.process.pid):
                with suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            self.worker.process.wait()

    def flush(self) -> None:
        redis.Redis.from_url(self.servers.services.redis_url).flushall()

    def restart_postgres(self) -> None:
        processes.end(processes.of_folder(self.servers.root / "pg"), signal.SIGINT, 30)


def processes_below(root: int) -> list[int]:
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError, ValueError):
            if int((entry / "stat").read_text().rpartition(")")[2].split()[1]) == root:
                found.append(int(entry.name))
    return found


@contextmanager
def site(root: Path) -> Iterator[Site]:
    servers = embedded.Embedded(root)
    services = servers.start()
    supervisor = Supervisor(heal=lambda: None if servers.is_up() else servers.start() and None)
    try:
        migrations.upgrade(services.owner_database_url)
        settings = Settings(
            database_url=services.database_url,
            owner_database_url=services.owner_database_url,
            redis_url=services.redis_url,
            secret_key="a key for measurements only, long enough",
            environment="test",
            files=root / "files",
        )
        environment = config.to_environment(settings)
        cli = [sys.executable, "-m", "console.cli"]
        worker = supervisor.add(Child("worker", [*cli, "worker", "--pool", "common"], environment, root / "worker.log"))
        supervisor.add(Child("timetable", [*cli, "timetable"], environment, root / "timetable.log"))
        app = create_app(settings)
        with app.app_context():
            yield Site(app, servers, supervisor, worker)
            db.session.remove()
            db.engine.dispose()
    finally:
        supervisor.stop()
        servers.stop()


def figures(run: ImportRun) -> tuple[int, ...]:
    return tuple(getattr(run, name) for name in SHOWN)


def measure(here: Site, path: Path) -> None:
    """The whole way of one file."""
    here.peak = 0
    import_id = here.bring(path)
    tried = here.step(importing.try_out, import_id, ("staged", "failed"))
    run = here.run(import_id)
    words = ", ".join(f"{name} {value:,}" for name, value in zip(SHOWN, figures(run), strict=True))
    sys.stdout.write(
        f"   {path.name} ({path.stat().st_size / 2**20:.1f} MB): {run.state} {run.failure}\n      {words}\n"
    )
    put = here.step(importing.publish, import_id, ("done",))
    twice = db.session.scalar(sa.text("SELECT count(*) - count(DISTINCT (shop_id, row_key)) FROM history_line"))
    gone = here.step(importing.undo, import_id, ("undone",), reason_code="other")
    sys.stdout.write(
        f"      dry run {tried:.1f} s, import {put:.1f} s, undo {gone:.1f} s, worker's peak {here.peak / 2**20:.0f} MB,"
        f" rows twice {twice}\n"
    )


@dataclass(frozen=True)
class Blow:
    """What is struck, and when: after so large a share of the rows, or so many seconds into publishing."""

    name: str
    strike: Callable[[Site], None]
    share: float = 0.0
    publishing_seconds: float = 0.0


BLOWS = (
    Blow("kill -9 after the first chunk", Site.kill, share=0.01),
    Blow("kill -9 in the middle of the dry run", Site.kill, share=0.5),
    Blow("kill -9 near the end of the dry run", Site.kill, share=0.9),
    Blow("kill -9 while publishing", Site.kill, publishing_seconds=1.5),
    Blow("FLUSHALL in the middle of the dry run", Site.flush, share=0.4),
    Blow("PostgreSQL restarted in the middle of the dry run", Site.restart_postgres, share=0.4),
    Blow("PostgreSQL restarted while publishing", Site.restart_postgres, publishing_seconds=1.5),
)


def under_fire(here: Site, path: Path, blow: Blow, right: tuple[int, ...]) -> None:
    import_id = here.bring(path)
    recovered = 0.0
    with transaction():
        importing.try_out(import_id=import_id, by="system:bench")
    if blow.share:
        recovered = struck(here, blow, import_id, lambda run: run.checkpoint > blow.share * UNDER_FIRE)
    here.await_(lambda: here.run(import_id).state in ("staged", "failed"))
    with transaction():
        importing.publish(import_id=import_id, by="system:bench")
    if blow.publishing_seconds:
        time.sleep(blow.publishing_seconds)
        state = here.run(import_id).state
        blow.strike(here)
        recovered = here.await_(lambda: here.run(import_id).state == "done")
        sys.stdout.write(f"      struck while {state}\n")
    here.await_(lambda: here.run(import_id).state == "done")
    run = here.run(import_id)
    held = db.session.execute(
        sa.text("SELECT count(*), count(DISTINCT row_key) FROM history_line WHERE import_id = :id"), {"id": import_id}
    ).one()
    same = figures(run) == right and tuple(held) == (run.rows_ready, run.rows_ready)
    sys.stdout.write(f"   {blow.name}: {'same totals, no row twice' if same else f'DIFFERENT {figures(run)} {held}'}")
    sys.stdout.write(f", {recovered:.1f} s to recover\n")


def struck(here: Site, blow: Blow, import_id: int, when: Callable[[ImportRun], bool]) -> float:
    """Strike at the moment; seconds until the next chunk is committed."""
    here.await_(lambda: when(here.run(import_id)) or here.run(import_id).state != "staging")
    before = here.run(import_id).checkpoint
    blow.strike(here)
    return here.await_(lambda: here.run(import_id).checkpoint > before or here.run(import_id).state != "staging")


def main() -> None:
    root = Path(tempfile.mkdtemp(prefix="qx-bench-"))
    try:
        with site(root) as here:
            for name in ("tmall_order_report.csv", "rihua_orders_2019.xlsx"):
                if (SHARED / name).exists():
                    measure(here, SHARED / name)
            measure(here, write(root / f"{LARGE}.csv", LARGE))
            path = write(root / f"{UNDER_FIRE}.csv", UNDER_FIRE)
            import_id = here.bring(path)
            here.step(importing.try_out, import_id, ("staged",))
            right = figures(here.run(import_id))
            for blow in BLOWS:
                under_fire(here, path, blow, right)
                sys.stdout.flush()
    finally:
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
