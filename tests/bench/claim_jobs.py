"""What taking a money job costs while a hundred thousand others wait: behind it, and in its own queue for later."""

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

import sqlalchemy as sa

from console import create_app
from console.config import Settings
from console.embedded import Embedded
from models import db, migrations, transaction
from models.operations import job as operations
from models.operations import outbox

CROWD = 100_000
ROUNDS = 100
FILL = sa.text(
    "INSERT INTO job (kind, queue, payload, run_at) SELECT 'report', :queue, '{}',"
    " clock_timestamp() + make_interval(secs => :later) FROM generate_series(1, :n)"
)


def claims() -> list[float]:
    """Milliseconds of each of some claims of a money job, its own transaction each."""
    taken = []
    for _ in range(ROUNDS):
        with transaction():
            job_id = outbox.request("pay", payload={}, queue="money").id
        began = time.perf_counter()
        with transaction():
            claim = operations.claim(worker="bench", queue="money")
        taken.append((time.perf_counter() - began) * 1000)
        assert claim is not None
        assert claim.job_id == job_id
        with transaction():
            operations.finish(job_id=job_id, token=claim.token, result=None)
    return sorted(taken)


def measure(what: str) -> float:
    taken = claims()
    middle = statistics.median(taken)
    sys.stdout.write(f"   {what}: claim p50 {middle:.2f} ms, p99 {taken[ROUNDS * 99 // 100]:.2f} ms\n")
    return middle


def crowd(queue: str, later: int) -> None:
    with transaction():
        db.session.execute(FILL, {"queue": queue, "later": later, "n": CROWD})


def main() -> None:
    root = Path(tempfile.mkdtemp(prefix="qx-claims-"))
    servers = Embedded(root)
    try:
        services = servers.start()
        migrations.upgrade(services.owner_database_url)
        app = create_app(
            Settings(
                database_url=services.database_url,
                owner_database_url=services.owner_database_url,
                redis_url=services.redis_url,
                secret_key="a key for this measure only, thirty-two bytes long",
                environment="test",
                files=root / "files",
            )
        )
        with app.app_context():
            alone = measure("alone")
            crowd("export", 0)
            behind = measure(f"{CROWD:,} exports due")
            crowd("money", 3600)
            later = measure(f"and {CROWD:,} money jobs for later")
            sys.stdout.write(f"   ratio to alone: {behind / alone:.2f}, {later / alone:.2f}\n")
            db.session.remove()
            db.engine.dispose()
    finally:
        servers.stop()
        shutil.rmtree(root, ignore_errors=True)


if __name__ == "__main__":
    main()
