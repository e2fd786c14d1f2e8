"""What a person wrote is text on every page: markup in every text column of every table, on every page there is.

Tables come from the database and pages from the routes of the console, so that a new column or form is among them:
lists with all their columns, the page of a row, forms with what they are filled with.
"""

import sys
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.routing import AnyConverter, IntegerConverter, Rule

from console.admin.base import ReadView
from models import db
from tests import dull, people
from tests.conftest import superuser
from tests.people import Browser

MARKUP = """<script>alert(1)</script>"><img src=x onerror=alert(1)>"""
LIVE = ("<script>alert", "<img src=x")
ESCAPED = "&lt;script&gt;alert(1)"
# Words that code looks up, in columns that the database does not hold to a list.
WORDS: dict[tuple[str, str], Any] = {
    ("approval", "kind"): "ledger.adjust",
    ("approval", "payload"): {"template": "house", "amount_fen": 1, "member": None},
    ("approval", "reason"): MARKUP,
    ("batch", "page"): "jobs",
    ("curation_proposal", "evidence"): dict.fromkeys(
        (
            "own_orders_30",
            "window_days_30",
            "conversion_bps",
            "orders_30",
            "sales_30_fen",
            "repurchase_bps",
            "refund_bps",
            "margin_fen",
            "margin_bps",
            "refunded_bps",
        ),
        1,
    ),
    ("content", "findings"): [],
    ("export", "columns"): ["id"],
    ("import_run", "layout"): {},
    ("member", "position"): 2,
    ("case_draft", "verdict"): "cleared",
    ("proof", "code"): None,
    ("proof_step", "code"): None,
    ("proof_step", "state"): "manual",
    ("review_case", "boosts"): [],
    ("risk_backtest", "result"): dict.fromkeys(
        ("ruleset_id", "events", "hits", "held_orders", "held_fen", "held_orders_bps", "sellers", "buyers"), 1
    ),
    ("risk_ruleset", "live"): [],
    ("risk_ruleset", "shadow"): [],
    ("seat", "parent_id"): None,
    ("staff", "roles"): ["operator"],
    ("staff", "state"): "active",
}
# A world has a policy in force.
KEPT = {"policy_version"}
HOSTILE = {"text": MARKUP, "text[]": [MARKUP], "character varying": MARKUP}


@pytest.fixture
def hostile(own_app: Flask, services) -> Flask:
    """The console on a database where each table holds one row whose every text is markup."""
    url = sa.make_url(own_app.config["SETTINGS"].database_url)
    with superuser(services, str(url.database)) as connection:
        names = dull.tables(connection)
        words = {name: dull.choices(connection, name) for name in names}
        for name in names:
            dull.unhinge(connection, name)
        connection.execute(b"SET session_replication_role = replica")
        for name in names:
            _write(connection, name, words[name])
    return own_app


def _write(connection: Any, table: str, words: dict[str, str]) -> None:
    row = {}
    for column, kind in dull.kinds(connection, table).items():
        value = HOSTILE.get(kind, dull.DULL.get(kind))
        value = WORDS.get((table, column), words.get(column, value))
        row[column] = dull.Jsonb(value) if kind == "jsonb" and not isinstance(value, dull.Jsonb) else value
    if table not in KEPT:
        connection.execute(f'DELETE FROM "{table}"'.encode())
    dull.insert(connection, table, row)


def _lists(app: Flask) -> list[str]:
    """Each list with every column it may show."""
    pages = (view for view in app.extensions["admin"][0]._views if isinstance(view, ReadView))
    return [f"{view.url}/?cols={','.join(column.key for column in view.columns if column.listed)}" for view in pages]


def _others(app: Flask) -> list[str]:
    """Every other page that a browser may open, about the one row of each table."""
    views = app.extensions["admin"][0]._views
    names, lists = {view.endpoint for view in views}, {f"{view.url}/" for view in views if isinstance(view, ReadView)}
    build = app.url_map.bind("localhost").build
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.partition(".")[0] in names]
    opened = (rule for rule in rules if "GET" in (rule.methods or ()))
    found = {build(rule.endpoint, {name: _told(rule, name) for name in rule.arguments}) for rule in opened}
    return sorted(found - lists)


def _told(rule: Rule, name: str) -> Any:
    """Something that may stand at this place of an address."""
    kind = rule._converters[name]
    if isinstance(kind, AnyConverter):
        return min(kind.items)
    return dull.DULL["bigint"] if isinstance(kind, IntegerConverter) else "x"


class TestMarkup:
    def test_is_text_on_every_page(self, hostile):
        pages = {}
        with hostile.app_context():
            browser = Browser(hostile, hostile.response_class).sign_in(people.person("admin"))
            for path in (*_lists(hostile), *_others(hostile)):
                answer = browser.get(path)
                pages[path] = (answer.status_code, answer.text if answer.mimetype == "text/html" else "")
            db.session.remove()
        broken = [path for path, (status, _) in pages.items() if status >= 500]
        alive = [path for path, (_, text) in pages.items() if any(mark in text for mark in LIVE)]
        shown = [path for path, (_, text) in pages.items() if ESCAPED in text]
        sys.stdout.write(f"markup: {len(pages)} pages, {len(shown)} show it as text, {len(alive)} let it live\n")
        assert alive == []
        assert broken == []
        assert len(shown) > len(pages) / 2
