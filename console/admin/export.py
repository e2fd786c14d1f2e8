"""Lists as files: what a list gives to the job that writes it, and the page where one's files wait."""

from typing import Any, ClassVar
from urllib.parse import parse_qsl

import sqlalchemy as sa
from flask import Flask, abort, current_app, request, send_file, url_for
from flask_admin import expose
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row, Select
from werkzeug.datastructures import MultiDict

from console import formatting
from console.admin.base import ReadView, Viewer, staff_id
from console.admin.columns import Badge, Column, Kind, Tone
from console.admin.filters import Days, OneOf
from console.admin.lists import Order
from console.auth import actor, allowed, permits
from console.catalogue import chosen
from jobs.export import Field, NotAllowed, folder
from models import Export, Job, Staff, acting, transaction
from models.operations import export as operations
from models.queries import view as queries
from models.tables.job import State

MOMENT = "YYYY-MM-DD HH24:MI:SS"
UNMASKED = "pii.reveal"


def _shown(column: Column, *, is_masked: bool) -> Any:
    """What PostgreSQL writes for a column: in the words, the time zone and the yuan of a reader."""
    at: Any = column.at if column.exported is None else column.exported
    if is_masked and column.is_personal:
        return _masked(at, column.kind)
    if column.kind == Kind.MOMENT:
        return sa.func.to_char(sa.func.timezone(formatting.SHANGHAI.key, at), MOMENT)
    if column.kind == Kind.DAY:
        return sa.func.to_char(at, "YYYY-MM-DD")
    if column.kind == Kind.MONEY:
        return sa.cast(sa.cast(at, sa.Numeric) / 100, sa.Numeric(20, 2))
    if column.kind == Kind.FLAG:
        return sa.case((at, _("yes")), else_=_("no"))
    if column.kind == Kind.BADGE and column.badges:
        words = [(at == value, str(badge.label)) for value, badge in column.badges.items()]
        return sa.case(*words, else_=sa.cast(at, sa.Text))
    return at


def _masked(at: Any, kind: Kind) -> Any:
    """As formatting.mask_name and mask_phone, said to PostgreSQL."""
    length = sa.func.length(at)
    if kind == Kind.NAME:
        stars = sa.func.repeat("*", sa.func.least(sa.func.greatest(length - 1, 1), 3))
        return sa.case((length > 0, sa.func.concat(sa.func.left(at, 1), stars)), else_=None)
    ends = sa.func.concat(sa.func.left(at, 3), "****", sa.func.right(at, 4))
    return sa.case((length >= 11, ends), else_=sa.func.repeat("*", length))


class ListSource:
    """A list of the console as the export job sees it."""

    def __init__(self, view: ReadView) -> None:
        self.view = view

    def rows(self, export: Export, viewer: queries.Viewer) -> tuple[Select[Any], list[Field]]:
        """The list's own filter, scope and order; refuses a person who lost a permission since they asked."""
        view = self.view
        needed = {view.permission, "export.create"} | (set() if export.is_masked else {UNMASKED})
        if not needed <= viewer.permissions:
            raise NotAllowed("申请人已没有导出这个列表的权限")
        asked = view.shape.read(MultiDict(parse_qsl(export.query)), checked=False)
        by_key = {column.key: column for column in view.columns}
        columns = [by_key[key] for key in export.columns if key in by_key]
        order = Order(asked.sort, view.identity, asked.descending)
        with force_locale(export.language):
            fields = [Field(_heading(c), _shown(c, is_masked=export.is_masked)) for c in columns]
        rows = view.shape.narrowed(view.scope(view.base(), viewer), asked)
        return rows.order_by(*order.by()), fields


def _heading(column: Column) -> str:
    return _("%(title)s (yuan)", title=column.title) if column.kind == Kind.MONEY else str(column.title)


def offer(app: Flask, views: list[Any]) -> None:
    """Offer every list that may be exported to the job that writes files."""
    lists = [view for view in views if isinstance(view, ReadView) and view.can_be_exported]
    app.extensions["exports"] = {view.endpoint: ListSource(view) for view in lists}


STATES = {
    "working": Badge(_l("being written"), Tone.BUSY),
    "ready": Badge(_l("ready"), Tone.GOOD),
    "expired": Badge(_l("expired"), Tone.PLAIN),
    "failed": Badge(_l("failed"), Tone.BAD),
}
STATE = sa.case(
    (Export.removed_at.is_not(None) | (Export.expires_at <= sa.func.now()), "expired"),
    (Export.ready_at.is_not(None), "ready"),
    (Job.id.is_(None) | Job.state.in_([State.DEAD, State.CANCELLED]), "failed"),
    else_="working",
)


def _fetch_link(row: Row[Any]) -> str:
    if row.state != "ready" or row.staff_id != staff_id():
        return Markup('<span class="muted">–</span>')
    return Markup('<a class="button small primary" href="%s">%s</a>') % (
        url_for("exports.fetch", row_id=row.row_id),
        _("Download"),
    )


class ExportView(ReadView):
    """我的导出: files one asked for, each with what became of it."""

    model = Export
    slug = "exports"
    section = "system"
    title = _l("My exports")
    hint = _l("Files wait here for 24 hours. Every export and every download is noted in the audit trail.")
    empty = _l("No exports yet. Open a list and press Export.")
    permission = "export.view"
    has_detail = False
    can_be_exported = False
    list_template = "console/export_list.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=Export.id, sort=True),
        Column(key="title", title=_l("List"), at=Export.title),
        Column(key="format", title=_l("Format"), at=sa.func.upper(Export.format)),
        Column(key="state", title=_l("State"), at=STATE, kind=Kind.BADGE, badges=STATES),
        Column(key="rows", title=_l("Rows"), at=Export.rows, kind=Kind.COUNT),
        Column(key="bytes", title=_l("Size"), at=Export.bytes, cell=lambda row: formatting.size(row.bytes)),
        Column(key="is_masked", title=_l("Masked"), at=Export.is_masked, kind=Kind.FLAG),
        Column(key="created_at", title=_l("Asked at"), at=Export.created_at, kind=Kind.MOMENT),
        Column(key="expires_at", title=_l("Expires at"), at=Export.expires_at, kind=Kind.MOMENT),
        Column(key="asked_by", title=_l("Asked by"), at=Staff.name),
        Column(key="staff_id", title=_l("Owner no."), at=Export.staff_id, shown=False),
        Column(key="fetch", title=_l("File"), at=sa.literal(""), cell=_fetch_link),
    )
    questions = (
        Days(key="created", title=_l("Asked at"), at=Export.created_at),
        OneOf(key="format", title=_l("Format"), at=Export.format, choices={"csv": "CSV", "xlsx": "XLSX"}),
    )

    def base(self) -> Select[Any]:
        return (
            sa.select()
            .select_from(Export)
            .join(Staff, Staff.id == Export.staff_id)
            .outerjoin(Job, Job.id == Export.job_id)
        )

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        """One's own; whoever reads the audit trail sees that others exported, never their files."""
        return query if "audit.view" in viewer.permissions else query.where(Export.staff_id == viewer.id)

    def extras(self) -> dict[str, Any]:
        return {"working": queries.exports_under_way(staff_id=staff_id())}

    @expose("/under-way")
    @permits("export.view")
    def under_way(self) -> Any:
        """The part of the page that refreshes itself."""
        return self.render("console/export_under_way.html", working=self.extras()["working"])

    @expose("/ask", methods=("POST",))
    @permits("export.create")
    def ask(self) -> Any:
        """Ask for a masked file."""
        return self._ask(is_masked=True)

    @expose("/ask-unmasked", methods=("POST",))
    @permits("export.create", UNMASKED)
    def ask_unmasked(self) -> Any:
        """Ask for a file with personal data, after a fresh proof of who one is."""
        return self._ask(is_masked=False)

    def _ask(self, *, is_masked: bool) -> Any:
        page = request.form.get("page", "")
        source = current_app.extensions["exports"].get(page) or abort(404)
        if not allowed(source.view.permission):
            abort(403)
        query = request.form.get("query", "")
        asked = source.view.shape.read(MultiDict(parse_qsl(query)))
        if asked.problems:
            abort(400)
        known = {column.key for column in source.view.columns}
        wish = operations.Wish(
            page=page,
            title=str(source.view.title),
            query=query,
            columns=tuple(key for key in request.form.getlist("columns") if key in known),
            format=request.form.get("format", ""),
            is_masked=is_masked,
            language=chosen(),
        )
        return self.perform(
            operations.ask,
            wish=wish,
            staff_id=staff_id(),
            at=formatting.now(),
            reason=request.form.get("reason", ""),
            done=_("The export is being written. It appears below when it is ready."),
            to=self.address(),
        )

    @expose("/<int:row_id>/file")
    @permits("export.view")
    def fetch(self, row_id: int) -> Any:
        """One's own file, as long as its link lives."""
        self.one(row_id)
        with acting(actor("export.fetch")), transaction():
            export = operations.fetch(export_id=row_id, staff_id=staff_id(), at=formatting.now())
            name, title = str(export.file), f"{export.title}-{formatting.day(export.created_at)}.{export.format}"
            source = current_app.extensions["exports"].get(export.page)
            if source is None or not allowed(source.view.permission):
                abort(403)
        path = folder() / name
        if not path.is_file():
            abort(404)
        return send_file(path, as_attachment=True, download_name=title, max_age=0, etag=False)
