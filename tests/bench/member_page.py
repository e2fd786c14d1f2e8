"""The pages about members at 1,000,000 members: lists, one member's page, the admission desk, the forecast.

The bar: every page p95 at most 100 ms, a member's page at most 40 statements. The forecast's figures are counted over
all cycles and come after their page.
"""

import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import sqlalchemy as sa
from flask import Flask

from console import create_app, embedded
from console.admin.lists import cursor_of
from console.config import Settings
from models import db, migrations, transaction
from models.rules.placement import Template
from tests.bench.lists import signed_in
from tests.operations import world
from tests.people import Browser
from tests.village import happens

MEMBERS, ORDERS, DEBTORS = 1_000_000, 300_000, 2_000
ROUNDS = 20
DICE = random.Random(20261123)
TABLES = ("member", "seat", "team", "person", "standing_change", "shop_order", "account")

# Ten presets stand first; n hangs under (n + 1) / 3, as a full tree does. Cycles end evenly over the next thirty days.
FILL = (
    """
    INSERT INTO member (id, code, matrix_id, sponsor_id, standing, showcase, registered_at, lapse_at, qualified_at,
        unlocked_at, suspended_at, cycle_start, cycle_end, failures, rank, strikes, earned_fen)
    OVERRIDING SYSTEM VALUE
    SELECT 10 + n, 'm' || n, %(matrix)s, CASE WHEN n > 3 THEN 10 + (n + 1) / 3 ELSE 10 END, standing,
        CASE standing WHEN 'candidate' THEN 'none' WHEN 'lapsed' THEN 'none' ELSE 'open' END, joined,
        CASE standing WHEN 'candidate' THEN %(now)s + n %% 168 * interval '1 hour' END,
        CASE WHEN standing IN ('active', 'frozen', 'exited') THEN joined END, NULL,
        CASE WHEN standing IN ('frozen', 'exited') THEN %(now)s - interval '9 days' END,
        CASE WHEN standing IN ('active', 'frozen') THEN ends - interval '30 days' END,
        CASE WHEN standing IN ('active', 'frozen') THEN ends END,
        CASE standing WHEN 'frozen' THEN 1 ELSE 0 END,
        CASE WHEN standing = 'active' AND n %% 500 = 9 THEN (ARRAY['expert', 'leader', 'founder', 'center'])[
            1 + n / 500 %% 4] END, 0, n %% 1000000
    FROM generate_series(1, %(members)s) n, LATERAL (SELECT
        CASE n %% 20 WHEN 0 THEN 'candidate' WHEN 1 THEN 'frozen' WHEN 2 THEN 'exited' WHEN 3 THEN 'lapsed'
            ELSE 'active' END AS standing,
        %(now)s - (%(members)s - n) * interval '15 s' AS joined,
        %(now)s + n %% 2592000 * interval '2.5 s' AS ends) AS made
    """,
    """
    INSERT INTO seat (id, matrix_id, member_id, parent_id, slot, depth, placed_at) OVERRIDING SYSTEM VALUE
    SELECT 10 + n, %(matrix)s, 10 + n, CASE WHEN n > 3 THEN 10 + (n + 1) / 3 ELSE 10 END, 1 + (n + 1) %% 3,
        floor(ln(2 * n + 1) / ln(3)), %(now)s FROM generate_series(1, %(members)s) n
    """,
    "INSERT INTO team (member_id, size, sales_fen, own_fen) SELECT 10 + n, n %% 150, n %% 700000, n %% 90000"
    " FROM generate_series(1, %(members)s) n",
    "INSERT INTO person (member_id, nickname, phone, real_name) SELECT 10 + n, '会员' || n,"
    " '13' || lpad((n::bigint * 7919 %% 1000000000)::text, 9, '0'), '王' || n FROM generate_series(1, %(members)s) n",
    "INSERT INTO standing_change (member_id, at, kind, reason, evidence) SELECT 10 + n, %(now)s, 'qualified',"
    " 'admission passed', '{}' FROM generate_series(1, %(members)s) n",
    """
    INSERT INTO shop_order (number, kind, scene, state, seller_id, buyer_id, paid_fen, deposit_fen, freight_fen,
        cost_fen, commission_fen, address, policy_id, digest, placed_at, paid_at, completed_at, settled_fen,
        refunded_fen, is_held, is_fraud)
    SELECT 'o' || n, 'normal', 'live', 'completed', 11 + n::bigint * 7919 %% %(members)s,
        11 + n::bigint * 104729 %% %(members)s, 9900, 0, 0, 4000, 3000, '{}', %(policy)s, '\\x00', at, at, at, 9900, 0,
        false, false
    FROM generate_series(1, %(orders)s) n, LATERAL (SELECT %(now)s - n * interval '9 s' AS at) AS made
    """,
    "INSERT INTO account (code, bucket, is_hot, balance_fen) SELECT 'member:m' || n || ':' || bucket, bucket, false,"
    " 700 FROM generate_series(1, %(members)s, 3) n, unnest(ARRAY['pending', 'available']) bucket",
    "INSERT INTO account (code, bucket, is_hot, balance_fen) SELECT 'member:m' || n || ':debt', 'debt', false, -500"
    " FROM generate_series(1, %(debtors)s) n",
)


@contextmanager
def console(root: Path) -> Iterator[Flask]:
    """An application on a million members."""
    with embedded.running(root) as services:
        migrations.upgrade(services.owner_database_url)
        settings = Settings(
            database_url=services.database_url,
            owner_database_url=services.owner_database_url,
            redis_url=services.redis_url,
            secret_key="a key for measurements only, long enough",
            environment="test",
            files=root / "files",
        )
        app = create_app(settings)
        fill(app)
        yield app
        with app.app_context():
            db.engine.dispose()


def fill(app: Flask) -> None:
    """So many members with seats, people, orders and money; written past the triggers, as no operation would."""
    began = time.monotonic()
    with app.app_context():
        with transaction():
            happens("policy", preset="plan")
            matrix = world.network(Template.TRIPLE)
            values = {
                "matrix": matrix.id, "members": MEMBERS, "orders": ORDERS, "debtors": DEBTORS,
                "now": datetime.now(UTC).replace(minute=0, second=0, microsecond=0),
                "policy": db.session.scalar(sa.text("SELECT max(id) FROM policy_version")),
            }  # fmt: skip
        url = db.engine.url
        place = {"host": url.query["host"], "dbname": url.database}
        with psycopg.connect(**place, user="postgres", autocommit=True) as superuser:
            superuser.execute("SET session_replication_role = replica")
            for statement in FILL:
                superuser.execute(statement, values)
            superuser.execute(f"VACUUM ANALYZE {', '.join(TABLES)}")
        db.session.remove()
    sys.stdout.write(f"   {MEMBERS:,} members filled in {time.monotonic() - began:.0f} s\n")


def pages() -> dict[str, list[str]]:
    """The addresses of each page that is measured; those of single members differ from round to round."""
    soon = (datetime.now(UTC) + timedelta(days=3)).date()
    deep = cursor_of(MEMBERS // 2, MEMBERS // 2)
    ids = [DICE.randrange(11, MEMBERS) for _ in range(ROUNDS + 2)]
    return {
        "member list": ["/members/"],
        "member list, page 10,000": [f"/members/?after={deep}"],
        "search a code": ["/members/?q=m77777"],
        "search a phone's tail": ["/members/?q=7919"],
        "filter: exited": ["/members/?standing=exited"],
        "filter: rank and standing": ["/members/?rank=center&standing=active"],
        "filter: in debt": ["/members/?has=debt"],
        "filter: qualified on a day": [f"/members/?qualified_from={soon - timedelta(days=9)}&qualified_to="
                                       f"{soon - timedelta(days=9)}"],
        "filter: sponsor": ["/members/?sponsor=m5000"],
        "a member's page": [f"/members/{one}" for one in ids],
        "admission desk": ["/admission/"],
        "admission desk, 24 h": ["/admission/?within=24"],
        "a candidate's page": [f"/admission/{one // 20 * 20 + 10}" for one in ids],
        "cycles ending": ["/standing/"],
        "cycles: will freeze on a day": [f"/standing/?outcome=frozen&ends_from={soon}&ends_to={soon}"],
        "forecast": ["/standing/forecast"],
        "ranks": ["/ranks/"],
        "operation log": ["/standing-log/"],
    }  # fmt: skip


def measured(browser: Browser) -> dict[str, list[float]]:
    """Milliseconds of each page, pages taking turns; two rounds warm up."""
    took: dict[str, list[float]] = {}
    found = pages()
    for round_ in range(ROUNDS + 2):
        for name, addresses in found.items():
            with browser.application.app_context():
                began = time.perf_counter()
                answer = browser.get(addresses[round_ % len(addresses)])
                spent = (time.perf_counter() - began) * 1000
            assert answer.status_code == 200, (name, answer.status_code)
            if round_ >= 2:
                took.setdefault(name, []).append(spent)
    return took


def statements(browser: Browser, address: str) -> int:
    """How many statements a page takes."""
    asked: list[str] = []

    def listen(connection: object, cursor: object, statement: str, *rest: object) -> None:
        asked.append(statement)

    sa.event.listen(sa.Engine, "before_cursor_execute", listen)
    with browser.application.app_context():
        browser.get(address)
    sa.event.remove(sa.Engine, "before_cursor_execute", listen)
    return len(asked)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="qx-members-") as folder, console(Path(folder)) as app:
        browser = signed_in(app)
        took = measured(browser)
        sys.stdout.write(f"   {'page':<32}{'p50':>12}{'p95':>12}\n")
        for name, values in took.items():
            at = sorted(values)
            sys.stdout.write(
                f"   {name:<32}{statistics.median(at):>9.1f} ms{at[int(len(at) * 0.95)]:>9.1f} ms\n"
            )  # fmt: skip
        for _ in range(5):
            began = time.perf_counter()
            with app.app_context():
                status = browser.get("/standing/forecast/days").status_code
            sys.stdout.write(f"   forecast of 30 days: {time.perf_counter() - began:.2f} s ({status})\n")
        count = statements(browser, f"/members/{MEMBERS // 3}")
        sys.stdout.write(f"   a member's page takes {count} statements\n")


if __name__ == "__main__":
    main()
