"""Saved layouts: what they read, and the way to forget one."""

from typing import Any, ClassVar

from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from console.admin.base import ReadView
from console.admin.columns import Column, Kind
from console.admin.importing.mapping import FIELDS
from console.auth import permits
from models import ImportLayout
from models.operations import importing as operations
from models.rules.importing import Layout


class LayoutView(ReadView):
    """Every saved layout; a file whose columns fit one is read that way at once."""

    section = "order"
    title = _l("Import layouts")
    slug = "import-layouts"
    permission = "import.view"
    hint = _l("Ways of reading a file, saved under a name. A new file that fits one is read that way.")
    empty = _l("No layout has been saved yet. Save one from the page of an uploaded file.")
    search_hint = ""
    model = ImportLayout
    order = "-id"
    details_template = "importing/saved.html"
    can_be_exported = False

    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("Number"), at=ImportLayout.id, kind=Kind.CODE, sort=True, shown=False),
        Column(key="name", title=_l("Name"), at=ImportLayout.name, link=True),
        Column(key="updated_at", title=_l("Saved at"), at=ImportLayout.updated_at, kind=Kind.MOMENT),
        Column(key="created_by", title=_l("Saved by"), at=ImportLayout.created_by, kind=Kind.ACTOR),
    )

    def around(self, row_id: int) -> dict[str, Any]:
        return {"layout": Layout.from_json(self.found(row_id).layout), "fields": FIELDS}

    @expose("/<int:row_id>/forget", methods=["POST"])
    @permits("layout.manage")
    def forget(self, row_id: int) -> Response:
        """Remove it."""
        return self.perform(
            operations.forget_layout, layout_id=row_id, done=_("The layout is gone."), to=self.address()
        )
