"""Typed filters of a list, written in the address: what they accept, their condition, the words on their chip."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, ClassVar, Protocol

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import ColumnElement
from werkzeug.datastructures import MultiDict

from console import formatting
from console.admin.columns import Expression, Text
from models import db
from reports.slices import ABSENT

Choices = Mapping[str, Text]
LARGEST_ID = 2**63 - 1


class Unreadable(ValueError):
    """A filter in the address that cannot be read; the message says which and why."""


def escaped(text: str) -> str:
    """A person's text inside LIKE: `%` and `_` stand for themselves."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def starts_with(column: Expression, text: str) -> ColumnElement[bool]:
    return column.like(escaped(text) + "%")


@dataclass(frozen=True, kw_only=True)
class Filter:
    """One question a list can be asked. ``key`` names its parameters in the address."""

    control: ClassVar[str]
    key: str
    title: Text
    at: Expression

    @property
    def parameters(self) -> tuple[str, ...]:
        return (self.key,)

    def read(self, args: MultiDict[str, str]) -> Any:
        """The value in the address, None when the filter is not asked."""
        raise NotImplementedError

    def check(self, value: Any) -> None:
        """Refuse a value that this person is not offered."""

    def where(self, value: Any) -> ColumnElement[bool]:
        raise NotImplementedError

    def says(self, value: Any) -> str:
        return str(value)


@dataclass(frozen=True, kw_only=True)
class Equals(Filter):
    """Exactly this text or this whole number."""

    control = "text"

    def read(self, args: MultiDict[str, str]) -> str | int | None:
        text = args.get(self.key, "").strip()
        if not text:
            return None
        if not isinstance(self.at.type, sa.Integer):
            return text
        if not text.lstrip("-").isascii() or not text.lstrip("-").isdigit() or abs(int(text[:20])) > LARGEST_ID:
            raise Unreadable(_("%(filter)s: %(text)s is not a whole number", filter=self.title, text=text))
        return int(text)

    def where(self, value: str | int) -> ColumnElement[bool]:
        return self.at == value


@dataclass(frozen=True, kw_only=True)
class Starts(Filter):
    """A code or number that begins like this."""

    control = "text"

    def read(self, args: MultiDict[str, str]) -> str | None:
        return args.get(self.key, "").strip() or None

    def where(self, value: str) -> ColumnElement[bool]:
        return starts_with(self.at, value)

    def says(self, value: str) -> str:
        return f"{value}…"


@dataclass(frozen=True, kw_only=True)
class OneOf(Filter):
    """Any of the ticked choices; ``choices`` maps the value to its words and may be asked afresh each time."""

    control = "choices"
    choices: Choices | Callable[[], Choices]

    def offered(self) -> Choices:
        return self.choices() if callable(self.choices) else self.choices

    def read(self, args: MultiDict[str, str]) -> list[str] | None:
        return sorted({value for value in args.getlist(self.key) if value}) or None

    def check(self, value: list[str]) -> None:
        unknown = sorted(set(value) - set(self.offered()))
        if unknown:
            raise Unreadable(_("%(filter)s: %(text)s is no choice", filter=self.title, text=", ".join(unknown)))

    def where(self, value: list[str]) -> ColumnElement[bool]:
        return self.at.in_([int(v) for v in value] if isinstance(self.at.type, sa.Integer) else value)

    def says(self, value: list[str]) -> str:
        offered = self.offered()
        return "、".join(str(offered[v]) for v in value)


@dataclass(frozen=True, kw_only=True)
class ExactOrNone(Equals):
    """Exactly this text; `-` asks for the rows without one, as the boards' links do."""

    def where(self, value: str | int) -> ColumnElement[bool]:
        return self.at.is_(None) if value == ABSENT else super().where(value)

    def says(self, value: str | int) -> str:
        return _("not given") if value == ABSENT else str(value)


@dataclass(frozen=True, kw_only=True)
class OneOfOrNone(OneOf):
    """Any of the ticked choices, the rows without a value being one of them."""

    def offered(self) -> Choices:
        return {**super().offered(), ABSENT: _("not given")}

    def where(self, value: list[str]) -> ColumnElement[bool]:
        given = [each for each in value if each != ABSENT]
        absent = [self.at.is_(None)] if ABSENT in value else []
        return sa.or_(*absent, *([super().where(given)] if given else []))


@dataclass(frozen=True, kw_only=True)
class _Between(Filter):
    """From one value to another, both included; either side may be open."""

    @property
    def parameters(self) -> tuple[str, ...]:
        return (f"{self.key}_from", f"{self.key}_to")

    def parsed(self, text: str) -> Any:
        raise NotImplementedError

    def read(self, args: MultiDict[str, str]) -> tuple[Any, Any] | None:
        low, high = (args.get(name, "").strip() for name in self.parameters)
        if not low and not high:
            return None
        pair = (self.parsed(low) if low else None, self.parsed(high) if high else None)
        if pair[0] is not None and pair[1] is not None and pair[0] > pair[1]:
            raise Unreadable(_("%(filter)s: the beginning lies behind the end", filter=self.title))
        return pair

    def where(self, value: tuple[Any, Any]) -> ColumnElement[bool]:
        low, high = value
        conditions = [self.at >= low] if low is not None else []
        return sa.and_(*conditions, *([self.at <= high] if high is not None else []))

    def shown(self, value: Any) -> str:
        return str(value)

    def says(self, value: tuple[Any, Any]) -> str:
        low, high = value
        return f"{'' if low is None else self.shown(low)} ~ {'' if high is None else self.shown(high)}".strip()


@dataclass(frozen=True, kw_only=True)
class Days(_Between):
    """Calendar days in Shanghai, of a date or of a moment."""

    control = "days"

    def parsed(self, text: str) -> date:
        try:
            found = date.fromisoformat(text)
        except ValueError:
            found = date.min
        if not 1970 <= found.year <= 2200:
            raise Unreadable(_("%(filter)s: %(text)s is no day", filter=self.title, text=text))
        return found

    def where(self, value: tuple[date | None, date | None]) -> ColumnElement[bool]:
        if self.at.type.python_type is not datetime:
            return super().where(value)
        low, high = value
        conditions = [self.at >= formatting.day_start(low)] if low else []
        return sa.and_(*conditions, *([self.at < formatting.day_end(high)] if high else []))


@dataclass(frozen=True, kw_only=True)
class Yuan(_Between):
    """An amount between two amounts in yuan; the column holds fen."""

    control = "yuan"

    def parsed(self, text: str) -> int:
        fen = formatting.to_fen(text)
        if fen is None:
            raise Unreadable(_("%(filter)s: %(text)s is no amount in yuan", filter=self.title, text=text))
        return fen

    def shown(self, value: int) -> str:
        return formatting.yuan(value)


@dataclass(frozen=True)
class Prefix:
    """Search by the beginning of a code, number or phone tail; the column sorts bytewise (COLLATE "C")."""

    at: Expression

    def accepts(self, text: str) -> bool:
        return text.isascii()

    def where(self, text: str) -> ColumnElement[bool]:
        return starts_with(self.at, text)

    def finds(self, text: str) -> bool:
        """Whether anything begins so at all: one look into the column's index."""
        return bool(db.session.scalar(sa.select(sa.exists().where(starts_with(self.at, text)))))


@dataclass(frozen=True)
class Contains:
    """Search inside a name, Chinese too, by its index of one- and two-character pieces: `gin (ngram(column))`."""

    at: Expression

    def accepts(self, text: str) -> bool:
        return True

    def where(self, text: str) -> ColumnElement[bool]:
        pieces = sa.func.ngram(self.at).op("@>", is_comparison=True)(sa.func.ngram(text))
        return sa.and_(pieces, self.at.ilike(f"%{escaped(text)}%"))


class Search(Protocol):
    """One way to find rows by a text."""

    def accepts(self, text: str) -> bool:
        """Whether the text could stand in what is searched."""

    def where(self, text: str) -> ColumnElement[bool]:
        """The rows it finds."""


def search_for(searches: Iterable[Search], text: str) -> ColumnElement[bool]:
    """Rows where any searchable column that could hold the text does.

    No index serves a choice between columns of two tables: of several, those that would find nothing are left out.
    """
    able = [search for search in searches if search.accepts(text)]
    if len(able) > 1:
        able = [search for search in able if not isinstance(search, Prefix) or search.finds(text)]
    return sa.or_(sa.false(), *[search.where(text) for search in able])
