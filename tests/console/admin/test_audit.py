"""审计: searching the trail and reading what changed."""

import pytest
import sqlalchemy as sa

from console.admin.audit import Difference, differences
from models import Actor, acting, transaction
from models.operations import audit
from models.operations import staff as operations
from tests.people import person


@pytest.fixture
def renamed(session):
    """Somebody renamed by an actor with every mark set."""
    who = person(name="旧名字")
    actor = Actor(
        "staff:0", source="web", action="staff.rename", reason="other: 更正", request_id="f" * 32, ip="10.1.2.3"
    )
    with acting(actor), transaction():
        operations.rename(staff_id=who.id, name="新名字", at=who.created_at)
    return who


class TestDifferences:
    def test_are_the_columns_that_changed(self):
        assert list(differences({"a": 1, "b": 2}, {"a": 1, "b": 3})) == [Difference("b", 2, 3)]

    def test_of_a_new_row_are_all_its_columns(self):
        assert list(differences(None, {"b": None, "a": 1})) == [Difference("a", None, 1), Difference("b", None, None)]

    def test_show_that_a_secret_changed(self):
        assert list(differences({"password_hash": "***"}, {"password_hash": "***"})) == [
            Difference("password_hash", "***", "***")
        ]

    def test_hide_peoples_data(self):
        assert list(differences({"phone": "13800000000"}, {"phone": None})) == [Difference("phone", "***", None)]


class TestSearch:
    @pytest.mark.parametrize(
        "asked",
        [
            "actor=staff:0",
            "action=staff.rename",
            "request=" + "f" * 32,
            "table=staff&kind=update",
            "row={id}&table=staff",
        ],
    )
    def test_finds_by_each_mark(self, staff, renamed, asked):
        page = staff("auditor").get("/audit/?" + asked.format(id=renamed.id)).text
        assert "staff.rename" in page

    @pytest.mark.parametrize(
        "asked", ["actor=staff:1", "action=staff.ren", "at_to=2020-01-01", "request=f", "kind=delete"]
    )
    def test_finds_nothing_else(self, staff, renamed, asked):
        page = staff("auditor").get("/audit/?" + asked).text
        assert "<code>staff.rename</code>" not in page

    @pytest.mark.parametrize("column", ["actor", "action", "kind", "table_name"])
    def test_reads_in_the_order_of_an_index_however_long_the_trail(self, session, column):
        session.execute(sa.text("SET LOCAL enable_seqscan = off"))
        session.execute(sa.text("SET LOCAL enable_bitmapscan = off"))
        query = f"EXPLAIN SELECT * FROM audit WHERE {column} = 'x' AND at > now() ORDER BY at DESC, id DESC LIMIT 51"
        plan = "\n".join(session.scalars(sa.text(query)))
        assert f"ix_audit_{column}_at_id" in plan
        assert "Sort" not in plan


class TestEntry:
    def test_shows_before_and_after_and_why(self, staff, trail, renamed):
        row = trail("staff", kind="update")[0]
        page = staff("auditor").get(f"/audit/{row.id}").text
        for word in ("旧名字", "新名字", "更正", "10.1.2.3", "f" * 32):
            assert word in page
        assert "password" not in page

    def test_shows_a_noted_fact(self, staff, trail):
        browser = staff("auditor")
        with acting(Actor("staff:0")), transaction():
            audit.note(what="export.asked", about="staff", rows=12, why="<b>盘点</b>")
        (row,) = trail("export.asked")
        page = browser.get(f"/audit/{row.id}").text
        assert "&lt;b&gt;盘点&lt;/b&gt;" in page

    def test_cannot_be_changed_from_the_console(self, app):
        methods = {
            method
            for rule in app.url_map.iter_rules()
            if rule.rule.startswith("/audit") and not rule.rule.endswith("/reveal")
            for method in rule.methods
        }
        assert methods == {"GET", "HEAD", "OPTIONS"}
