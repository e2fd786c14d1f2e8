"""Reading a long list in constant time: what the address asks, keyset pages, honest counts."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, Row, Select
from werkzeug.datastructures import MultiDict

from console import formatting
from console.admin.columns import Column
from console.admin.filters import Filter, Search, Unreadable, search_for
from console.web import SIZES
from models import db

EXACT_UP_TO = 10_000
# In the planner's units, a few hundredths of a second: beyond it an estimate is the better answer.
COST_OF_COUNTING = 5_000.0
# Fewer rows than this are gathered by what narrows them and then sorted; more are met soon by walking the order.
GATHERED_UP_TO = 20_000


@dataclass(frozen=True)
class Asked:
    """What an address asks of a list, read and checked."""

    values: dict[str, Any]
    search: str
    sort: Column
    descending: bool
    columns: tuple[Column, ...]
    size: int
    after: str = ""
    before: str = ""
    start: str = ""
    problems: tuple[str, ...] = ()

    def titles(self) -> dict[str, str]:
        """The columns' titles in the reader's language, translated once a page and not once a cell."""
        return {column.key: str(column.title) for column in self.columns}

    @property
    def is_narrowed(self) -> bool:
        return bool(self.values or self.search)


@dataclass(frozen=True)
class Shape:
    """What a list can be asked: its columns, filters, searches and first order (`-key` for descending)."""

    columns: tuple[Column, ...]
    filters: tuple[Filter, ...]
    searches: tuple[Search, ...]
    order: str
    size: int = SIZES[1]

    def column(self, key: str) -> Column | None:
        return next((column for column in self.columns if column.key == key), None)

    def _sort(self, args: MultiDict[str, str]) -> tuple[Column, bool]:
        for wish in (args.get("sort", ""), self.order):
            column = self.column(wish.removeprefix("-"))
            if column is not None and column.sort:
                return column, wish.startswith("-")
        raise LookupError(f"{self.order} is no sortable column")

    def _values(self, args: MultiDict[str, str], *, checked: bool) -> tuple[dict[str, Any], list[str]]:
        values, problems = {}, []
        for question in self.filters:
            try:
                value = question.read(args)
                if value is not None and checked:
                    question.check(value)
            except Unreadable as error:
                problems.append(str(error))
            else:
                values[question.key] = value
        return {key: value for key, value in values.items() if value is not None}, problems

    def read(self, args: MultiDict[str, str], *, checked: bool = True) -> Asked:
        """Check every parameter against what is declared; what cannot be read becomes a problem, never a guess.

        Outside a request nobody is there to be offered choices: what was checked before is read unchecked.
        """
        values, problems = self._values(args, checked=checked)
        sort, descending = self._sort(args)
        chosen = args.get("cols", "").split(",")
        columns = tuple(c for c in self.columns if c.listed and c.key in chosen)
        size = args.get("size", "")
        return Asked(
            values=values,
            search=args.get("q", "").strip()[:100],
            sort=sort,
            descending=descending,
            columns=columns or tuple(c for c in self.columns if c.listed and c.shown),
            size=int(size) if size in {str(allowed) for allowed in SIZES} else self.size,
            after=args.get("after", ""),
            before=args.get("before", ""),
            start=args.get("from", "").strip(),
            problems=tuple(problems),
        )

    def narrowed(self, query: Select[Any], asked: Asked) -> Select[Any]:
        """The rows that answer the filters and the search."""
        for question in self.filters:
            if question.key in asked.values:
                query = query.where(question.where(asked.values[question.key]))
        return query.where(search_for(self.searches, asked.search)) if asked.search else query


@dataclass(frozen=True)
class Page:
    """One page of rows and the cursors of its neighbours, empty where there are none."""

    rows: Sequence[Row[Any]] = ()
    next: str = ""
    previous: str = ""


@dataclass(frozen=True)
class Total:
    """How many rows there are; beyond the exact limit what PostgreSQL's statistics say."""

    rows: int
    is_exact: bool = True


def cursor_of(value: Any, row_id: int) -> str:
    """A place in the order of a list, opaque in the address."""
    shown = value.isoformat() if isinstance(value, date | datetime) else value
    return base64.urlsafe_b64encode(json.dumps([shown, row_id]).encode()).decode().rstrip("=")


def _typed(value: Any, column: Column) -> Any:
    """A value of the address in the type of its column."""
    kind = column.at.type.python_type
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        return moment if moment.tzinfo else formatting.day_start(moment.date())
    if kind is date:
        return date.fromisoformat(value)
    if kind is int:
        number = int(value)
        if abs(number) > 2**63 - 1:
            raise ValueError(value)
        return number
    return str(value)


def _place(cursor: str, column: Column) -> tuple[Any, int]:
    try:
        value, row_id = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        place = _typed(value, column), int(row_id)
    except (ValueError, TypeError) as error:
        raise Unreadable(_("The address of this page is damaged. Start from the first page.")) from error
    if abs(place[1]) > 2**63 - 1:
        raise Unreadable(_("The address of this page is damaged. Start from the first page."))
    return place


@dataclass(frozen=True)
class Order:
    """The total order of a list: a column, then the id."""

    column: Column
    identity: ColumnElement[int]
    descending: bool

    def parts(self) -> list[Any]:
        same = self.column.at is self.identity or self.column.key == "id"
        return [self.identity] if same else [self.column.at, self.identity]

    def by(self, *, backwards: bool = False) -> list[Any]:
        return [key.desc() if self.descending != backwards else key.asc() for key in self.parts()]

    def beyond(self, cursor: str, *, backwards: bool = False) -> ColumnElement[bool]:
        """Rows strictly behind the cursor in this order."""
        place = _place(cursor, self.column)[-len(self.parts()) :]
        left, right = sa.tuple_(*self.parts()), sa.tuple_(*place)
        return left < right if self.descending != backwards else left > right

    def from_value(self, text: str) -> ColumnElement[bool]:
        """Rows from a value on: the way to jump into the middle of a long list."""
        try:
            value = formatting.to_fen(text) if self.column.kind == "money" else _typed(text, self.column)
        except ValueError:
            value = None
        if value is None:
            raise Unreadable(_("%(text)s is no place in this order", text=text))
        if self.descending and isinstance(value, datetime):
            return self.column.at < formatting.day_end(value.astimezone(formatting.SHANGHAI).date())
        return self.column.at <= value if self.descending else self.column.at >= value

    def cursor(self, row: Row[Any]) -> str:
        return cursor_of(row._mapping[self.column.key], row.row_id)


def page_of(query: Select[Any], order: Order, asked: Asked) -> Page:
    """The page an address points at. ``query`` selects `row_id` and the sorted column under its key."""
    backwards = bool(asked.before) and not asked.after
    if asked.after or asked.before:
        query = query.where(order.beyond(asked.after or asked.before, backwards=backwards))
    elif asked.start:
        query = query.where(order.from_value(asked.start))
    found = _found(query, order, asked, backwards=backwards)
    more, rows = len(found) > asked.size, found[: asked.size]
    if backwards:
        rows.reverse()
    if not rows:
        return Page()
    moved = bool(asked.after or asked.start)
    return Page(
        rows,
        next=order.cursor(rows[-1]) if more or backwards else "",
        previous=order.cursor(rows[0]) if (more if backwards else moved) else "",
    )


def _found(query: Select[Any], order: Order, asked: Asked, *, backwards: bool) -> list[Row[Any]]:
    """The ids first, by what narrows and orders them alone; then what is shown of those few rows."""
    by, identity = order.by(backwards=backwards), order.identity
    ids = db.session.scalars(_ids(query, order, asked, backwards=backwards).limit(asked.size + 1)).all()
    if not ids:
        return []
    these = sa.any_(sa.bindparam(None, ids, sa.ARRAY(sa.BigInteger)))
    return list(db.session.execute(query.where(identity == these).order_by(*by)))


def _ids(query: Select[Any], order: Order, asked: Asked, *, backwards: bool) -> Select[Any]:
    """The ids of a list in its order.

    The planner takes what it looks for as spread evenly over that order, and walks it for seconds when all of it lies
    at the far end; so few rows are gathered behind OFFSET, which it does not look through, before they are sorted.
    """
    bare = query.with_only_columns(order.identity)
    if not asked.is_narrowed or _planned(bare.limit(EXACT_UP_TO + 1))[0] > GATHERED_UP_TO:
        return bare.order_by(*order.by(backwards=backwards))
    parts = [part.label(f"part_{n}") for n, part in enumerate(order.parts())]
    few = query.with_only_columns(*parts).offset(0).subquery()
    turned = [key.desc() if order.descending != backwards else key.asc() for key in few.c]
    return sa.select(list(few.c)[-1]).order_by(*turned)


def _planned(capped: Select[Any]) -> tuple[int, float]:
    """How many rows the planner expects of a query without its limit, and what counting to the limit would cost."""
    compiled = capped.compile(dialect=db.engine.dialect, compile_kwargs={"render_postcompile": True})
    cursor = db.session.connection().exec_driver_sql(f"EXPLAIN (FORMAT JSON) {compiled}", compiled.params)
    limit = cursor.scalar_one()[0]["Plan"]
    return int(limit["Plans"][0]["Plan Rows"]), float(limit["Total Cost"])


def _known(table: sa.FromClause) -> int:
    statement = sa.text("SELECT reltuples::bigint FROM pg_class WHERE oid = CAST(:name AS regclass)")
    return int(db.session.scalar(statement, {"name": str(table)}) or 0)


def total_of(query: Select[Any], table: sa.FromClause, *, is_bare: bool) -> Total:
    """Count exactly up to the limit; beyond it, or where counting would cost a scan, estimate.

    ``is_bare`` says that the query is the whole table, whose size the statistics know.
    """
    capped = query.with_only_columns(sa.literal(1)).order_by(None).limit(EXACT_UP_TO + 1)
    guess, cost = (_known(table), 0.0) if is_bare else _planned(capped)
    if cost > COST_OF_COUNTING or (is_bare and guess > EXACT_UP_TO):
        return Total(guess, is_exact=False)
    counted = db.session.scalar(sa.select(sa.func.count()).select_from(capped.subquery())) or 0
    if counted <= EXACT_UP_TO:
        return Total(counted)
    return Total(max(guess, counted), is_exact=False)
