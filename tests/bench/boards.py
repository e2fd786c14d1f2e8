"""Board pages over 1,000,000 rows of two years: each board, each usual period, whole answers.

The bar: the median page at most 300 ms.
"""

import resource
import statistics
import sys
import time
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

from console import formatting
from console.admin.board import BOARDS
from models import db, transaction
from reports import columns
from tests import factories, people
from tests.bench.alone import alone
from tests.people import Browser

ROWS = 1_000_000
DAYS = 730
ROUNDS = 5
PERIODS = ("today", "7d", "30d", "month", "last-month", "quarter", "year", "span")

# Three lines an order, 120,000 buyers, orders spread evenly over the days; every twentieth line half refunded.
FILL = """
INSERT INTO history_line (import_id, shop_id, row_number, row_key, order_number, buyer, ordered_at, paid_at, ordered_on,
    paid_on, province_code, city_code, sales_region, product_code, product_name, category, category_group, quantity,
    placed_fen, paid_fen, refund_fen)
SELECT :run, :shop, n, 'k' || n, 'D' || o, 'S' || abs(hashint4(o) % 120000), at, at, day, day, p || '0000', p || '0100',
    (ARRAY['东区', '南区', '西区', '北区'])[1 + o % 4], 'X' || n % 120, '商品' || n % 120, '小类' || n % 30,
    '大类' || n % 4, 1 + n % 40, fen, fen, CASE WHEN n % 20 = 0 THEN fen / 2 ELSE 0 END
FROM generate_series(1, :rows) n,
    LATERAL (SELECT n / 3 AS o, 1000 + n::bigint * 37 % 100000 AS fen) AS made,
    LATERAL (SELECT CAST(:first AS date) + abs(hashint4(o + 7) % :days) AS day, 11 + o % 31 AS p) AS spread,
    LATERAL (SELECT day::timestamptz + interval '12 hours' AS at) AS moment
"""


def fill(app: Flask) -> None:
    """The rows of one import, and statistics about them."""
    began = time.monotonic()
    first = formatting.today() - timedelta(days=DAYS - 1)
    with app.app_context():
        with transaction():
            run = factories.import_run()
            values = {"run": run.id, "shop": run.shop_id, "rows": ROWS, "first": first, "days": DAYS}
            db.session.execute(sa.text(FILL), values)
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(sa.text("ANALYZE"))
    sys.stdout.write(f"   {ROWS:,} rows laid in {time.monotonic() - began:.0f} s\n")


def asked(browser: Browser, path: str) -> float:
    """Milliseconds to the whole page; a page that was stopped counts with the time until then."""
    began = time.perf_counter()
    browser.get(path)
    return (time.perf_counter() - began) * 1000


def lay_columns() -> None:
    """What the first board after an import waits for, and what the process then holds."""
    before, began = resident(), time.monotonic()
    held = columns.current()
    seconds, after = time.monotonic() - began, resident()
    figures = f"{held.bytes >> 20} MB of columns, process {before} to {after} MB, at most {peak()} MB"
    sys.stdout.write(f"   columns read in {seconds:.1f} s: {figures}\n")


def resident() -> int:
    """Megabytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() >> 20


def peak() -> int:
    """Megabytes this process ever had in memory."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def measure(app: Flask) -> None:
    with app.app_context():
        with transaction():
            person = people.person("admin")
        browser = Browser(app, app.response_class).sign_in(person)
        lay_columns()
        medians = []
        for view in BOARDS:
            for period in PERIODS:
                path = f"/{view.slug}/?period={period}"
                asked(browser, path)
                times = [asked(browser, path) for _ in range(ROUNDS)]
                medians.append(statistics.median(times))
                status = browser.get(path).status_code
                figures = f"median {medians[-1]:7.0f} ms  worst {max(times):7.0f} ms"
                sys.stdout.write(f"   {view.slug:18} {period:11} {figures}  {status}\n")
                sys.stdout.flush()
    sys.stdout.write(f"   process at the end {resident()} MB, at most {peak()} MB\n")
    sys.stdout.write(f"   median of all pages {statistics.median(medians):.0f} ms (bar 300 ms)\n")


def main() -> None:
    with alone() as app:
        fill(app)
        measure(app)


if __name__ == "__main__":
    main()
