"""What the database refuses or records by itself, on every table it has: each CHECK, unique index and trigger.

The catalogue says which guards there are; ``judged`` commits the offence that a guard is there for and says what came.
"""

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

from tests.operations.guard_rows import AT, BROKEN, IMPLIED_BY, OFFENCES, ROW, SHARED

DULL: Mapping[str, Any] = {
    "bigint": 1, "smallint": 1, "text": "x", "boolean": False, "bytea": bytes(32), "jsonb": Jsonb({}), "date": AT[:-1],
    "timestamp with time zone": AT, "bigint[]": [1], "text[]": ["x"], "timestamp with time zone[]": [],
}  # fmt: skip
OTHER: Mapping[str, Any] = {
    "bigint": 2, "smallint": 2, "text": "y", "boolean": True, "bytea": b"y", "jsonb": Jsonb([]), "bigint[]": [2],
    "text[]": ["y"], "date": "2026-01-03", "timestamp with time zone": "2026-01-03Z",
}  # fmt: skip

_GUARDS = """
    SELECT c.relname, i.conname, i.contype FROM pg_constraint i JOIN pg_class c ON c.oid = i.conrelid
    WHERE c.relnamespace = 'public'::regnamespace AND i.contype = 'c'
    UNION ALL
    SELECT c.relname, x.relname, 'u' FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    JOIN pg_class x ON x.oid = i.indexrelid WHERE c.relnamespace = 'public'::regnamespace AND i.indisunique
    UNION ALL
    SELECT c.relname, t.tgname, 't' FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE c.relnamespace = 'public'::regnamespace AND NOT t.tgisinternal
    ORDER BY 1, 3, 2
"""
_COLUMNS = """
    SELECT attname, regexp_replace(format_type(atttypid, -1), '^character varying$', 'text'), attnotnull
    FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
    ORDER BY attnum
"""
_KEYS = """
    SELECT x.relname, array_agg(a.attname::text) FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid
    JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY (i.indkey)
    WHERE i.indrelid = %s::regclass AND i.indisunique GROUP BY x.relname
"""
_TRIGGER = "SELECT tgtype FROM pg_trigger WHERE tgrelid = %s::regclass AND tgname = %s"
_LOOSENED = """
    SELECT conrelid::regclass::text, conname FROM pg_constraint
    WHERE contype = 'f' AND %s::regclass IN (conrelid, confrelid) OR contype = 'c' AND conrelid = %s::regclass
"""
_OPEN = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND mode = 'ShareLock'"
# The bits of pg_trigger.tgtype.
VERBS = {"insert": 4, "delete": 8, "update": 16}

Guard = tuple[str, str, str]
"""A table, the name of what guards it, and its kind: c(heck), u(nique), t(rigger)."""
Keys = Mapping[str, Sequence[str]]


class End(StrEnum):
    """What came of an offence: this guard saw it, nobody did, or the offence was stopped by something else."""

    REFUSED = "refused"
    ACCEPTED = "accepted"
    STOPPED = "stopped by something else"


def standing(connection: psycopg.Connection) -> list[Guard]:
    """Every guard that the database has."""
    return [tuple(row) for row in connection.execute(_GUARDS)]  # type: ignore[misc]


def is_proved(connection: psycopg.Connection, guard: Guard) -> bool:
    """Refused while the guard stands, accepted once it is gone; all of it undone."""
    keys = keys_of(connection, guard[0])
    with connection.transaction(force_rollback=True):
        if judged(connection, guard, keys) is not End.REFUSED:
            return False
        drop(connection, guard)
        return judged(connection, guard, keys) is End.ACCEPTED


def drop(connection: psycopg.Connection, guard: Guard) -> None:
    """Take one guard away."""
    table, name, kind = guard
    names = {"table": sql.Identifier(table), "name": sql.Identifier(name)}
    if kind == "t":
        connection.execute(sql.SQL("DROP TRIGGER {name} ON {table}").format(**names))
    elif connection.execute("SELECT 1 FROM pg_constraint WHERE conname = %s", [name]).fetchone():
        connection.execute(sql.SQL("ALTER TABLE {table} DROP CONSTRAINT {name} CASCADE").format(**names))
    else:
        connection.execute(sql.SQL("DROP INDEX {name}").format(**names))


def judged(connection: psycopg.Connection, guard: Guard, keys: Keys) -> End:
    """What comes of the offence that the guard is there for, on an emptied table; the attempt is undone.

    ``keys`` are the columns of the table's unique indexes while all of them stand.
    """
    table, name, kind = guard
    with connection.transaction(force_rollback=True):
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(f"DELETE FROM {table}".encode())
        if kind == "t":
            connection.execute("SET LOCAL session_replication_role = origin")
            return _of_trigger(connection, table, name, keys)
        if name in IMPLIED_BY:
            drop(connection, (table, IMPLIED_BY[name], "c"))
        try:
            if kind == "c":
                _insert(connection, table, 1, BROKEN[name], keys)
            else:
                _insert_twice(connection, table, name, keys)
        except psycopg.errors.IntegrityError as refusal:
            return End.REFUSED if refusal.diag.constraint_name == name else End.STOPPED
        return End.ACCEPTED


def keys_of(connection: psycopg.Connection, table: str) -> Keys:
    """The columns of each unique index of a table."""
    return dict(connection.execute(_KEYS, [table]).fetchall())


def _insert_twice(connection: psycopg.Connection, table: str, name: str, keys: Keys) -> None:
    shared = SHARED.get(name, {})
    first = _insert(connection, table, 1, shared, keys)
    _insert(connection, table, 2, {**{column: first[column] for column in keys[name]}, **shared}, keys)


def _insert(
    connection: psycopg.Connection, table: str, n: int, values: Mapping[str, Any], keys: Keys
) -> dict[str, Any]:
    types = {row[0]: row[1:] for row in connection.execute(_COLUMNS, [table])}
    row = {column: DULL[kind] for column, (kind, is_needed) in types.items() if is_needed}
    row |= {column: _numbered(types[column][0], n) for columns in keys.values() for column in columns}
    row |= {column: value(n) if callable(value) else value for column, value in ROW.get(table, {}).items()}
    row |= values
    connection.execute(
        sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, row)),
            sql.SQL(", ").join(sql.Placeholder() * len(row)),
        ),
        list(row.values()),
    )
    return row


def _numbered(kind: str, n: int) -> Any:
    return {
        "text": f"{n:06}", "date": f"2026-{n:02}-01", "timestamp with time zone": f"2026-{n:02}-01Z",
        "bytea": bytes([n]) * 32,
    }.get(kind, 1_000 + n)  # fmt: skip


def _of_trigger(connection: psycopg.Connection, table: str, name: str, keys: Keys) -> End:
    """As ``judged``, with every other trigger, reference and CHECK of the table out of the way."""
    connection.execute(f"ALTER TABLE {table} DISABLE TRIGGER ALL".encode())
    for of, constraint in connection.execute(_LOOSENED, [table, table]).fetchall():
        connection.execute(f"ALTER TABLE {of} DROP CONSTRAINT {constraint}".encode())
    found = connection.execute(_TRIGGER, [table, name]).fetchone()
    if found:
        connection.execute(f"ALTER TABLE {table} ENABLE TRIGGER {name}".encode())
    if name.startswith("audit_"):
        seen = {_leaves_a_row(connection, table, verb, keys)
                for verb, bit in VERBS.items() if found is None or found[0] & bit}  # fmt: skip
        return {(True,): End.REFUSED, (False,): End.ACCEPTED}.get(tuple(seen), End.STOPPED)
    if name == "posting_open":
        _insert(connection, table, 1, {}, keys)
        return End.REFUSED if connection.execute(_OPEN).fetchone() else End.ACCEPTED
    ends = {_end(connection, table, row, then, keys) for row, then in _offences(connection, table, name)}
    return ends.pop() if len(ends) == 1 else End.STOPPED


def _offences(connection: psycopg.Connection, table: str, name: str) -> Iterator[tuple[Mapping[str, Any], str]]:
    """Rows that are inserted and what is then done to them: each must be refused."""
    if name.startswith("append_only_"):
        column = [row[0] for row in connection.execute(_COLUMNS, [table])][1]
        yield {}, f'UPDATE {table} SET "{column}" = "{column}"'
        yield {}, f"DELETE FROM {table}"
        yield {}, f"TRUNCATE {table}"
    else:
        yield from OFFENCES[name]


def _end(connection: psycopg.Connection, table: str, row: Mapping[str, Any], then: str, keys: Keys) -> End:
    with connection.transaction(force_rollback=True):
        try:
            _insert(connection, table, 1, row, keys)
            connection.execute(then.encode() or b"SELECT 1")
        except psycopg.DatabaseError as refusal:
            # Raised by a trigger of ours, not by a slip in the proof.
            return End.REFUSED if "PL/pgSQL function" in (refusal.diag.context or "") else End.STOPPED
        return End.ACCEPTED


def _leaves_a_row(connection: psycopg.Connection, table: str, verb: str, keys: Keys) -> bool:
    """Whether a row that came, changed or went leaves a row of the trail."""
    with connection.transaction(force_rollback=True):
        since = connection.execute("SELECT coalesce(max(id), 0) FROM audit").fetchone()
        _insert(connection, table, 1, {}, keys)
        if verb == "update":
            apart = {column for columns in keys.values() for column in columns}
            columns = {row[0]: row[1] for row in connection.execute(_COLUMNS, [table]) if row[0] not in apart}
            column, kind = next(iter(columns.items()))
            connection.execute(f"UPDATE {table} SET {column} = %s".encode(), [OTHER[kind]])
        elif verb == "delete":
            connection.execute(f"DELETE FROM {table}".encode())
        found = "SELECT 1 FROM audit WHERE table_name = %s AND kind = %s AND id > %s"
        return connection.execute(found, [table, verb, since and since[0]]).fetchone() is not None
