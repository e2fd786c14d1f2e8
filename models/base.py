"""The session, the column types and the one place that commits."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import numpy as np
import sqlalchemy as sa
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, registry

# Lines of one message to COPY; what an array of one dimension begins with, in bytes.
COPIED_AT_ONCE = 2_000
ESCAPED = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
HEADER = 20
NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    registry = registry(
        metadata=sa.MetaData(naming_convention=NAMING),
        type_annotation_map={
            datetime: sa.DateTime(timezone=True),
            int: sa.BigInteger,
            str: sa.Text,
            dict[str, Any]: JSONB,
            list[Any]: JSONB,
        },
    )


db = SQLAlchemy(model_class=Base)


@dataclass(frozen=True)
class Actor:
    """Who is writing, and why: what the audit trigger records beside every changed row.

    ``name`` is `staff:ID`, `job:KIND`, `member:CODE` or `system:WORD`; ``action`` the operation's name; ``reason`` the
    coded reason with its note where one was asked for.
    """

    name: str
    source: str = ""
    action: str = ""
    reason: str = ""
    request_id: str = ""
    ip: str = ""


class WrittenInRead(RuntimeError):
    """A request that reads opened a transaction to write in: a fault of the program, never of who asked."""


_acting: ContextVar[Actor | None] = ContextVar("acting", default=None)
_reading: ContextVar[bool] = ContextVar("reading", default=False)

_SET_ACTOR = sa.text(
    "SELECT set_config('qianxing.actor', :name, true), set_config('qianxing.source', :source, true),"
    " set_config('qianxing.action', :action, true), set_config('qianxing.reason', :reason, true),"
    " set_config('qianxing.request_id', :request_id, true), set_config('qianxing.ip', :ip, true)"
)


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Everything committed inside is written in this actor's name."""
    token = _acting.set(actor)
    try:
        yield
    finally:
        _acting.reset(token)


@contextmanager
def reading() -> Iterator[None]:
    """Nothing inside is written: each statement stands by itself, as it does under READ COMMITTED anyway, and the two
    trips that begin and end a transaction are saved. Whoever takes a connection asks ``is_reading``."""
    token = _reading.set(True)
    try:
        yield
    finally:
        _reading.reset(token)


def is_reading() -> bool:
    """Whether a connection that is taken now needs no transaction."""
    return _reading.get()


@contextmanager
def transaction(*, is_told: bool = False) -> Iterator[None]:
    """One edge, one transaction: commits on the way out, rolls back on any error. Never nested, never in `models/`.

    ``is_told``: the first statement inside says by itself who acts.
    """
    if _reading.get():
        raise WrittenInRead
    actor = None if is_told else _acting.get()
    try:
        if actor is not None:
            db.session.execute(_SET_ACTOR, asdict(actor))
        yield
        db.session.commit()
    except BaseException:
        db.session.rollback()
        raise


def copy_rows(table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Write rows by COPY, in the session's transaction; nothing of the session is flushed before."""
    driver: Any = db.session.connection().connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def copy_text(table: str, columns: Sequence[str], rows: Iterable[Sequence[int | str | bool | None]]) -> None:
    """As ``copy_rows`` for numbers, words and truths, several times as fast."""
    driver: Any = db.session.connection().connection.driver_connection
    lines = iter(rows)
    with driver.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        while part := list(islice(lines, COPIED_AT_ONCE)):
            copy.write("".join(["\t".join(map(_cell, row)) + "\n" for row in part]))


def _cell(value: int | str | bool | None) -> str:
    if value is None:
        return "\\N"
    return value.translate(ESCAPED) if isinstance(value, str) else str(value)


def read_columns(query: str, columns: Sequence[str]) -> "dict[str, np.ndarray[Any, np.dtype[np.int64]]]":
    """The columns of a query, in its order, as arrays: each travels as one value. All bigint, none of them empty."""
    sent = ", ".join(f"array_send(array_agg({name}))" for name in columns)
    row = db.session.execute(sa.text(f"SELECT {sent} FROM ({query}) AS found ({', '.join(columns)})")).one()
    items = [("length", ">i4"), ("value", ">i8")]
    return {
        name: np.frombuffer(value or b"", dtype=items, offset=HEADER if value else 0)["value"].astype(np.int64)
        for name, value in zip(columns, row, strict=True)
    }


@contextmanager
def rehearsal() -> Iterator[None]:
    """What is written inside is there until the end of the block and then never was: a dry run, a replayed story."""
    try:
        yield
    finally:
        db.session.rollback()
