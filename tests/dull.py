"""Rows of every table, made from the schema alone: dull values by type, with what stands in their way laid aside."""

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

DULL: Mapping[str, Any] = {
    "bigint": 1_000_001, "integer": 10_001, "smallint": 10_001, "numeric": 1, "double precision": 1, "boolean": False,
    "text": "x", "jsonb": Jsonb({}), "bytea": b"x", "date": "2026-01-01", "timestamp with time zone": "2026-01-01Z",
    "text[]": ["x"], "bigint[]": [1], "smallint[]": [1], "integer[]": [1], "timestamp with time zone[]": [],
}  # fmt: skip
OTHER: Mapping[str, Any] = {
    "bigint": 2, "integer": 2, "smallint": 2, "numeric": 2, "double precision": 2, "boolean": True, "text": "y",
    "jsonb": Jsonb({"y": 1}), "bytea": b"y", "date": "2026-01-02", "timestamp with time zone": "2026-01-02Z",
    "text[]": ["y"], "bigint[]": [2], "smallint[]": [2], "integer[]": [2],
    "timestamp with time zone[]": ["2026-01-02Z"],
}  # fmt: skip
COLUMNS = """
SELECT attname, format_type(atttypid, -1), attgenerated <> '', attnum = ANY (coalesce(conkey, '{}'))
FROM pg_attribute LEFT JOIN pg_constraint ON conrelid = attrelid AND contype = 'p'
WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped ORDER BY attnum
"""
CHECKS = "SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'"
ONE_OF = re.compile(r"\(+(\w+)\)* = ANY \(+ARRAY\['([^']*)'")


def tables(connection: psycopg.Connection) -> list[str]:
    """Every table of ours."""
    found = "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')"
    return [row[0] for row in connection.execute(f"{found} AND relname <> 'alembic_version' ORDER BY 1".encode())]


def kinds(connection: psycopg.Connection, table: str) -> dict[str, str]:
    """The type of each column that can be written."""
    return {row[0]: row[1] for row in connection.execute(COLUMNS.encode(), [table]) if not row[2]}


def key(connection: psycopg.Connection, table: str) -> list[str]:
    """The columns of the primary key."""
    return [row[0] for row in connection.execute(COLUMNS.encode(), [table]) if row[3]]


def choices(connection: psycopg.Connection, table: str) -> dict[str, str]:
    """For each column that takes a few words alone, one of the words."""
    found = (row[0] for row in connection.execute(CHECKS.encode(), [table]))
    return {match[1]: match[2] for text in found for match in ONE_OF.finditer(text)}


def insert(connection: psycopg.Connection, table: str, values: Mapping[str, Any]) -> None:
    """Write one row, its identity too."""
    connection.execute(
        sql.SQL("INSERT INTO {} ({}) OVERRIDING SYSTEM VALUE VALUES ({})").format(
            sql.Identifier(table),
            sql.SQL(", ").join(map(sql.Identifier, values)),
            sql.SQL(", ").join(sql.Placeholder() * len(values)),
        ),
        list(values.values()),
    )


def unhinge(connection: psycopg.Connection, table: str, *, kept: str = "^$", spare: str = "^$") -> None:
    """Drop a table's constraints but keys and those named like ``spare``, stop its triggers but those like ``kept``."""
    constraints = "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype IN ('c', 'f')"
    for (name,) in connection.execute(constraints.encode(), [table]).fetchall():
        if not re.search(spare, name):
            connection.execute(
                sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.Identifier(table), sql.Identifier(name))
            )
    triggers = "SELECT tgname FROM pg_trigger WHERE tgrelid = %s::regclass AND NOT tgisinternal"
    for (name,) in connection.execute(triggers.encode(), [table]).fetchall():
        if not re.search(kept, name):
            connection.execute(
                sql.SQL("ALTER TABLE {} DISABLE TRIGGER {}").format(sql.Identifier(table), sql.Identifier(name))
            )


@contextmanager
def undone(connection: psycopg.Connection) -> Iterator[None]:
    """Whatever happens inside never was."""
    with connection.transaction(force_rollback=True):
        yield
