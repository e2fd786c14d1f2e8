"""Every write leaves exactly one row of the trail, and nobody decides alone: generated from the schema, n of n."""

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest
from psycopg import sql

from models import Appeal, Approval, DividendBill, Member, Withdrawal, db
from models.operations import appeal, approval, case, case_decision, dividend, policy, risk_rule, switch, withdrawal
from models.rules import risk_shipped
from models.rules.approval import expires_at
from models.rules.permission import PERMISSIONS
from tests import dull
from tests.conftest import superuser
from tests.operations import world
from tests.test_conventions import UNWATCHED

AT = datetime(2026, 3, 1, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
ME = "staff:1"


@pytest.fixture
def connection(services):
    with superuser(services, "pristine") as connection:
        yield connection


def verbs_of(connection: psycopg.Connection, table: str) -> dict[str, str]:
    """What becomes of each kind of write to a table: recorded, refused, or silent."""
    with dull.undone(connection):
        connection.execute(b"SET LOCAL lock_timeout = '20s'")
        dull.unhinge(connection, table, kept="^(audit_|append_only_)")
        kinds, key = dull.kinds(connection, table), dull.key(connection, table)
        dull.insert(connection, table, {column: dull.DULL[kind] for column, kind in kinds.items()})
        found = {"insert": _left(connection, table, "insert", kinds)}
        column = _plain(connection, table, kinds, key)
        table_, one = sql.Identifier(table), _this_row(key, kinds)
        change = sql.SQL("UPDATE {} SET {} = {} WHERE {}").format(
            table_, sql.Identifier(column), sql.Literal(dull.OTHER[kinds[column]]), one
        )
        removal = sql.SQL("DELETE FROM {} WHERE {}").format(table_, one)
        for verb, statement in (("update", change), ("delete", removal)):
            found[verb] = _tried(connection, table, verb, statement, {column: kinds[column]})
    return found


def _this_row(key: list[str], kinds: dict[str, str]) -> sql.Composable:
    """The condition that finds the dull row and no other."""
    parts = (sql.SQL("{} = {}").format(sql.Identifier(column), sql.Literal(dull.DULL[kinds[column]])) for column in key)
    return sql.SQL(" AND ").join(parts)


def _plain(connection: psycopg.Connection, table: str, kinds: dict[str, str], key: list[str]) -> str:
    """A column that is no key and does not tick by itself; where all others are kept from the trail, one of those."""
    told = "SELECT encode(tgargs, 'escape') FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname LIKE 'audit%%'"
    ticking = "".join(row[0] for row in connection.execute(told.encode(), [table]))
    names = ticking.replace("\\000", ",").split(",")
    plain = [column for column in reversed(kinds) if column not in key]
    return next((column for column in plain if column not in names), plain[0])


def _tried(connection: psycopg.Connection, table: str, verb: str, statement: Any, columns: dict[str, str]) -> str:
    try:
        with connection.transaction():
            connection.execute(statement)
    except psycopg.errors.InsufficientPrivilege:
        return "refused"
    return _left(connection, table, verb, columns)


def _left(connection: psycopg.Connection, table: str, verb: str, columns: dict[str, str]) -> str:
    """Whether this write left its one row, with what was before and what is after."""
    rows = connection.execute(
        b"SELECT before, after FROM audit WHERE table_name = %s AND kind = %s AND id > %s",
        [table, verb, _floor(connection)],
    ).fetchall()
    if not rows:
        return "silent"
    if len(rows) > 1:
        return "twice"
    before, after = rows[0]
    if verb == "insert":
        tells = before is None and set(columns) <= set(after or ())
    else:
        tells = _differ(before, after, columns) if verb == "update" else before is not None and after is None
    return "recorded" if tells else "blank"


def _differ(before: Any, after: Any, columns: dict[str, str]) -> bool:
    before, after = before or {}, after or {}
    return all(
        column in before and column in after and (before[column] != after[column] or before[column] == "***")
        for column in columns
    )


def _floor(connection: psycopg.Connection) -> int:
    """The trail as it stood when this transaction began."""
    row = connection.execute(b"SELECT coalesce(max(id), 0) FROM audit WHERE at < now()").fetchone()
    return int(row[0]) if row else 0


class TestTrail:
    def test_has_one_row_with_before_and_after_for_every_write_of_every_table(self, connection):
        tables = [table for table in dull.tables(connection) if table not in UNWATCHED]
        found = {table: verbs_of(connection, table) for table in tables}
        wrong = {table: verbs for table, verbs in found.items() if not _is_whole(verbs)}
        whole = len(tables) - len(wrong)
        fixed = sum(verbs["update"] == "refused" for verbs in found.values())
        sys.stdout.write(f"trail: {whole} of {len(tables)} tables, {fixed} of them never change\n")
        assert wrong == {}


def _is_whole(verbs: dict[str, str]) -> bool:
    """Each write is recorded once, or the table can only grow."""
    grows_only = verbs["update"] == verbs["delete"] == "refused"
    return set(verbs.values()) == {"recorded"} or (grows_only and verbs["insert"] in ("silent", "recorded"))


def _asked(kind: str) -> Approval:
    request = Approval(
        kind=kind, payload={}, digest=approval.digest(kind, {}), reason="x", state="open", made_at=AT, made_by=ME,
        expires_at=expires_at(AT),
    )  # fmt: skip
    db.session.add(request)
    db.session.flush()
    return request


def _approve_policy() -> Any:
    version = policy.propose(preset="steady", terms={}, effective_at=AT + timedelta(days=9), at=AT, by=ME)
    return policy.approve(version_id=version.id, digest=version.digest, at=LATER, by=ME)


def _confirm_bill() -> Any:
    bill = DividendBill(month=date(2026, 2, 1), state="built", built_at=AT, built_by=ME)
    db.session.add(bill)
    db.session.flush()
    return dividend.confirm(bill_id=bill.id, at=LATER, by=ME)


def _approve_withdrawal() -> Any:
    member = db.session.query(Member).first()
    assert member is not None
    db.session.add(
        Withdrawal(
            number="W1",
            member_id=member.id,
            amount_fen=900_000,
            tax_fen=0,
            month=date(2026, 3, 1),
            state="requested",
            requested_at=AT,
            approved_by=ME,
        )  # fmt: skip
    )
    db.session.flush()
    return withdrawal.approve(number="W1", by=ME, at=LATER)


def _resume_switch() -> Any:
    switch.off(job="settle", why="x", at=AT, by="staff:2")
    asked = approval.ask(kind="switch.resume", payload={"job": "settle"}, reason="x", at=AT, by=ME)
    return approval.approve(approval_id=asked.id, digest=asked.digest, at=LATER, by=ME)


def _look_again() -> Any:
    made = case.open_case(
        queue="first_review", subject="ring:1", group="x", stake_fen=0, score=1, reasons=["x"], at=AT, by="t"
    )
    case_decision.conclude(made, verdict="cleared", reason="x", at=AT, by=ME)
    made.second = "due"
    return case_decision.look_again(case_id=made.id, staff_id=1, verdict="cleared", why="x", at=LATER)


def _decide_appeal() -> Any:
    member = db.session.query(Member).first()
    assert member is not None
    made = Appeal(
        member_id=member.id, subject=f"showcase:{member.id}", words="x", state="open", filed_at=AT, against_by=ME
    )
    db.session.add(made)
    db.session.flush()
    return appeal.conclude(appeal_id=made.id, won=True, answer="x", at=LATER, by=ME)


def _publish_rule() -> Any:
    found = risk_shipped.RULES[0] | {"weight": 34}
    drafted = risk_rule.draft(terms=found, note="", at=AT, by=ME)
    drafted.state = "shadow"
    return risk_rule.publish(rule_id=drafted.id, at=LATER, by=ME)


# The steps of two people that keep their hands in columns of their own, by table; `approval` stands for its effects.
BY_HAND: dict[str, Callable[[], Any]] = {
    "appeal": _decide_appeal,
    "case_decision": _look_again,
    "risk_rule": _publish_rule,
    "policy_version": _approve_policy,
    "dividend_bill": _confirm_bill,
    "withdrawal": _approve_withdrawal,
    "money_switch": _resume_switch,
}
PAIRS = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'c' AND pg_get_constraintdef(oid) ~ '_by\\)?::?[a-z]* ?<>|_by <> '
"""


def pairs(connection: psycopg.Connection) -> dict[str, tuple[str, list[str]]]:
    """Every table that names two different people, with its constraint and the two columns."""
    found = connection.execute(PAIRS.encode()).fetchall()
    return {row[0]: (row[1], dull_names(row[2])) for row in found}


def dull_names(definition: str) -> list[str]:
    return sorted({word for word in definition.replace("(", " ").replace(")", " ").split() if word.endswith("_by")})


class TestTwoPeople:
    def test_are_two_in_the_database_for_every_table_that_names_them(self, connection):
        named = pairs(connection)
        refused = []
        for table, (constraint, columns) in named.items():
            with dull.undone(connection):
                dull.unhinge(connection, table, spare=f"^{constraint}$")
                kinds = dull.kinds(connection, table)
                row = {column: dull.DULL[kind] for column, kind in kinds.items()} | dict.fromkeys(columns, ME)
                try:
                    dull.insert(connection, table, row)
                except psycopg.errors.CheckViolation as refusal:
                    refused += [table] if refusal.diag.constraint_name == constraint else []
        assert sorted(refused) == sorted(named) == sorted({"approval", *BY_HAND})

    def test_are_two_in_the_code_for_every_action(self, session):
        world.network()
        approval.load()
        actions = dict(BY_HAND)
        for kind in approval.EFFECTS:
            actions[f"{kind} approved"] = lambda kind=kind: _approve(kind)
            actions[f"{kind} refused"] = lambda kind=kind: _refuse(kind)
        refused = []
        for name, act in actions.items():
            with session.begin_nested() as savepoint:
                try:
                    act()
                except Exception as refusal:
                    refused += [name] if type(refusal).__name__ == "SameHands" else []
                savepoint.rollback()
        sys.stdout.write(f"two people: {len(refused)} of {len(actions)} actions refuse their own maker\n")
        assert sorted(refused) == sorted(actions)

    def test_includes_every_permission_to_decide_with_a_fresh_proof(self):
        approval.load()
        assert [kind for kind, effect in approval.EFFECTS.items() if not PERMISSIONS[effect.permission].step_up] == []


def _approve(kind: str) -> Any:
    request = _asked(kind)
    return approval.approve(approval_id=request.id, digest=request.digest, at=LATER, by=ME)


def _refuse(kind: str) -> Any:
    return approval.refuse(approval_id=_asked(kind).id, note="x", at=LATER, by=ME)
