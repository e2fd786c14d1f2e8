"""The audit trail as the database keeps it."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, ProgrammingError

from models import Audit


class TestTrail:
    @pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'x'", "DELETE FROM audit", "TRUNCATE audit"])
    def test_is_refused_to_the_owner_too(self, owner, statement):
        with pytest.raises(ProgrammingError, match="append-only"):
            owner.execute(sa.text(statement))

    def test_takes_a_note_but_no_row_of_the_application(self, session, trail):
        session.execute(sa.text("SELECT audit_note('sign_in', 'wang', '{\"why\": \"wrong\"}')"))
        assert [row.after for row in trail()] == [{"why": "wrong"}]
        with pytest.raises(ProgrammingError, match="permission denied"):
            session.execute(sa.text("INSERT INTO audit (kind, table_name, row_id) VALUES ('note', 'x', 'y')"))


# Tables without a trail of their own, and why.
UNTRAILED = {
    "inbound_refusal": "counts of forged callbacks, a row a day and reason: a row a forgery would fill the trail",
    "account": "a balance follows from legs, which never change; the application may not write it",
    "alembic_version": "the owner's alone; written by migrations",
    "frontier": "derived from the seats, whose every change is recorded",
    "team": "sums kept of orders and seats, whose every change is recorded",
    "product_stat": "counted anew each hour from orders, windows and refunds",
    "kept_answer": "what an operation answered, kept for a repeat; the operation's own rows are recorded",
    "attempt": "counters that come and go; every refused sign-in leaves a note",
}


class TestCoverage:
    def test_reaches_every_table_that_can_be_changed(self, session):
        without = session.scalars(
            sa.text(
                "SELECT relname FROM pg_class WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace"
                " AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = pg_class.oid AND tgenabled = 'O'"
                " AND (tgname LIKE 'audit\\_%' OR tgname LIKE 'append\\_only\\_%')) ORDER BY 1"
            )
        )
        assert set(without) == set(UNTRAILED)

    def test_names_whoever_writes_past_the_console(self, session):
        session.execute(sa.text("INSERT INTO merchant (code, name) VALUES ('psql', 'x')"))
        assert session.scalars(sa.select(Audit.actor).order_by(Audit.id.desc())).first() == "db:qianxing_app"

    def test_leaves_one_row_a_change_and_none_where_nothing_changed(self, session, trail):
        session.execute(sa.text("INSERT INTO merchant (code, name) VALUES ('one', 'x')"))
        for name in ("y", "y"):
            session.execute(sa.text("UPDATE merchant SET name = :name WHERE code = 'one'"), {"name": name})
        session.execute(sa.text("DELETE FROM merchant WHERE code = 'one'"))
        rows = trail("merchant")
        assert [row.kind for row in rows] == ["insert", "update", "delete"]
        assert (rows[1].before, rows[1].after) == ({"name": "x"}, {"name": "y"})

    def test_stops_the_write_that_it_cannot_record(self, owner):
        owner.execute(sa.text("ALTER TABLE audit ADD CONSTRAINT nothing CHECK (false) NOT VALID"))
        with pytest.raises(IntegrityError):
            owner.execute(sa.text("INSERT INTO merchant (code, name) VALUES ('lost', 'x')"))


class TestApplicationRole:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit SET actor = 'x'", "DELETE FROM audit", "TRUNCATE audit", "DROP TABLE audit",
            "ALTER TABLE audit DISABLE TRIGGER ALL", "ALTER TABLE staff DISABLE TRIGGER audit_staff",
            "DROP TRIGGER audit_staff ON staff", "SET session_replication_role = replica",
            "CREATE OR REPLACE FUNCTION audit_row() RETURNS trigger LANGUAGE sql AS 'SELECT NULL'",
            "ALTER TABLE staff DROP CONSTRAINT ck_staff_roles", "CREATE TABLE mine (id int)", "TRUNCATE staff",
            "ALTER ROLE qianxing_app SUPERUSER", "SET ROLE qianxing_owner", "SET SESSION AUTHORIZATION qianxing_owner",
            "COPY staff TO PROGRAM 'cat'", "COPY staff TO '/tmp/staff.csv'",
        ],
    )  # fmt: skip
    def test_may_neither_silence_nor_leave_the_trail(self, session, statement):
        with pytest.raises(ProgrammingError, match=r"denied|must be|permission|append-only"):
            session.execute(sa.text(statement))
