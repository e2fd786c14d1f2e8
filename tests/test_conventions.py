"""The rules of the house that a machine can hold: each test names the places that break its rule."""

import ast
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from console import auth
from jobs import queue, relay, timetable
from models import db, migrations

ROOT = Path(__file__).resolve().parents[1]
LAYERS = ("console", "jobs", "reports", "models")
MODULE_LINES = 400
FUNCTION_LINES = 50

# One transaction an edge: requests, jobs, commands, the processes around them.
EDGES = ("console/", "jobs/")
# What reads the clock of the machine in place of being told the moment: a moment that money depends on is passed in.
CLOCK = re.compile(r"\b(?:datetime\.(?:now|utcnow|today)|date\.today|time\.time)\(")
# Tables that neither a page nor a query reads, and why.
UNREAD = {
    "kept_answer": "answers of the mini-program, read with who asks for them by one statement",
    "admission_task": "a candidate's tasks, read beside the orders by one statement",
    "attempt": "counters against guessing, touched by one statement",
    "mark": "periods the timetable has taken",
    "staff_link": "one-time links, never shown again",
    "frontier": "the tree's own cursor of vacancies",
}
# Tables without an audit trigger that may change, and why.
UNWATCHED = {
    "audit": "the trail itself",
    "attempt": "counters against guessing",
    "inbound_refusal": "counters of forged callbacks; a row a forgery would let a forger fill the trail",
    "kept_answer": "answers for repeated requests; what those did stands in the trail of its tables",
    "account": "its facts never change; its money is in append-only legs",
    "frontier": "rebuilt from the seats at any time",
    "team": "sums of orders, recounted from them at any time",
    "product_stat": "counted from orders and listings at any time",
}
# Templates that put JSON of our own making into a script tag, escaped by its maker.
SAFE: set[str] = set()


def modules(*folders: str) -> Iterator[tuple[str, Path]]:
    """Every module of these folders by its path from the project's root."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path


@cache
def tree(path: Path) -> ast.Module:
    """A module's syntax, read once."""
    return ast.parse(path.read_text())


@cache
def nodes(path: Path) -> Sequence[ast.AST]:
    """All that a module's syntax is made of, gone through once."""
    return tuple(ast.walk(tree(path)))


def calls(path: Path, name: str) -> list[int]:
    """The lines on which something of this name is called, whatever it hangs on."""
    found = []
    for node in nodes(path):
        if isinstance(node, ast.Call):
            function = node.func
            called = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
            if called == name:
                found.append(node.lineno)
    return found


def templates() -> list[Path]:
    return sorted((ROOT / "console/templates").rglob("*.html"))


class TestTransactions:
    def test_are_committed_in_one_place(self):
        places = [name for name, path in modules(*LAYERS) if calls(path, "commit")]
        assert places == ["models/base.py"]

    def test_are_opened_at_the_edges(self):
        places = [name for name, path in modules(*LAYERS) if calls(path, "transaction")]
        assert [name for name in places if not name.startswith(EDGES)] == []


class TestSizes:
    def test_no_module_is_longer_than_a_reader_holds(self):
        long = {name: len(path.read_text().splitlines()) for name, path in modules(*LAYERS)}
        assert {name: lines for name, lines in long.items() if lines > MODULE_LINES} == {}

    def test_no_function_is_longer_than_a_page(self):
        long = {}
        for name, path in modules(*LAYERS):
            for node in nodes(path):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    lines = (node.end_lineno or node.lineno) - node.lineno + 1
                    if lines > FUNCTION_LINES:
                        long[f"{name}:{node.name}"] = lines
        assert long == {}


class TestClock:
    def test_is_read_in_the_console_and_in_jobs_alone(self):
        readers = [name for name, path in modules("models", "reports") if CLOCK.search(path.read_text())]
        assert readers == []


class TestImports:
    def test_stand_at_the_top_and_are_absolute(self):
        inner = []
        for name, path in modules(*LAYERS):
            found = tree(path)
            top = set(map(id, found.body))
            guarded = {id(n) for node in found.body if isinstance(node, ast.If | ast.Try) for n in ast.walk(node)}
            for node in ast.walk(found):
                is_import = isinstance(node, ast.Import | ast.ImportFrom)
                if is_import and id(node) not in top | guarded:
                    inner.append(f"{name}:{node.lineno}")
        assert inner == []

    def test_nothing_is_silenced(self):
        silenced = {
            f"{name}:{number}"
            for name, path in modules(*LAYERS, "tests")
            for number, line in enumerate(path.read_text().splitlines(), 1)
            if re.search(r"#\s*(noqa|TODO|FIXME|XXX)\b", line)
        }
        assert silenced == set()


@pytest.fixture(scope="module")
def views(app: Flask) -> list:
    return list(app.extensions["admin"][0]._views)


class TestPages:
    def test_declare_one_permission_or_that_they_are_open(self, app):
        bare = [
            rule.endpoint
            for rule in app.url_map.iter_rules()
            if not auth.is_public(rule.endpoint, app.view_functions[rule.endpoint])
            and not auth.takes_bearer(app.view_functions[rule.endpoint])
            and not set(auth.permissions_of(app.view_functions[rule.endpoint])) & set(auth.PERMISSIONS)
        ]
        assert bare == []

    def test_guard_each_method_themselves(self, app, views):
        """A class that names a permission guards nothing by itself; each of its methods must."""
        names = {view.endpoint for view in views}
        open_ = [
            rule.endpoint
            for rule in app.url_map.iter_rules()
            if rule.endpoint.partition(".")[0] in names and not auth.permissions_of(app.view_functions[rule.endpoint])
        ]
        assert open_ == []

    def test_write_under_a_permission_to_write(self, app):
        auth.check_declared(app)

    def test_all_stand_in_the_menu(self, app, views):
        admin = app.extensions["admin"][0]
        listed = {id(page._view) for section in admin.menu() for page in section._children}
        assert [view.endpoint for view in views if id(view) not in listed] == []

    def test_have_addresses_in_kebab_case(self, app):
        odd = [
            rule.rule
            for rule in app.url_map.iter_rules()
            if not re.fullmatch(r"/|(/[a-z0-9]+([-.][a-z0-9]+)*)+/?", re.sub(r"<[^>]+>", "x", rule.rule))
        ]
        assert odd == []

    def test_change_nothing_by_a_get(self, app):
        """An exposed method that performs an operation takes POST and nothing else."""
        loose = []
        for name, path in modules("console/admin"):
            for node in nodes(path):
                if isinstance(node, ast.FunctionDef) and "self.perform(" in ast.unparse(node):
                    for decorator in node.decorator_list:
                        text = ast.unparse(decorator)
                        if text.startswith("expose") and "POST" not in text:
                            loose.append(f"{name}:{node.name}")
        assert loose == []


class TestEvents:
    def test_each_has_a_line_in_the_list_of_subscribers(self):
        emitted = set()
        for _, path in modules("models", "jobs", "console"):
            for node in nodes(path):
                called = ast.unparse(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""
                if called == "emit" and node.args and isinstance(node.args[0], ast.Constant):
                    emitted.add(node.args[0].value)
        assert emitted - set(relay.SUBSCRIBERS) == set()

    def test_each_subscriber_is_a_job(self):
        queue.load()
        told = {kind for kinds in relay.SUBSCRIBERS.values() for kind in kinds}
        assert told - set(queue.KINDS) == set()

    def test_each_is_named_in_the_past_tense_of_its_noun(self):
        assert [name for name in relay.SUBSCRIBERS if not re.fullmatch(r"[a-z_]+\.[a-z_]+", name)] == []


class TestJobs:
    def test_of_the_timetable_exist_and_have_a_worker(self):
        queue.load()
        for line in timetable.LINES:
            assert line.kind in queue.KINDS, line.name
            assert queue.KINDS[line.kind].order.queue in queue.QUEUES

    def test_of_the_timetable_have_names_of_their_own(self):
        names = [line.name for line in timetable.LINES]
        assert len(names) == len(set(names))

    def test_asked_for_by_name_exist(self):
        queue.load()
        asked = set()
        for _, path in modules("models", "jobs", "console"):
            for node in nodes(path):
                if isinstance(node, ast.Call) and ast.unparse(node.func) == "outbox.request":
                    first = node.args[0] if node.args else None
                    if isinstance(first, ast.Constant):
                        asked.add(first.value)
        assert asked - set(queue.KINDS) == set()


class TestTables:
    def test_each_is_read_by_a_page_or_a_query_or_stands_on_a_list(self):
        text = "\n".join(path.read_text() for _, path in modules("console", "reports", "models/queries"))
        unread = {
            mapper.local_table.name
            for mapper in db.Model.registry.mappers
            if not re.search(rf"\b{mapper.class_.__name__}\b", text)
        }
        assert unread - set(UNREAD) == set()

    def test_each_that_people_write_is_watched(self, owner):
        """Every business table has the audit trigger, or never changes; the few others stand on a list."""
        triggers = (
            "SELECT tgrelid::regclass::text FROM pg_trigger"
            " WHERE NOT tgisinternal AND (tgname LIKE 'audit%' OR tgname LIKE 'append_only%')"
        )
        watched = set(owner.scalars(sa.text(triggers)))
        tables = {mapper.local_table.name for mapper in db.Model.registry.mappers}
        assert tables - watched - set(UNWATCHED) == set()

    def test_relationships_never_load_by_themselves(self):
        loose = [
            f"{mapper.class_.__name__}.{relation.key}"
            for mapper in db.Model.registry.mappers
            for relation in mapper.relationships
            if relation.lazy != "raise"
        ]
        assert loose == []

    def test_amounts_are_whole_fen_and_moments_know_their_zone(self):
        odd = []
        for mapper in db.Model.registry.mappers:
            for column in mapper.local_table.columns:
                if column.name.endswith("_fen") and not isinstance(column.type, sa.Integer):
                    odd.append(f"{column}")
                if isinstance(column.type, sa.DateTime) and not column.type.timezone:
                    odd.append(f"{column}")
                if isinstance(column.type, sa.Float | sa.Numeric) and not isinstance(column.type, sa.Integer):
                    odd.append(f"{column}")
        assert odd == []


class TestMigrations:
    def test_the_newest_is_the_one_head_names(self):
        versions = sorted(path.stem for path in (migrations.FOLDER / "versions").glob("0*.py"))
        assert versions[-1] == (migrations.FOLDER / "HEAD").read_text().strip()


class TestTemplates:
    @pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
    def test_hold_no_script_no_style_and_no_handler_of_their_own(self, path):
        text = path.read_text()
        assert re.findall(r"\son[a-z]+\s*=", re.sub(r"\{[{%#].*?[#%}]\}", "", text, flags=re.S)) == []
        assert re.findall(r"(?:href|src|action)\s*=\s*[\"']?javascript:", text, re.I) == []
        for tag in re.findall(r"<script\b[^>]*>", text):
            assert "src=" in tag or "nonce=" in tag or 'type="application/json"' in tag, tag

    @pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
    def test_fetch_nothing_from_elsewhere(self, path):
        assert re.findall(r"""(?:src|href|action)\s*=\s*["']?(?:https?:)?//""", path.read_text()) == []

    @pytest.mark.parametrize("path", templates(), ids=lambda path: path.name)
    def test_send_the_token_with_every_form_that_posts(self, path):
        text = path.read_text()
        for form in re.findall(r"<form\b[^>]*method=\"post\".*?</form>", text, re.S | re.I):
            assert "csrf_token" in form or "token()" in form, form[:120]

    @pytest.mark.parametrize("path", sorted((ROOT / "static").glob("*.css")), ids=lambda path: path.name)
    def test_have_styles_that_fetch_nothing(self, path):
        assert re.findall(r"@import|url\((?!['\"]?data:)", path.read_text()) == []

    def test_mark_nothing_as_safe_that_a_person_wrote(self):
        loose = [
            path.name
            for path in templates()
            if re.search(r"\|\s*safe\b|autoescape false", path.read_text()) and path.name not in SAFE
        ]
        assert loose == []
