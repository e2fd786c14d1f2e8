"""The money board over 1,000,000 postings (4,000,000 legs) of two years and 1,000,000 withdrawals.

Told: counting all of it once, counting a day more, the page and its months with a day that is not counted yet.
"""

import statistics
import sys
import time
from datetime import UTC, datetime

import psycopg
import sqlalchemy as sa
from flask import Flask

from models import db, transaction
from models.operations import turnover
from models.queries import turnover as queries
from models.rules.placement import Template
from tests import people
from tests.bench.alone import alone
from tests.bench.boards import asked
from tests.bench.desk_lists import FILL as DESKS
from tests.bench.member_page import FILL as MEMBERS
from tests.operations import world
from tests.people import Browser
from tests.village import happens

POSTINGS, PEOPLE, DAY = 1_000_000, 20_000, 1_400
ROUNDS = 5
LEGS = """
INSERT INTO leg (posting_id, n, account_id, amount_fen, cause, level, reason)
SELECT n, slot, (SELECT min(id) FROM account) + (n::bigint * 7919 + slot) %% (SELECT count(*) FROM account),
    CASE WHEN slot %% 2 = 1 THEN -100 - n %% 900 ELSE 100 + n %% 900 END, 'level', 1 + n %% 3, ''
FROM generate_series(1, %(rows)s) n, generate_series(1, 4) slot
"""


def fill(app: Flask) -> None:
    """Accounts, postings, legs and withdrawals, past the triggers, as no operation would."""
    began = time.monotonic()
    with app.app_context():
        with transaction():
            happens("policy", preset="plan")
            values = {
                "matrix": world.network(Template.TRIPLE).id, "members": PEOPLE, "orders": 0, "debtors": 10,
                "now": datetime.now(UTC), "policy": db.session.scalar(sa.text("SELECT max(id) FROM policy_version")),
            }  # fmt: skip
        url = db.engine.url
        with psycopg.connect(
            host=url.query["host"], dbname=url.database, user="postgres", autocommit=True
        ) as superuser:
            superuser.execute("SET session_replication_role = replica")
            posting, withdrawal = (
                next(one for one in DESKS if f"INSERT INTO {table} " in one).replace("15 s", "63 s")
                for table in ("posting", "withdrawal")
            )
            for statement in (*MEMBERS, posting, LEGS, withdrawal):
                superuser.execute(statement, values | {"rows": POSTINGS})
            superuser.execute("VACUUM ANALYZE")
    sys.stdout.write(f"   laid in {time.monotonic() - began:.0f} s\n")


def counted(most: int | None = None) -> None:
    """Count up to so many postings more, and say how long it took."""
    began, number = time.monotonic(), 0
    while most is None or not number:
        with transaction():
            step = turnover.count(**({} if most is None else {"most": most}))
        number += step
        if not step:
            break
    sys.stdout.write(f"   {number:,} postings counted in {time.monotonic() - began:.2f} s\n")


def measure(app: Flask) -> None:
    with app.app_context():
        with transaction():
            person = people.person("admin")
        counted(POSTINGS - 2 * DAY)
        counted(DAY)
        for name in ("with a day to count", "with all counted"):
            began = time.monotonic()
            months = queries.months()
            sys.stdout.write(f"   {len(months)} rows of months {name}: {time.monotonic() - began:.3f} s\n")
            browser = Browser(app, app.response_class).sign_in(person)
            times = [asked(browser, "/board-money/?months=24") for _ in range(ROUNDS + 1)][1:]
            sys.stdout.write(f"   page {name}: median {statistics.median(times):.0f} ms, worst {max(times):.0f} ms\n")
            counted()


def main() -> None:
    with alone() as app:
        fill(app)
        measure(app)


if __name__ == "__main__":
    main()
