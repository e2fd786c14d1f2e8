"""How a file is read: shown as proposed, corrected by hand, looked at in its first rows, saved under a name."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from flask import flash, redirect, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from console import formatting
from console.admin.base import SecureView
from console.admin.importing.report import run_or_404
from console.admin.importing.upload import printable, staff_name
from console.auth import permits
from jobs import importing as jobs
from models.errors import DomainError
from models.operations import importing as operations
from models.queries import importing
from models.rules import intake
from models.rules.importing import (
    Cleaned,
    Cleaner,
    DateOrder,
    Field,
    Grain,
    Layout,
    NothingRecognised,
    Paid,
    ProductSheet,
    Refused,
    SheetInfo,
    read_products,
    sniff,
    validate,
)
from models.rules.importing.layout import BadLayout
from models.rules.intake import State

PREVIEW_ROWS = 12
PRODUCT_FIELDS = (Field.PRODUCT_CODE, Field.PRODUCT_NAME, Field.CATEGORY, Field.CATEGORY_GROUP)
FIELDS = {
    Field.ORDER_NUMBER: _l("Order number"),
    Field.LINE_NUMBER: _l("Line number"),
    Field.BUYER: _l("Buyer"),
    Field.ORDERED_AT: _l("Ordered"),
    Field.PAID_AT: _l("Paid at"),
    Field.PROVINCE: _l("Province"),
    Field.CITY: _l("City"),
    Field.DISTRICT: _l("District"),
    Field.ADDRESS: _l("Address"),
    Field.SALES_REGION: _l("Sales region"),
    Field.PRODUCT_CODE: _l("Product code"),
    Field.PRODUCT_NAME: _l("Product"),
    Field.CATEGORY: _l("Category"),
    Field.CATEGORY_GROUP: _l("Category group"),
    Field.QUANTITY: _l("Pieces"),
    Field.UNIT_PRICE: _l("Unit price"),
    Field.AMOUNT: _l("Amount"),
    Field.PAID: _l("Paid amount"),
    Field.REFUND: _l("Refund"),
}
GRAINS = {Grain.ORDER: _l("One row is one order"), Grain.LINE: _l("One row is one product of an order")}
PAIDS = {
    Paid.GROSS: _l("What was paid, refunds not taken off"),
    Paid.NET: _l("What was paid, refunds already taken off"),
    Paid.PLACED: _l("There is no paid column: every order counts as paid"),
}
DATE_ORDERS = {
    DateOrder.UNKNOWN: _l("Not said: an ambiguous date is refused"),
    DateOrder.DAY_FIRST: _l("Day before month"),
    DateOrder.MONTH_FIRST: _l("Month before day"),
}


class MappingPages(SecureView):
    """The page between upload and dry run."""

    @expose("/<int:row_id>/layout")
    @permits("import.create")
    def layout(self, row_id: int) -> Any:
        """How the file would be read now."""
        run = run_or_404(row_id)
        try:
            sheets = jobs.sheets_of(run.stored_name)
            layout = asked(Layout.from_json(run.layout), sheets)
        except DomainError as refusal:
            flash(str(refusal), "refused")
            return redirect(self.address("detail", row_id=run.id))
        header = columns_of(layout.sheet, layout.header_row, sheets)
        products = layout.products
        return self.render(
            "importing/layout.html",
            run=run,
            sheets=sheets,
            layout=layout,
            header=header,
            product_header=columns_of(products.sheet, products.header_row, sheets) if products else (),
            problems=validate(layout, sheets),
            preview=preview(layout, sheets, today=formatting.today()),
            saved=importing.layouts(),
            fields=FIELDS,
            product_fields=PRODUCT_FIELDS,
            grains=GRAINS,
            paids=PAIDS,
            date_orders=DATE_ORDERS,
            is_open=intake.allows(State(run.state), State.STAGING),
        )

    @expose("/<int:row_id>/layout", methods=["POST"])
    @permits("import.create")
    def correct(self, row_id: int) -> Response:
        """Take the corrected reading and look again, or start the dry run with it."""
        if request.form.get("then") == "try":
            done = _("The dry run has started. Nothing is imported yet.")
            return self._take(row_id, operations.correct_and_try, done=done, to="detail", by=staff_name())
        return self._take(row_id, operations.correct)

    @expose("/<int:row_id>/layout/save", methods=["POST"])
    @permits("layout.manage")
    def save(self, row_id: int) -> Response:
        """Take the corrected reading and keep it under a name."""
        return self._take(
            row_id, operations.correct_and_save, done=_("Saved as a layout."), by=staff_name(), at=formatting.now()
        )

    @expose("/<int:row_id>/layout/use", methods=["POST"])
    @permits("import.create")
    def use(self, row_id: int) -> Response:
        """Read the file by a saved layout."""
        run = run_or_404(row_id)
        here = self.address("layout", row_id=run.id)
        saved = importing.layout_named(printable(request.form.get("saved", "")))
        if saved is None:
            flash(_("This layout is no longer there."), "refused")
            return redirect(here)
        return self.perform(operations.correct, import_id=run.id, layout=saved.layout, layout_name=saved.name, to=here)

    def _take(
        self, row_id: int, operation: Callable[..., Any], *, done: str = "", to: str = "layout", **more: Any
    ) -> Response:
        run = run_or_404(row_id)
        here = self.address("layout", row_id=run.id)
        try:
            layout = from_form(request.form, Layout.from_json(run.layout))
            problems = validate(layout, jobs.sheets_of(run.stored_name)) if done else []
        except DomainError as refusal:
            problems = [str(refusal)]
        if problems:
            flash("；".join(problems), "refused")
            return redirect(here)
        return self.perform(
            operation,
            import_id=run.id,
            layout=layout.to_json(),
            layout_name=printable(request.form.get("name", "")) if operation is operations.correct_and_save else "",
            done=done,
            to=self.address(to, row_id=run.id),
            **more,
        )


def asked(layout: Layout, sheets: list[SheetInfo]) -> Layout:
    """The layout, turned to another sheet or header row where the address asks for one."""
    name, row = request.args.get("sheet", layout.sheet), request.args.get("header", "")
    header_row = int(row) if row.isascii() and row.isdigit() and len(row) < 5 else None
    sheet = next((sheet for sheet in sheets if sheet.name == name), None)
    if sheet is None or (name == layout.sheet and header_row in (None, layout.header_row)):
        return layout
    seen = SheetInfo(
        sheet.name,
        sheet.rows_estimate,
        tuple(line for line in sheet.sample if header_row is None or line[0] >= header_row),
    )
    try:
        found = sniff([seen, *(other for other in sheets if other.name != name)])
    except NothingRecognised:
        return Layout(name, header_row or 1, {}, Grain.ORDER)
    if found.sheet == name and header_row in (None, found.header_row):
        return found
    return Layout(name, header_row or 1, {}, Grain.ORDER)


def columns_of(name: str, header_row: int, sheets: list[SheetInfo]) -> tuple[str, ...]:
    """The column names of a sheet, if its header is among its first rows."""
    return next((sheet.columns(header_row) for sheet in sheets if sheet.name == name), ())


def from_form(form: Mapping[str, str], base: Layout) -> Layout:
    """The layout that a form describes; what a person does not choose is kept from the one before."""
    columns = {field: form[f"col_{field}"] for field in Field if form.get(f"col_{field}")}
    same_place = form.get("sheet") == base.sheet and form.get("header_row") == str(base.header_row)
    kept = {field for field, name in columns.items() if same_place and base.columns.get(field) == name}
    try:
        return replace(
            base,
            sheet=form["sheet"],
            header_row=int(form["header_row"]),
            columns=columns,
            grain=Grain(form["grain"]),
            paid=Paid(form["paid"]),
            required=frozenset(field for field in columns if form.get(f"must_{field}")),
            exact_amount="exact_amount" in form,
            shapes={field: shape for field, shape in base.shapes.items() if field in kept},
            date_order=DateOrder(form["date_order"]),
            products=_products_of(form),
        )
    except (KeyError, ValueError) as error:
        raise BadLayout("表单不完整，请刷新页面后重试") from error


def _products_of(form: Mapping[str, str]) -> ProductSheet | None:
    if not form.get("product_sheet"):
        return None
    columns = {field: form[f"product_{field}"] for field in PRODUCT_FIELDS if form.get(f"product_{field}")}
    return ProductSheet(form["product_sheet"], int(form.get("product_header_row", "1")), columns)


def preview(
    layout: Layout, sheets: list[SheetInfo], *, today: date
) -> list[tuple[int, Cleaned | Refused, tuple[Any, ...]]]:
    """The first rows as they would be read; nothing while the layout does not fit."""
    if validate(layout, sheets):
        return []
    sheet = next(sheet for sheet in sheets if sheet.name == layout.sheet)
    products = None
    if layout.products is not None:
        of = next(sheet for sheet in sheets if sheet.name == layout.products.sheet)
        products = read_products(
            layout, of.columns(layout.products.header_row), iter(of.below(layout.products.header_row))
        )
    cleaner = Cleaner(layout, sheet.columns(layout.header_row), today=today, products=products)
    rows = [(number, cells) for number, cells in sheet.sample if number > layout.header_row]
    return [(number, cleaner.clean(cells), cells) for number, cells in rows[:PREVIEW_ROWS]]
