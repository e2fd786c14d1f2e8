"""Board pages over 1,000,000 own orders (1,250,000 lines) of two years by 20,000 sellers; the lists behind figures.

Told: the first reading, reading anew after a payment, after a refund and after nothing; the bar of a page as in
`boards`: the median at most 300 ms.
"""

import statistics
import sys
import time
from datetime import UTC, datetime

import psycopg
import sqlalchemy as sa
from flask import Flask

from console.admin.board import BOARDS, OWN_BOARDS
from models import db, transaction
from models.rules.placement import Template
from reports import frames, own
from reports.slices import Source
from tests import people
from tests.bench.alone import alone
from tests.bench.boards import PERIODS, asked, peak, resident
from tests.bench.member_page import FILL as MEMBERS
from tests.operations import world
from tests.people import Browser
from tests.village import happens

ORDERS = 1_000_000
SELLERS = 20_000
ROUNDS = 3
LISTS = ("", "level=6", "rank=leader", "province=320000", "city=320500", "category=面膜", "refunds=yes", "network=1")
FILL = (
    """
    INSERT INTO shop_order (number, kind, scene, state, seller_id, buyer_id, buyer, paid_fen, deposit_fen, freight_fen,
        cost_fen, commission_fen, region_code, address, policy_id, digest, placed_at, paid_at, completed_at,
        settled_fen, refunded_fen, is_held, is_fraud)
    SELECT 'o' || n, 'normal', (ARRAY['short_video', 'live', 'share_link', 'showcase'])[1 + n %% 4], 'completed',
        11 + n::bigint * 7919 %% %(members)s, CASE WHEN n %% 3 = 0 THEN 11 + n::bigint * 104729 %% %(members)s END,
        'b' || abs(hashint4(n / 3) %% 200000), 100 + n %% 90000, 0, 0, 40, 30,
        (ARRAY['310115', '110105', '440305', '330106', '320505', '429004'])[1 + n / 7 %% 6],
        '{"name": "王", "phone": "13800000000"}', %(policy)s, '\\x00', at, at, at, 100 + n %% 90000,
        CASE n %% 20 WHEN 0 THEN 50 ELSE 0 END, false, false
    FROM generate_series(1, %(rows)s) n, LATERAL (SELECT %(now)s - (%(rows)s - n) * interval '63 s' AS at) AS made
    """,
    """
    INSERT INTO order_line (order_id, n, product_code, title, category, quantity, price_fen)
    SELECT o.id, k, 'X' || (o.id + k) %% 500, '商品' || (o.id + k) %% 500,
        (ARRAY['面膜', '眼霜', '爽肤水', '隔离霜', '洗面奶'])[1 + (o.id + k) %% 5], 1 + o.id %% 3, 100 + o.id %% 7000
    FROM shop_order o, generate_series(1, CASE o.id %% 4 WHEN 0 THEN 2 ELSE 1 END) k
    """,
    "UPDATE member SET rank = (ARRAY['expert', 'leader', 'founder', 'center'])[1 + id %% 4] WHERE id %% 11 = 0",
)

PAY = """
INSERT INTO shop_order (number, kind, scene, state, seller_id, paid_fen, cost_fen, commission_fen, freight_fen,
    deposit_fen, refunded_fen, address, policy_id, digest, placed_at, paid_at, is_held, is_fraud)
SELECT 'new', kind, scene, 'paid', seller_id, paid_fen, 0, 0, 0, 0, 0, address, policy_id, digest, now(), now(), false,
    false FROM shop_order WHERE id = 5
"""


def fill(app: Flask) -> None:
    """Members, seats, orders and lines, past the triggers, as no operation would."""
    began = time.monotonic()
    with app.app_context():
        with transaction():
            happens("policy", preset="plan")
            values = {
                "matrix": world.network(Template.TRIPLE).id, "members": SELLERS, "orders": 0, "rows": ORDERS,
                "debtors": 10, "now": datetime.now(UTC).replace(minute=0, second=0, microsecond=0),
                "policy": db.session.scalar(sa.text("SELECT max(id) FROM policy_version")),
            }  # fmt: skip
        url = db.engine.url
        with psycopg.connect(
            host=url.query["host"], dbname=url.database, user="postgres", autocommit=True
        ) as superuser:
            superuser.execute("SET session_replication_role = replica")
            for statement in (*MEMBERS, *FILL):
                superuser.execute(statement, values)
            superuser.execute("VACUUM ANALYZE")
    sys.stdout.write(f"   {ORDERS:,} orders laid in {time.monotonic() - began:.0f} s\n")


def read() -> None:
    """What reading the rows costs: whole, after a payment, after a refund, after nothing."""
    before, cpu = resident(), time.process_time()
    took("whole", "SELECT 1")
    cpu = time.process_time() - cpu
    held = own.current()
    sys.stdout.write(f"   {cpu:.1f} s of it our own CPU; {held.bytes >> 20} MB of columns, process {before} to")
    sys.stdout.write(f" {resident()} MB, at most {peak()} MB\n")
    took("after nothing", "SELECT 1")
    took("after a payment", PAY)
    took("after a refund", "UPDATE shop_order SET refunded_fen = refunded_fen + 1 WHERE id = 500000")


def took(what: str, change: str) -> None:
    """Seconds to columns that hold a change."""
    url = db.engine.url
    with psycopg.connect(host=url.query["host"], dbname=url.database, user="postgres", autocommit=True) as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute(change)
        superuser.execute(
            "INSERT INTO standing_change (member_id, at, kind, reason, evidence) VALUES (11, now(), 'stated', '', '{}')"
        )
    began = time.monotonic()
    own.current()
    db.session.rollback()
    sys.stdout.write(f"   read {what}: {time.monotonic() - began:.2f} s\n")


def pages(browser: Browser, paths: dict[str, str]) -> list[float]:
    """The median of each page."""
    medians = []
    for name, path in paths.items():
        asked(browser, path)
        times = [asked(browser, path) for _ in range(ROUNDS)]
        medians.append(statistics.median(times))
        status = browser.get(path).status_code
        sys.stdout.write(f"   {name:40} median {medians[-1]:7.0f} ms  worst {max(times):7.0f} ms  {status}\n")
        sys.stdout.flush()
    return medians


def measure(app: Flask) -> None:
    with app.app_context():
        with transaction():
            person = people.person("admin")
        browser = Browser(app, app.response_class).sign_in(person)
        own.PATIENCE = 0
        read()
        own.PATIENCE = 10
        boards = {f"{view.slug} {period}": f"/{view.slug}/?period={period}&source=own"
                  for view in (*BOARDS, *OWN_BOARDS) for period in PERIODS}  # fmt: skip
        found = pages(browser, boards)
        sys.stdout.write(f"   median of all boards {statistics.median(found):.0f} ms (bar 300 ms)\n")
        span = frames.span(frames.Scope(), Source.OWN)
        days = f"paid_from={span.start}&paid_to={span.end}" if span else ""
        pages(browser, {f"orders {narrow}": f"/orders/?{days}&{narrow}" for narrow in LISTS})
        sys.stdout.write(f"   process at the end {resident()} MB, at most {peak()} MB\n")


def main() -> None:
    with alone() as app:
        fill(app)
        measure(app)


if __name__ == "__main__":
    main()
