"""What a list shows: one declaration a column, from which list, detail page and export are all made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeAlias

from flask import url_for
from markupsafe import Markup
from sqlalchemy import ColumnElement, Row
from sqlalchemy.orm import InstrumentedAttribute

from console.auth import allowed

# A text of the interface: a string, or one that waits for the reader's language.
Text: TypeAlias = Any
Expression: TypeAlias = ColumnElement[Any] | InstrumentedAttribute[Any]


class Kind(StrEnum):
    """How a value looks, sorts to the right or left, and travels into an export."""

    TEXT = "text"
    CODE = "code"
    COUNT = "count"
    MONEY = "money"
    MOMENT = "moment"
    DAY = "day"
    BADGE = "badge"
    FLAG = "flag"
    NAME = "name"
    PHONE = "phone"
    JSON = "json"
    REASON = "reason"
    ACTOR = "actor"


NUMERIC = frozenset({Kind.COUNT, Kind.MONEY})
PERSONAL = frozenset({Kind.NAME, Kind.PHONE})


class Tone(StrEnum):
    """The colour of a badge, always beside its word."""

    PLAIN = "plain"
    GOOD = "good"
    WARN = "warn"
    BAD = "bad"
    BUSY = "busy"


@dataclass(frozen=True)
class Badge:
    """One state as staff read it."""

    label: Text
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, kw_only=True)
class Column:
    """One value of a row.

    ``key`` is its name in the address and in the row; ``at`` the SQL expression it is read from. ``sort`` is allowed
    on an indexed, never-null column of the model alone. ``shown`` is whether it stands in the list before the reader
    chooses columns; ``listed`` whether it may; ``rises`` sorts it upwards first. ``exported`` is what a file says where
    that is not what the list is ordered by. ``cell`` draws the value in its own way and must escape it.
    """

    key: str
    title: Text
    at: Expression
    kind: Kind = Kind.TEXT
    sort: bool = False
    rises: bool = False
    shown: bool = True
    listed: bool = True
    link: bool = False
    help: Text = ""
    badges: Mapping[str, Badge] = field(default_factory=dict)
    cell: Callable[[Row[Any]], str] | None = None
    exported: Expression | None = None

    @property
    def is_numeric(self) -> bool:
        return self.kind in NUMERIC

    @property
    def is_personal(self) -> bool:
        return self.kind in PERSONAL


def member_link(key: str) -> Callable[[Row[Any]], str]:
    """A cell that shows the member's code under ``key`` and leads to the member's page."""

    def cell(row: Row[Any]) -> str:
        code = row._mapping[key]
        if not code:
            return Markup('<span class="muted">–</span>')
        if not allowed("member.view"):
            return Markup("<code>{}</code>").format(code)
        return Markup('<a href="{}"><code>{}</code></a>').format(url_for("members.by_code", code=code), code)

    return cell


def buyer_link(row: Row[Any]) -> str:
    """The buyer's code, leading to the member's page where the buyer is a member."""
    if row._mapping.get("buyer_code"):
        return member_link("buyer_code")(row)
    return Markup("<code>{}</code>").format(row.buyer) if row.buyer else Markup('<span class="muted">–</span>')


def order_link(row: Row[Any]) -> str:
    """The number of the row's order, leading to the order's page."""
    if not row.number or not allowed("order.view"):
        return Markup("<code>{}</code>").format(row.number or "–")
    return Markup('<a href="{}"><code>{}</code></a>').format(url_for("orders.by_number", number=row.number), row.number)
