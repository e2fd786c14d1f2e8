"""The list of imports, and the steps that staff take with one of them."""

from typing import Any, ClassVar

import sqlalchemy as sa
from flask import request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select
from werkzeug.wrappers import Response

from console.admin.base import ReadView, Viewer
from console.admin.columns import Column, Kind
from console.admin.filters import Days, OneOf, Prefix
from console.admin.history import shop_choices
from console.admin.importing.mapping import MappingPages
from console.admin.importing.report import STATES, UNDO_REASONS, ReportPages, run_or_404
from console.admin.importing.upload import UploadPages, printable, staff_name
from console.auth import permits
from models import ImportRun, Merchant, Shop
from models.operations import importing as operations
from models.queries import importing


class ImportView(UploadPages, MappingPages, ReportPages, ReadView):
    """Every import with its state; a merchant's staff see those of that merchant's shops."""

    section = "order"
    title = _l("Imports")
    slug = "imports"
    permission = "import.view"
    hint = _l("Order files of shops: uploaded, tried, imported, undone.")
    empty = _l("No file has been uploaded yet.")
    search_hint = _l("File name, from its beginning")
    model = ImportRun
    detail = ReportPages.detail
    list_template = "importing/list.html"

    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=ImportRun.id, kind=Kind.CODE, sort=True, link=True),
        Column(key="file_name", title=_l("File"), at=ImportRun.file_name),
        Column(key="merchant", title=_l("Merchant"), at=Merchant.name),
        Column(key="shop", title=_l("Shop"), at=Shop.name),
        Column(key="state", title=_l("State"), at=ImportRun.state, kind=Kind.BADGE, badges=STATES),
        Column(key="rows_ready", title=_l("Good rows"), at=ImportRun.rows_ready, kind=Kind.COUNT),
        Column(key="rows_refused", title=_l("Refused"), at=ImportRun.rows_refused, kind=Kind.COUNT),
        Column(key="rows_repaired", title=_l("Repaired"), at=ImportRun.rows_repaired, kind=Kind.COUNT),
        Column(key="paid_fen", title=_l("Paid"), at=ImportRun.paid_fen, kind=Kind.MONEY),
        Column(key="first_on", title=_l("First day"), at=ImportRun.first_on, kind=Kind.DAY, shown=False),
        Column(key="last_on", title=_l("Last day"), at=ImportRun.last_on, kind=Kind.DAY, shown=False),
        Column(key="layout_name", title=_l("Layout"), at=ImportRun.layout_name, shown=False),
        Column(key="created_at", title=_l("Uploaded at"), at=ImportRun.created_at, kind=Kind.MOMENT),
        Column(key="created_by", title=_l("Uploaded by"), at=ImportRun.created_by, kind=Kind.ACTOR, shown=False),
    )
    questions = (
        OneOf(
            key="state",
            title=_l("State"),
            at=ImportRun.state,
            choices={state: badge.label for state, badge in STATES.items()},
        ),
        OneOf(key="shop", title=_l("Shop"), at=ImportRun.shop_id, choices=shop_choices),
        Days(key="uploaded", title=_l("Uploaded at"), at=ImportRun.created_at),
    )
    searches = (Prefix(ImportRun.file_name),)

    def base(self) -> Select[Any]:
        return (
            sa.select()
            .select_from(ImportRun)
            .join(Shop, Shop.id == ImportRun.shop_id)
            .join(Merchant, Merchant.id == Shop.merchant_id)
        )

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        if viewer.merchant_id is None:
            return query
        return query.where(ImportRun.shop_id.in_(sa.select(Shop.id).where(Shop.merchant_id == viewer.merchant_id)))

    @expose("/<int:row_id>/try", methods=["POST"])
    @permits("import.create")
    def try_out(self, row_id: int) -> Response:
        """Start the dry run."""
        return self.step(operations.try_out, row_id, done=_("The dry run has started. Nothing is imported yet."))

    @expose("/<int:row_id>/publish", methods=["POST"])
    @permits("import.run")
    def publish(self, row_id: int) -> Response:
        """Start the import itself."""
        return self.step(operations.publish, row_id, done=_("The import has started."))

    @expose("/<int:row_id>/cancel", methods=["POST"])
    @permits("import.create")
    def cancel(self, row_id: int) -> Response:
        """Give the import up."""
        return self.step(operations.cancel, row_id, done=_("Stopped."))

    @expose("/<int:row_id>/undo")
    @permits("import.view")
    def undo_preview(self, row_id: int) -> Any:
        """What an undo would take away."""
        run = run_or_404(row_id)
        skipped = importing.skipped_for(run.id)
        return self.render("importing/undo.html", run=run, skipped=skipped, reasons=UNDO_REASONS)

    @expose("/<int:row_id>/undo", methods=["POST"])
    @permits("import.undo")
    def undo(self, row_id: int) -> Response:
        """Take every row of the import out again, with a reason from the list."""
        code, note = printable(request.form.get("reason", "")), printable(request.form.get("note", ""))[:200]
        return self.step(
            operations.undo,
            row_id,
            done=_("The undo has started."),
            why=f"{code}: {note}" if note else code,
            reason_code=code,
        )

    def step(self, operation: Any, row_id: int, *, done: str, why: str = "", reason_code: str = "") -> Response:
        """One step of one import this person may see."""
        run = run_or_404(row_id)
        arguments = {"reason_code": reason_code} if reason_code or operation is operations.undo else {}
        return self.perform(
            operation,
            import_id=run.id,
            by=staff_name(),
            done=done,
            reason=why,
            to=self.address("detail", row_id=run.id),
            **arguments,
        )
