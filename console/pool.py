"""Connections of the database: asked whether they still live after a rest alone, limited once and not each time, and
without a transaction around what a member only reads."""

import time
from typing import Any

import psycopg
import sqlalchemy as sa
from flask import has_request_context, request
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.pool import ConnectionPoolEntry, Pool

from console import problem
from models.base import is_reading

STATEMENT_SECONDS = 5
# Of the mini-program's reads. Its writes may stand in line for a lock first: joiners are placed one after another.
API_STATEMENT_SECONDS = 2
# No server comes back sooner: what was used a moment ago is not asked first.
REST_SECONDS = 1.0
_LEFT, _LIMIT = "left_at", "statement_seconds"


def register() -> None:
    """Watch every pool of this process."""
    for name, listener in (("checkout", _taken), ("checkin", _left)):
        if not sa.event.contains(Pool, name, listener):
            sa.event.listen(Pool, name, listener)
    if not sa.event.contains(Session, "after_begin", _limit_statements):
        sa.event.listen(Session, "after_begin", _limit_statements)


def _left(connection: Any, entry: ConnectionPoolEntry) -> None:
    entry.info[_LEFT] = time.monotonic()


def _taken(connection: Any, entry: ConnectionPoolEntry, proxy: object) -> None:
    """Alive, and in a request with a limit on each statement: told when it changes alone, which saves trips."""
    asked, limit = [], _limit()
    if time.monotonic() - entry.info.get(_LEFT, time.monotonic()) > REST_SECONDS:
        asked.append("SELECT 1")
    if limit != entry.info.get(_LIMIT, 0):
        asked.append(f"SET statement_timeout = '{limit}s'" if limit else "RESET statement_timeout")
    if asked:
        _ask(connection, asked)
        entry.info[_LIMIT] = limit
    # A read needs no transaction around it; a word to the driver, no trip.
    if connection.autocommit != is_reading():
        connection.autocommit = is_reading()


def _limit() -> int:
    """Seconds that a statement may take here; outside of a request as long as it likes."""
    if not has_request_context():
        return 0
    return API_STATEMENT_SECONDS if problem.is_api() and request.method == "GET" else STATEMENT_SECONDS


def _ask(connection: Any, statements: list[str]) -> None:
    """Outside of any transaction; where nobody answers, no connection of this pool is good any more."""
    connection.autocommit = True
    try:
        for statement in statements:
            connection.execute(statement)
    except psycopg.OperationalError as error:
        raise InvalidatePoolError from error


def _limit_statements(session: Session, transaction: SessionTransaction, connection: sa.Connection) -> None:
    """What was taken under another limit has this one for the one transaction that a request makes on it."""
    if not transaction.nested and (limit := _limit()) and limit != connection.info.get(_LIMIT):
        connection.execute(sa.text(f"SET LOCAL statement_timeout = '{limit}s'"))
