"""审计: who changed what, when, from where and why, with before and after."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select

from console.admin.base import ReadView
from console.admin.columns import Badge, Column, Kind, Tone
from console.admin.filters import Days, Equals, OneOf
from models import Audit, Staff

KINDS = {
    "insert": Badge(_l("Added"), Tone.GOOD),
    "update": Badge(_l("Changed"), Tone.BUSY),
    "delete": Badge(_l("Removed"), Tone.BAD),
    "note": Badge(_l("Noted"), Tone.WARN),
}

# Columns that hold people's data in any table: the trail shows that they changed, not what they hold.
PERSONAL = frozenset(
    {"phone", "buyer", "receiver", "address", "real_name", "openid", "unionid", "bank_account", "id_number"}
)
HIDDEN = "***"


@dataclass(frozen=True)
class Difference:
    """One column of a row, before and after."""

    column: str
    before: Any
    after: Any


def differences(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> Iterator[Difference]:
    """The columns in which two states of a row differ, in alphabetical order; those of a new or removed row all do."""
    old, new = before or {}, after or {}
    for column in sorted(old.keys() | new.keys()):
        if old.get(column) != new.get(column) or column not in old or column not in new or old[column] == HIDDEN:
            yield Difference(column, _shown(column, old.get(column)), _shown(column, new.get(column)))


def _shown(column: str, value: Any) -> Any:
    return HIDDEN if column in PERSONAL and value is not None else value


class AuditView(ReadView):
    """The trail, newest first; it can be searched and never changed."""

    title = _l("Audit trail")
    section = "system"
    slug = "audit"
    permission = "audit.view"
    model = Audit
    hint = _l("Written by the database itself: workers and direct access leave their rows too.")
    columns = (
        Column(key="id", title=_l("Number"), at=Audit.id, kind=Kind.COUNT, sort=True, link=True),
        Column(key="at", title=_l("When"), at=Audit.at, kind=Kind.MOMENT, sort=True),
        Column(key="who", title=_l("Who"), at=sa.func.coalesce(Staff.name, Audit.actor), kind=Kind.ACTOR),
        Column(key="kind", title=_l("What"), at=Audit.kind, kind=Kind.BADGE, badges=KINDS),
        Column(key="table_name", title=_l("Table or fact"), at=Audit.table_name, kind=Kind.CODE),
        Column(key="target", title=_l("Row"), at=Audit.row_id, kind=Kind.CODE),
        Column(key="rows", title=_l("Rows"), at=Audit.rows, kind=Kind.COUNT, shown=False),
        Column(key="action", title=_l("Action"), at=Audit.action, kind=Kind.CODE),
        Column(key="reason", title=_l("Reason"), at=Audit.reason, kind=Kind.REASON),
        Column(key="actor", title=_l("Actor"), at=Audit.actor, kind=Kind.CODE, shown=False),
        Column(key="source", title=_l("Through"), at=Audit.source, kind=Kind.CODE, shown=False),
        Column(key="ip", title=_l("Address"), at=Audit.ip, kind=Kind.CODE),
        Column(key="request_id", title=_l("Request"), at=Audit.request_id, kind=Kind.CODE, shown=False),
        Column(key="db_role", title=_l("Database role"), at=Audit.db_role, kind=Kind.CODE, shown=False),
    )
    questions = (
        Days(key="at", title=_l("When"), at=Audit.at),
        Equals(key="actor", title=_l("Actor"), at=Audit.actor),
        Equals(key="table", title=_l("Table or fact"), at=Audit.table_name),
        Equals(key="row", title=_l("Row"), at=Audit.row_id),
        Equals(key="action", title=_l("Action"), at=Audit.action),
        Equals(key="request", title=_l("Request"), at=Audit.request_id),
        OneOf(key="kind", title=_l("What"), at=Audit.kind, choices={key: badge.label for key, badge in KINDS.items()}),
    )
    order = "-at"
    details_template = "audit/detail.html"

    def base(self) -> Select[Any]:
        return sa.select().select_from(Audit).outerjoin(Staff, Audit.actor == sa.func.concat("staff:", Staff.id))

    def around(self, row_id: int) -> dict[str, Any]:
        row = self.found(row_id)
        return {"differences": list(differences(row.before, row.after)), "entry": row}

    def heading(self, row: Row[Any]) -> str:
        return f"{row.table_name} {row.target}".strip()
