"""The tree page at 1,000,000 members: a random seat's page as a browser asks for it, its counts, a search by code.

The bar: the page of a seat at most 100 ms at the 95th percentile.
"""

import logging
import random
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

import sqlalchemy as sa
import structlog

from console import create_app, embedded
from console.config import Settings
from models import db, migrations, transaction
from models.operations import admission, placement
from models.rules.placement import Template
from tests import factories, people
from tests.people import Browser

MEMBERS, ROUNDS = 1_000_000, 200
PRESETS = 10
AT = datetime(2026, 1, 1, 1, tzinfo=UTC)
DICE = random.Random(20261123)

# Breadth first below the ten of a triple matrix: the tree that joins without a sponsor make.
_PEOPLE = """
    INSERT INTO member (code, matrix_id, sponsor_id, standing, showcase, registered_at, qualified_at, failures, strikes,
        earned_fen)
    SELECT 'm' || n, :matrix, :last, (ARRAY['active', 'active', 'frozen', 'candidate', 'exited'])[1 + n % 5], 'open',
        :at, :at, 0, 0, 0
    FROM generate_series(1, :count) AS n ORDER BY n
    """
_SEATS = """
    INSERT INTO seat (matrix_id, member_id, parent_id, slot, depth, placed_at)
    SELECT :matrix, id, :first + (n - 2) / 3, (n - 2) % 3 + 1, ceil(ln(2 * n + 1) / ln(3) - 1e-9) - 1, :at
    FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM member) AS m WHERE n > 10 ORDER BY n
    """


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def filled() -> list[int]:
    """A network of a million; the first and the last seat."""
    with transaction():
        matrix = admission.make_matrix(
            code="M", merchant=factories.merchant(code="S"), template=Template.TRIPLE, at=AT, by="bench"
        )
        first, last = db.session.execute(sa.text("SELECT min(id), max(member_id) FROM seat")).one()
        told = {"matrix": matrix.id, "at": AT, "count": MEMBERS, "first": first, "last": last}
        db.session.execute(sa.text(_PEOPLE), told)
        db.session.execute(sa.text(_SEATS), told)
        missing = "INSERT INTO frontier (seat_id, is_open, taken) SELECT id, true, 0 FROM seat ON CONFLICT DO NOTHING"
        db.session.execute(sa.text(missing))
        placement.rebuild(matrix_id=matrix.id)
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("ANALYZE member, seat, frontier"))
    return [first, first + PRESETS + MEMBERS - 1]


def timed(name: str, ask: Callable[[], object]) -> None:
    """Milliseconds of many asks, whole requests through the application."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        ask()
        times.append((time.perf_counter() - began) * 1e3)
    say(f"{name}: p50 {median(times):.0f} ms, p95 {quantiles(times, n=20)[-1]:.0f} ms")


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="qx-bench-") as folder, embedded.running(Path(folder)) as services:
        migrations.upgrade(services.owner_database_url)
        settings = Settings(
            database_url=services.database_url,
            owner_database_url=services.owner_database_url,
            redis_url=services.redis_url,
            secret_key="a key for benchmarks only, thirty-two bytes",
            environment="test",
            files=Path(folder) / "files",
        )
        app = create_app(settings)
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
        app.testing = True
        with app.app_context():
            began = time.perf_counter()
            first, last = filled()
            say(f"{MEMBERS:,} members placed in {time.perf_counter() - began:.0f} s")
            browser = Browser(app, app.response_class).sign_in(people.person("auditor"))

            def page(path: str) -> None:
                answer = browser.get(path)
                assert answer.status_code in (200, 302), path

            page(f"/tree/{first}")
            timed("a seat anywhere", lambda: page(f"/tree/{DICE.randint(first, last)}"))
            timed("a seat near the root", lambda: page(f"/tree/{DICE.randint(first, first + 100)}"))
            timed("its next generation", lambda: page(f"/tree/{DICE.randint(first, last)}/below"))
            timed("ten levels counted anywhere", lambda: page(f"/tree/{DICE.randint(first, last)}/counts"))
            timed("ten levels counted below the root", lambda: page(f"/tree/{first}/counts"))
            timed("search by code", lambda: page(f"/tree/?code=m{DICE.randint(1, MEMBERS)}"))
            timed("the next ten vacancies", lambda: page(f"/vacancies/?inviter=m{DICE.randint(1, 1000)}"))


if __name__ == "__main__":
    main()
