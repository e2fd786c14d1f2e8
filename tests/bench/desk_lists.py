"""The lists of the desks at 10,000 and at 1,000,000 rows: orders, ledger, accounts, consents, moves, withdrawals.

Products stand at a tenth of it. The bar: every page p95 at most 100 ms and at most 1.5 times the same page at 10,000.
"""

import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from flask import Flask

from console.admin.lists import cursor_of
from models import db, transaction
from models.rules.placement import Template
from tests.bench import lists, member_page
from tests.bench.lists import LARGE, SMALL
from tests.operations import world
from tests.village import happens

TABLES = (
    *("member", "seat", "team", "person", "standing_change", "account", "shop_order", "posting", "leg", "move"),
    *("agreement", "consent", "withdrawal", "product"),
)

# Members, seats and accounts come from the bench of the members' pages; every row here is one of them's.
FILL = (
    """
    INSERT INTO shop_order (number, kind, scene, state, seller_id, buyer_id, paid_fen, deposit_fen, freight_fen,
        cost_fen, commission_fen, region_code, address, policy_id, digest, placed_at, paid_at, completed_at,
        settled_fen, refunded_fen, is_held, is_fraud)
    SELECT 'o' || n, CASE n %% 100 WHEN 0 THEN 'admission' WHEN 1 THEN 'presale' ELSE 'normal' END,
        (ARRAY['short_video', 'live', 'share_link', 'showcase'])[1 + n %% 4], state,
        11 + n::bigint * 7919 %% %(rows)s, 11 + n::bigint * 104729 %% %(rows)s, 100 + n %% 90000, 0, 0, 40, 30,
        (ARRAY['310115', '110105', '440305', '330106'])[1 + n / 7 %% 4], '{"name": "王", "phone": "13800000000"}',
        %(policy)s, '\\x00', at, at, CASE state WHEN 'completed' THEN at END,
        CASE state WHEN 'completed' THEN 100 + n %% 90000 END, 0, state = 'completed' AND n %% 5000 = 77,
        state = 'completed' AND n %% 5000 = 78
    FROM generate_series(1, %(rows)s) n, LATERAL (SELECT
        CASE WHEN n %% 1000 = 3 THEN 'paid' WHEN n %% 1000 = 4 THEN 'shipped' WHEN n %% 200 = 5 THEN 'cancelled'
            ELSE 'completed' END AS state,
        %(now)s - (%(rows)s - n) * interval '15 s' AS at) AS made
    """,
    """
    INSERT INTO posting (id, key, digest, kind, subject, at, facts, actor, request_id) OVERRIDING SYSTEM VALUE
    SELECT n, kind || ':o' || n, sha256(n::text::bytea), kind, 'order:o' || n,
        %(now)s - (%(rows)s - n) * interval '15 s', '{}', 'job:settle', ''
    FROM generate_series(1, %(rows)s) n, LATERAL (SELECT (ARRAY['pay', 'settle', 'mature'])[1 + n %% 3] AS kind) AS made
    """,
    """
    INSERT INTO leg (posting_id, n, account_id, amount_fen, cause, level, reason)
    SELECT n, slot, (SELECT min(id) FROM account) + (n::bigint * 7919 + slot) %% (SELECT count(*) FROM account),
        CASE slot WHEN 1 THEN -100 - n %% 900 ELSE 100 + n %% 900 END, 'level', 1, ''
    FROM generate_series(1, %(rows)s) n, generate_series(1, 2) slot
    """,
    """
    INSERT INTO move (at, kind, member_id, seat_id, to_parent_id, to_slot, is_spill, by, reason)
    SELECT %(now)s - (%(rows)s - n) * interval '15 s', CASE n %% 1000 WHEN 7 THEN 'move' ELSE 'place' END,
        10 + n, 10 + n, CASE WHEN n > 3 THEN 10 + (n + 1) / 3 ELSE 10 END, 1 + (n + 1) %% 3, n %% 4 = 0, 'job:seat', ''
    FROM generate_series(1, %(rows)s) n
    """,
    "INSERT INTO agreement (version, text, sha256, effective_at)"
    " SELECT 'bench-' || n, 't', encode(sha256('t'), 'hex'), %(now)s FROM generate_series(1, 2) n",
    """
    INSERT INTO consent (member_id, agreement_id, sha256, accepted_at, ip, user_agent)
    SELECT 10 + n, (SELECT max(id) FROM agreement) - n %% 2, encode(sha256('t'), 'hex'),
        %(now)s - (%(rows)s - n) * interval '15 s', '10.0.0.1', 'WeChat' FROM generate_series(1, %(rows)s) n
    """,
    """
    INSERT INTO withdrawal (number, member_id, amount_fen, tax_fen, month, state, requested_at, approved_by, reason,
        package)
    SELECT 'W' || lpad(n::text, 9, '0'), 10 + n, 100 + n %% 90000, 0, date_trunc('month', at)::date,
        CASE n %% 2000 WHEN 1 THEN 'requested' WHEN 2 THEN 'FAIL' WHEN 3 THEN 'approved' ELSE 'SUCCESS' END, at,
        CASE WHEN n %% 2000 <> 1 THEN 'staff:2' END, '', ''
    FROM generate_series(1, %(rows)s) n, LATERAL (SELECT %(now)s - (%(rows)s - n) * interval '15 s' AS at) AS made
    """,
    """
    INSERT INTO product (merchant_id, code, title, category, price_fen, cost_fen, commission_fen, fee_bps, stock, state,
        created_at, created_by, updated_at, freight_fen, deposit_fen)
    SELECT (SELECT min(id) FROM merchant), 'X' || lpad(n::text, 7, '0'), '保湿补水' || category || n %% 5000 || 'ml',
        category, 100 + n %% 90000, 10, 10, 60, n %% 700, (ARRAY['draft', 'listed', 'listed', 'retired'])[1 + n %% 4],
        %(now)s, 'staff:2', %(now)s - n * interval '7 s', 0, 0
    FROM generate_series(1, %(rows)s / 10) n,
        LATERAL (SELECT (ARRAY['面膜', '眼霜', '爽肤水', '隔离霜', '洗面奶'])[1 + n %% 5] AS category) AS made
    """,
)


def fill(app: Flask, rows: int) -> None:
    """So many rows in every table, past the triggers, as no operation would."""
    began = time.monotonic()
    with app.app_context():
        with transaction():
            happens("policy", preset="plan")
            matrix = world.network(Template.TRIPLE)
            values = {
                "matrix": matrix.id, "members": rows, "orders": 0, "rows": rows, "debtors": rows // 500,
                "now": datetime.now(UTC).replace(minute=0, second=0, microsecond=0),
                "policy": db.session.scalar(sa.text("SELECT max(id) FROM policy_version")),
            }  # fmt: skip
        written(app, (*member_page.FILL, *FILL), values)
        db.session.remove()
    sys.stdout.write(f"   {rows:,} rows a table filled in {time.monotonic() - began:.0f} s\n")


def written(app: Flask, statements: tuple[str, ...], values: dict[str, Any]) -> None:
    """Some statements as the superuser, then what autovacuum does within a minute."""
    url = db.engine.url
    with psycopg.connect(host=url.query["host"], dbname=url.database, user="postgres", autocommit=True) as superuser:
        superuser.execute("SET session_replication_role = replica")
        for statement in statements:
            superuser.execute(statement, values)
        superuser.execute(f"VACUUM ANALYZE {', '.join(TABLES)}")


def addresses(rows: int) -> dict[str, str]:
    """The pages that are measured: first, deep, search, each filter."""
    today = datetime.now(UTC).date()
    day = today - timedelta(seconds=15 * rows // 2)
    days, half, some = f"_from={day}&{{0}}_to={day}", cursor_of(rows // 2, rows // 2), f"m{rows // 3}"
    pages = {
        "orders": ["", f"after={half}", "q=o77", "state=paid", "kind=admission", "scene=live", f"seller={some}",
                   f"buyer={some}", "region=3101", "amount_from=500&amount_to=501", "risk=held",
                   "paid" + days.format("paid"), "completed" + days.format("completed")],
        "postings": ["", f"after={half}", f"q=pay:o{rows // 3}", "kind=settle", f"subject=order:o{rows // 3}",
                     "at" + days.format("at"), f"key=pay:o{rows // 3}"],
        "statements": ["", "account=member:m1:available", "kind=settle", "cause=level", "at" + days.format("at"),
                       "amount_from=5&amount_to=5.01"],
        "accounts": ["", f"after={cursor_of('member:m5', rows // 2)}", "q=m77", "bucket=debt", "held_from=7&held_to=8"],
        "moves": ["", f"after={half}", "q=m77", "kind=move", "how=spill", f"member={some}", "at" + days.format("at")],
        "consents": ["", f"after={half}", "q=m77", "agreement=1", "accepted" + days.format("accepted"),
                     f"member={some}"],
        "withdrawals": ["", f"after={half}", "q=W0000", "q=m77", "state=requested", "state=SUCCESS",
                        "requested" + days.format("requested"), "amount_from=500&amount_to=501", f"member={some}"],
        "transfers": ["", "q=W0000"],
        "debts": [""],
        "products": ["", "q=X00", "q=补水面膜", "state=draft", "price_from=500&price_to=501"],
    }  # fmt: skip
    return {f"{slug} {query}"[:36]: f"/{slug}/?{query}" for slug, queries in pages.items() for query in queries}


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="qx-desks-") as folder, lists.consoles(Path(folder), fill) as apps:
        browsers = {rows: lists.signed_in(app) for rows, app in apps.items()}
        lists.told(lists.measured(browsers, {rows: addresses(rows) for rows in (SMALL, LARGE)}))


if __name__ == "__main__":
    main()
