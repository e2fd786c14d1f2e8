"""What an import's own pages show: how far it is, what it found, every row behind every number."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from flask import Response, abort, redirect, request, stream_with_context, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from console.admin.base import SecureView
from console.admin.columns import Badge, Tone
from console.admin.filters import LARGEST_ID
from console.admin.history import cells, own_merchant
from console.admin.importing import sheets
from console.auth import actor, permits
from models import ImportRun, Merchant, Shop, Staff, acting, db, transaction
from models.operations import audit
from models.queries import importing
from models.rules.intake import State
from models.tables.job import Job

PAGE_ROWS = 100
BUSY = frozenset({State.STAGING, State.PUBLISHING, State.UNDOING})

STATES: dict[str, Badge] = {
    State.UPLOADED: Badge(_l("Uploaded"), Tone.PLAIN),
    State.STAGING: Badge(_l("Trying"), Tone.BUSY),
    State.STAGED: Badge(_l("Ready to import"), Tone.WARN),
    State.PUBLISHING: Badge(_l("Importing"), Tone.BUSY),
    State.DONE: Badge(_l("Imported"), Tone.GOOD),
    State.FAILED: Badge(_l("Failed"), Tone.BAD),
    State.CANCELLED: Badge(_l("Cancelled"), Tone.PLAIN),
    State.UNDOING: Badge(_l("Undoing"), Tone.BUSY),
    State.UNDONE: Badge(_l("Undone"), Tone.PLAIN),
}
UNDO_REASONS = {
    "wrong_file": _l("The wrong file was uploaded"),
    "wrong_shop": _l("The wrong shop was chosen"),
    "wrong_mapping": _l("Columns were read wrongly"),
    "wrong_amounts": _l("Amounts were read wrongly"),
    "merchant_request": _l("The merchant asked for it"),
    "other": _l("Another reason"),
}
KINDS: dict[str, Badge] = {
    "refused": Badge(_l("Refused"), Tone.BAD),
    "repaired": Badge(_l("Repaired"), Tone.GOOD),
    "noted": Badge(_l("Remarked"), Tone.WARN),
}


def run_or_404(import_id: int) -> ImportRun:
    """The import, unless it is another merchant's or none at all."""
    if import_id > LARGEST_ID:
        abort(404)
    return importing.run(import_id, merchant_id=own_merchant()) or abort(404)


class ReportPages(SecureView):
    """The report of one import and the pages that its numbers lead to."""

    @expose("/<int:row_id>")
    @permits("import.view")
    def detail(self, row_id: int) -> Any:
        """The report."""
        run = run_or_404(row_id)
        shop, merchant = db.session.execute(
            sa.select(Shop, Merchant).join(Merchant).where(Shop.id == run.shop_id)
        ).one()
        return self.render(
            "importing/report.html",
            run=run,
            shop=shop,
            merchant=merchant,
            kinds=KINDS,
            brought_by=_name_of(run.created_by),
            **_progress(run),
        )

    @expose("/<int:row_id>/progress")
    @permits("import.view")
    def progress(self, row_id: int) -> Any:
        """The part of the report that refreshes itself while a job works."""
        run = run_or_404(row_id)
        return self.render("importing/progress.html", run=run, is_poll=True, **_progress(run))

    @expose("/<int:row_id>/findings")
    @permits("import.view")
    def findings(self, row_id: int) -> Any:
        """What was refused, repaired or noted, row by row."""
        run = run_or_404(row_id)
        kind, code, column = (request.args.get(name, "")[:200] for name in ("kind", "code", "column"))
        wanted = importing.IssueFilter(kind, code, column, _row_asked())
        found = importing.issues(run.id, wanted=wanted, after=_after(), limit=PAGE_ROWS + 1)
        rows, more = found[:PAGE_ROWS], len(found) > PAGE_ROWS
        cursor = f"{rows[-1].row_number}.{rows[-1].id}" if more else ""
        return self.render("importing/findings.html", run=run, rows=rows, next=cursor, wanted=wanted, kinds=KINDS)

    @expose("/<int:row_id>/rows")
    @permits("import.view")
    def rows_page(self, row_id: int) -> Any:
        """The rows that make the totals: staged ones here, imported ones in the list of history orders."""
        run = run_or_404(row_id)
        if run.state in (State.DONE, State.UNDOING):
            return redirect(url_for("history.index_view") + f"?import={run.id}")
        after = request.args.get("after", "0")
        found = importing.staged(run.id, after=int(after) if _is_id(after) else 0, limit=PAGE_ROWS + 1)
        rows, more = found[:PAGE_ROWS], len(found) > PAGE_ROWS
        return self.render("importing/rows.html", run=run, rows=rows, next=rows[-1].row_number if more else 0)

    @expose("/<int:row_id>/file")
    @permits("import.view")
    def file_page(self, row_id: int) -> Any:
        """The rows as the file has them."""
        run = run_or_404(row_id)
        after = request.args.get("after", "0")
        found = importing.raws(run.id, after=int(after) if _is_id(after) else 0, limit=PAGE_ROWS + 1)
        rows, more = found[:PAGE_ROWS], len(found) > PAGE_ROWS
        return self.render("importing/file.html", run=run, rows=rows, next=rows[-1].row_number if more else 0)

    @expose("/<int:row_id>/row/<int:number>")
    @permits("import.view")
    def row_page(self, row_id: int, number: int) -> Any:
        """One row of the file: its cells, what was found in it, what became of it."""
        run = run_or_404(row_id)
        if number > LARGEST_ID:
            abort(404)
        issues = importing.issues(run.id, wanted=importing.IssueFilter(row_number=number), after=None, limit=PAGE_ROWS)
        held, line = cells(run, number), importing.line_of(run.id, number)
        if not (issues or held or line):
            abort(404)
        return self.render(
            "importing/row.html", run=run, number=number, cells=held, issues=issues, line=line, kinds=KINDS
        )

    @expose("/<int:row_id>/findings.<any(csv, xlsx):kind>")
    @permits("import.view")
    def download(self, row_id: int, kind: str) -> Any:
        """Every finding as a file, formulas neutralised."""
        run = run_or_404(row_id)
        with acting(actor("import.findings_downloaded")), transaction():
            audit.note(what="import.findings_downloaded", about=f"import:{run.id}", kind=kind)
        write, mime = sheets.KINDS[kind]
        name = f"findings-{run.id}.{kind}"
        body: Iterator[bytes] = stream_with_context(write(sheets.HEADER, _all_findings(run.id)))
        headers = {"Content-Disposition": f"attachment; filename={name}"}
        return Response(body, mimetype=mime, headers=headers)


def _all_findings(import_id: int) -> Iterator[tuple[Any, ...]]:
    after: tuple[int, int] | None = None
    while True:
        found = importing.issues(import_id, wanted=importing.IssueFilter(), after=after, limit=5_000)
        for issue in found:
            title = str(KINDS[issue.kind].label)
            yield issue.row_number, issue.column_name, issue.value, issue.repaired or "", title, issue.reason
        if len(found) < 5_000:
            return
        after = found[-1].row_number, found[-1].id
        db.session.expunge_all()


def _progress(run: ImportRun) -> dict[str, Any]:
    job = db.session.get(Job, run.job_id) if run.job_id else None
    return {"job": job, "states": STATES, "state": State(run.state), "is_busy": run.state in BUSY, "title": _title(run)}


def _name_of(actor_name: str) -> str:
    """A person's name where the actor is one of the staff, else the actor as it stands."""
    kind, _colon, number = actor_name.partition(":")
    staff = db.session.get(Staff, int(number)) if kind == "staff" and _is_id(number) else None
    return staff.name if staff else actor_name


def _title(run: ImportRun) -> str:
    return _("Import #%(id)s", id=run.id)


def _is_id(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 19


def _row_asked() -> int | None:
    text = request.args.get("row", "").strip()
    return int(text) if _is_id(text) else None


def _after() -> tuple[int, int] | None:
    row, _dot, issue = request.args.get("after", "").partition(".")
    return (int(row), int(issue)) if _is_id(row) and _is_id(issue) else None
