"""List pages at 10,000 and at 1,000,000 history rows, side by side, and the export of all of them.

The bar: every page at most 1.5 times the same page at 10,000 rows, p95 at most 100 ms; export at most 15 s and 200 MB.
"""

import dataclasses
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import sqlalchemy as sa
from flask import Flask

from console import create_app, embedded
from console.admin.lists import cursor_of
from console.config import Settings
from jobs import queue
from models import db, migrations, transaction
from models.operations import export
from models.operations.export import Wish
from tests import factories, people
from tests.people import Browser

SMALL, LARGE = 10_000, 1_000_000
ROUNDS = 25
DEEP = 1_000

FILL = """
INSERT INTO history_line (import_id, shop_id, row_number, row_key, order_number, buyer, ordered_at, paid_at, ordered_on,
    paid_on, province_code, product_code, product_name, category, category_group, quantity, placed_fen, paid_fen,
    refund_fen)
SELECT %(run)s, %(shop)s, n, 'k' || n, 'D2026' || lpad((n::bigint * 7919 %% 100000000)::text, 8, '0'),
    'S' || n %% 50000, at, at, at::date, at::date,
    (ARRAY['310000', '110000', '440000', '330000', '510000'])[1 + n %% 5],
    'X' || n %% 500, '保湿补水' || category || n %% 500 || 'ml', category, '护肤品',
    1 + n %% 9, n %% 90000, n %% 90000, 0
FROM generate_series(1, %(rows)s) n,
    LATERAL (SELECT timestamptz '2024-01-01 00:00+08' + n * interval '83 s' AS at,
        (ARRAY['面膜', '眼霜', '爽肤水', '隔离霜', '洗面奶'])[1 + n %% 5] AS category) AS made
"""


@contextmanager
def consoles(root: Path, fill: Callable[[Flask, int], None]) -> Iterator[dict[int, Flask]]:
    """One application a size, each on a database of its own, filled."""
    with embedded.running(root) as services:
        migrations.upgrade(services.owner_database_url)
        url = sa.make_url(services.database_url)
        with psycopg.connect(host=url.query["host"], user="postgres", dbname="postgres", autocommit=True) as superuser:
            superuser.execute("CREATE DATABASE small TEMPLATE qianxing OWNER qianxing_owner")
        settings = Settings(
            database_url=services.database_url,
            owner_database_url=services.owner_database_url,
            redis_url=services.redis_url,
            secret_key="a key for measurements only, long enough",
            environment="test",
            files=root / "files",
        )
        small = dataclasses.replace(settings, database_url=url.set(database="small").render_as_string(False))
        apps = {SMALL: create_app(small), LARGE: create_app(settings)}
        for rows, app in apps.items():
            fill(app, rows)
        yield apps
        for app in apps.values():
            with app.app_context():
                db.engine.dispose()


def fill(app: Flask, rows: int) -> None:
    """So many rows of one import, and statistics about them."""
    began = time.monotonic()
    with app.app_context():
        with transaction():
            run = factories.import_run()
            values = {"run": run.id, "shop": run.shop_id, "rows": rows}
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql(FILL, values)
        url = db.engine.url
        # What autovacuum does within a minute; the application's own role may not.
        place = {"host": url.query["host"], "dbname": url.database}
        with psycopg.connect(**place, user="postgres", autocommit=True) as superuser:
            superuser.execute("VACUUM ANALYZE history_line")
        db.session.remove()
    sys.stdout.write(f"   {rows:,} rows filled in {time.monotonic() - began:.1f} s\n")


def signed_in(app: Flask) -> Browser:
    with app.app_context():
        with transaction():
            person = people.person("admin")
        return Browser(app, app.response_class).sign_in(person)


def deep(app: Flask, path: str, page: int) -> str:
    """The address of a far page, its cursor computed in one go."""
    with app.app_context():
        place = db.session.execute(
            sa.text("SELECT ordered_at, id FROM history_line ORDER BY ordered_at DESC, id DESC OFFSET :rows LIMIT 1"),
            {"rows": (page - 1) * 50 - 1},
        ).one()
        db.session.remove()
    return f"{path}?after={cursor_of(place.ordered_at, place.id)}"


def addresses(app: Flask, rows: int) -> dict[str, str]:
    """The pages that are measured."""
    far = min(DEEP, rows // 50 - 1)
    return {
        "page 1": "/history/",
        f"page {DEEP:,} (or the last)": deep(app, "/history/", far),
        "search, one hit": f"/history/?q=D2026{7919:08}",
        "search, many hits": "/history/?q=D20260",
        "search, no hit": "/history/?q=D9",
        "filter by category": "/history/?category=面膜",
        "filter by days": "/history/?ordered_from=2024-01-02&ordered_to=2024-01-03",
        "filter by province and amount": "/history/?province=310000&amount_from=100&amount_to=200",
    }


def measured(browsers: dict[int, Browser], pages: dict[int, dict[str, str]]) -> dict[tuple[str, int], list[float]]:
    """Milliseconds of each page, the sizes taking turns."""
    took: dict[tuple[str, int], list[float]] = {}
    for round_ in range(ROUNDS + 2):
        for name in pages[SMALL]:
            for rows, browser in browsers.items():
                with browser.application.app_context():
                    began = time.perf_counter()
                    answer = browser.get(pages[rows][name])
                    spent = (time.perf_counter() - began) * 1000
                assert answer.status_code == 200, answer.text
                if round_ >= 2:
                    took.setdefault((name, rows), []).append(spent)
    return took


def told(took: dict[tuple[str, int], list[float]]) -> None:
    """What each page took at both sizes, and how many times as long at the larger."""
    sys.stdout.write(f"   {'page':<36}{'10,000: p50':>14}{'p95':>8}{'1,000,000: p50':>16}{'p95':>8}{'ratio':>8}\n")
    for name in dict.fromkeys(name for name, _ in took):
        at = {rows: sorted(took[name, rows]) for rows in (SMALL, LARGE)}
        p50 = {rows: statistics.median(values) for rows, values in at.items()}
        p95 = {rows: values[int(len(values) * 0.95)] for rows, values in at.items()}
        sys.stdout.write(
            f"   {name:<36}{p50[SMALL]:>11.1f} ms{p95[SMALL]:>8.1f}{p50[LARGE]:>13.1f} ms{p95[LARGE]:>8.1f}"
            f"{p50[LARGE] / p50[SMALL]:>8.2f}\n"
        )


def exported(app: Flask) -> None:
    """Every row to a CSV file, by the job itself in this process."""
    with app.app_context():
        with transaction():
            person = people.person("admin")
            columns = ("order_number", "ordered_at", "shop", "buyer", "category", "product_name", "quantity")
            columns += ("placed_fen", "paid_fen", "refund_fen", "paid_state", "paid_at")
            wish = Wish("history", "历史订单", "", columns, "csv", True, "zh_Hans_CN")
            export.ask(wish=wish, staff_id=person.id, at=datetime.now(UTC))
        queue.load()
        before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
        queue.drain(("export",))
        spent, peak = time.monotonic() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        made = db.session.execute(sa.text("SELECT rows, bytes FROM export ORDER BY id DESC LIMIT 1")).one()
    sys.stdout.write(
        f"   export of {made.rows:,} rows ({made.bytes / 2**20:.0f} MB): {spent:.1f} s,"
        f" peak {peak / 1024:.0f} MB, {(peak - before) / 1024:.0f} MB of it for the export\n"
    )


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="qx-lists-") as folder, consoles(Path(folder), fill) as apps:
        browsers = {rows: signed_in(app) for rows, app in apps.items()}
        pages = {rows: addresses(app, rows) for rows, app in apps.items()}
        told(measured(browsers, pages))
        exported(apps[LARGE])


if __name__ == "__main__":
    main()
