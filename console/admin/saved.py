"""我的视图: lists as somebody likes to see them."""

from typing import Any, ClassVar

import sqlalchemy as sa
from flask import abort, current_app, request
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy import Row, Select

from console import formatting
from console.admin.base import ReadView, Viewer, back, form_id, peers, staff_id
from console.admin.columns import Column, Kind
from console.auth import current_staff, permits
from models import SavedView, Staff
from models.operations import view as operations
from models.queries import view as views


def _page(endpoint: str) -> Any:
    """The list of this name when this person may open it."""
    admin = current_app.extensions["admin"][0]
    found = next((view for view in admin._views if view.endpoint == endpoint and isinstance(view, ReadView)), None)
    return found if found is not None and found.is_accessible() else None


def _link(row: Row[Any]) -> str:
    page = _page(row.page)
    if page is None:
        return str(row.name)
    return Markup('<a href="%s">%s</a>') % (f"{page.address()}?{row.query}", row.name)


def _page_title(row: Row[Any]) -> str:
    page = _page(row.page)
    return str(page.name) if page is not None else str(row.page)


class SavedViewView(ReadView):
    """One's own saved views, and those others share."""

    model = SavedView
    slug = "saved-views"
    section = "system"
    title = _l("Saved views")
    hint = _l("A list with its filter, order and columns under a name. Save one from any list.")
    empty = _l("No saved views yet.")
    permission = "view.save"
    has_detail = False
    can_be_exported = False
    list_template = "console/saved_list.html"
    columns: ClassVar[tuple[Column, ...]] = (
        Column(key="id", title=_l("No."), at=SavedView.id, sort=True, shown=False),
        Column(key="name", title=_l("Name"), at=SavedView.name, cell=_link),
        Column(key="page", title=_l("List"), at=SavedView.page, cell=_page_title),
        Column(key="is_shared", title=_l("Shared"), at=SavedView.is_shared, kind=Kind.FLAG),
        Column(key="owner", title=_l("Owner"), at=Staff.name),
        Column(key="created_at", title=_l("Saved at"), at=SavedView.created_at, kind=Kind.MOMENT),
        Column(key="query", title=_l("Filter"), at=SavedView.query, shown=False),
        Column(key="staff_id", title=_l("Owner no."), at=SavedView.staff_id, shown=False),
    )

    def base(self) -> Select[Any]:
        return sa.select().select_from(SavedView).join(Staff, Staff.id == SavedView.staff_id)

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        """One's own; staff of the house see what others still here share of the pages that they may open too."""
        mine = SavedView.staff_id == viewer.id
        if viewer.merchant_id is not None:
            return query.where(mine)
        return query.where(mine | sa.and_(views.shared(), SavedView.page.in_(sorted(peers()))))

    @expose("/save", methods=("POST",))
    @permits("view.save")
    def save(self) -> Any:
        """Keep a list under a name."""
        page = _page(request.form.get("page", "")) or abort(404)
        staff = current_staff() or abort(401)
        return self.perform(
            operations.save,
            staff_id=staff.id,
            page=page.endpoint,
            name=request.form.get("name", ""),
            query=request.form.get("query", ""),
            is_shared=bool(request.form.get("is_shared")) and staff.merchant_id is None,
            at=formatting.now(),
            done=_("The view is saved. You find it under Views."),
            to=back(page.address()),
        )

    @expose("/share", methods=("POST",))
    @permits("view.save")
    def share(self) -> Any:
        """Show one's view to the house, or to nobody else again."""
        is_shared = request.form.get("is_shared") == "yes"
        if is_shared and (current_staff() or abort(401)).merchant_id is not None:
            abort(403)
        return self.perform(
            operations.share,
            view_id=form_id(),
            staff_id=staff_id(),
            is_shared=is_shared,
            done=_("Everybody sees this view now.") if is_shared else _("Only you see this view now."),
            to=self.address(),
        )

    @expose("/remove", methods=("POST",))
    @permits("view.save")
    def remove(self) -> Any:
        """Forget one's view."""
        return self.perform(
            operations.remove, view_id=form_id(), staff_id=staff_id(), done=_("The view is gone."), to=self.address()
        )
