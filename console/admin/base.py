"""The views everything in the console is made of: pages that declare a permission, and lists that only read."""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, ClassVar, Protocol
from urllib.parse import urlsplit

import sqlalchemy as sa
from flask import abort, current_app, flash, redirect, request, url_for
from flask_admin import BaseView, expose
from flask_admin.contrib.sqla import ModelView
from flask_babel import LazyString
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from console.admin import lists
from console.admin.columns import Column
from console.admin.filters import LARGEST_ID, Filter, Search, Unreadable
from console.auth import Undeclared, actor, allowed, current_staff, local_path, permits
from models import SavedView, acting, db, transaction
from models.errors import DomainError
from models.operations import reveal
from models.queries import view as views
from models.queries.staff import SignedIn
from models.rules import reason as reasons

SECTIONS: dict[str, LazyString] = {
    "home": _l("Workbench"),
    "merchant": _l("Merchants and showcases"),
    "product": _l("Selection"),
    "member": _l("Members"),
    "tree": _l("Placement"),
    "order": _l("Orders"),
    "risk": _l("Risk control"),
    "money": _l("Money"),
    "region": _l("Regional agents"),
    "compliance": _l("Compliance"),
    "data": _l("Boards"),
    "growth": _l("Growth"),
    "system": _l("System"),
}


@dataclass(frozen=True)
class Batch:
    """An action over the ticked rows, or over all rows of the filter, of a list.

    ``permission`` is what it takes; ``reason`` the kind of its coded reasons; ``operation`` the name of the row's step
    in ``jobs.batch.ROWS``; ``sum_column`` the key of a money column whose sum the preview shows. ``choices`` are the
    values of one more thing that it needs to know, under the title ``choice``; its step is in ``jobs.batch.CHOSEN``.
    """

    key: str
    title: Any
    permission: str
    reason: str
    operation: str
    sum_column: str | None = None
    choice: Any = ""
    choices: Callable[[], Mapping[str, Any]] | None = None


class Viewer(Protocol):
    """For whom rows are read: the person of a request, or the one who asked for an export."""

    @property
    def id(self) -> int: ...
    @property
    def merchant_id(self) -> int | None: ...
    @property
    def permissions(self) -> frozenset[str]: ...


def form_id(name: str = "id") -> int:
    """The id a form sends; anything that cannot be one is a row that is not there."""
    text = request.form.get(name, "")
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:20]) <= LARGEST_ID:
        abort(404)
    return int(text)


def back(default: str = "/") -> str:
    """Where the person came from, when that is a page of ours."""
    if request.form.get("back"):
        return local_path(request.form["back"])
    parts = urlsplit(request.referrer or "")
    if parts.netloc != request.host:
        return default
    return local_path(f"{parts.path}?{parts.query}" if parts.query else parts.path)


def staff_id() -> int:
    """The id of the person of this request."""
    return viewer().id


def viewer() -> SignedIn:
    """The person of this request."""
    staff = current_staff()
    if staff is None:
        abort(401)
    return staff


def peers() -> dict[str, "SecureView"]:
    """The pages this person may open, by endpoint."""
    admin = current_app.extensions["admin"][0]
    return {view.endpoint: view for view in admin._views if view.is_accessible()}


class SecureView(BaseView):
    """A page of the console: a place in the menu, a name, an address, one permission.

    ``slug`` is its address and names its endpoint; ``section`` one of ``SECTIONS``; ``permission`` what its menu entry
    and its inherited pages ask for. A page of its own marks each exposed method with ``@permits``.
    """

    section: ClassVar[str] = "home"
    title: ClassVar[Any] = ""
    slug: ClassVar[str] = ""
    permission: ClassVar[str] = ""
    is_listed: ClassVar[bool] = True

    def __init__(self, *args: Any) -> None:
        kind = type(self)
        if not kind.permission or kind.section not in SECTIONS:
            raise Undeclared(f"{kind.__module__}.{kind.__qualname__} 没有声明权限或菜单分组")
        super().__init__(
            *args,
            name=kind.title,
            category=SECTIONS[kind.section],
            endpoint=kind.slug.replace("-", "_") or "home",
            url=f"/{kind.slug}",
        )

    def is_accessible(self) -> bool:
        return current_staff() is not None and allowed(self.permission)

    def _handle_view(self, name: str, **kwargs: Any) -> Any:
        """Each method guards itself by ``@permits``; Flask-Admin's one guard for all of them stands aside."""
        return None

    def _run_view(self, fn: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """An action without its reason is refused where the person came from."""
        try:
            return fn(self, *args, **kwargs)
        except reasons.Unstated as refusal:
            flash(str(refusal), "refused")
            return redirect(back(self.address()))

    def reason(self, kind: str) -> str:
        """The coded reason that the form of ``reason_fields(kind)`` sends, as the audit trail keeps it."""
        return reasons.check(kind, request.form.get("reason_code", ""), request.form.get("reason_note", ""))

    def is_visible(self) -> bool:
        return self.is_listed

    def address(self, method: str = "", **values: Any) -> str:
        """The address of one of this view's pages, the first page by default."""
        return url_for(f"{self.endpoint}.{method or self._default_view}", **values)

    def perform(
        self,
        operation: Callable[..., Any],
        *,
        done: Any = "",
        to: str | Callable[[Any], str] | None = None,
        reason: str = "",
        **arguments: Any,
    ) -> Response:
        """Run one operation as the person of this request, in one transaction, and say how it went.

        ``done`` is the sentence after success; ``to`` the next page, or a function of the operation's result.
        A refusal is shown where the person came from.
        """
        name = f"{operation.__module__.rpartition('.')[2]}.{operation.__name__}"
        try:
            with acting(actor(action=name, reason=reason)), transaction():
                result = operation(**arguments)
                target = to(result) if callable(to) else to
        except DomainError as refusal:
            flash(str(refusal), "refused")
            return redirect(back(self.address()))
        if done:
            flash(str(done), "done")
        return redirect(target or back(self.address()))


class ReadView(SecureView, ModelView):
    """A list of rows and a page for each: scoped, keyset-paged, filtered, never written by Flask-Admin.

    A subclass declares ``model``, ``columns`` and what may be asked; overrides ``base`` to join what its columns need
    and ``scope`` to say whose rows a person sees. Everything here reads through ``scope``: list, count, page, export.
    """

    model: ClassVar[Any]
    columns: ClassVar[tuple[Column, ...]] = ()
    questions: ClassVar[tuple[Filter, ...]] = ()
    searches: ClassVar[tuple[Search, ...]] = ()
    batches: ClassVar[tuple[Batch, ...]] = ()
    search_hint: ClassVar[Any] = ""
    order: ClassVar[str] = "-id"
    hint: ClassVar[Any] = ""
    empty: ClassVar[Any] = _l("Nothing here yet.")
    has_detail: ClassVar[bool] = True
    can_be_exported: ClassVar[bool] = True
    list_template = "console/list.html"
    details_template = "console/detail.html"

    can_create = can_edit = can_delete = can_export = column_auto_select_related = False
    create_view = edit_view = delete_view = details_view = None
    action_view = export = ajax_lookup = ajax_update = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name, more in (("index_view", ()), ("detail", ()), ("reveal", ("pii.reveal",))):
            if cls.permission and name not in vars(cls):
                setattr(cls, name, permits(cls.permission, *more)(vars(ReadView)[name]))

    def __init__(self) -> None:
        super().__init__(self.model, db)
        self.shape = lists.Shape(self.columns, self.questions, self.searches, self.order)
        self.shape.read(MultiDict())

    def _refresh_cache(self) -> None:
        """Nothing of Flask-Admin's scaffolding (forms, columns, filters) is made: nothing of it is reachable."""
        self._form_ajax_refs: dict[str, Any] = {}

    @property
    def identity(self) -> Any:
        return self.model.id

    def base(self) -> Select[Any]:
        """FROM and JOIN, without columns."""
        return sa.select().select_from(self.model)

    def scope(self, query: Select[Any], viewer: Viewer) -> Select[Any]:
        """The rows this person may see: the one place that says so."""
        return query

    def get_query(self) -> Select[Any]:
        return self.scope(self.base().add_columns(self.model), viewer())

    def get_count_query(self) -> Select[Any]:
        return self.scope(self.base().add_columns(sa.func.count()), viewer())

    def get_one(self, id: Any) -> Any:
        """The scoped row as an object, None when it is not there for this person."""
        text = str(id)
        if not text.isascii() or not text.isdigit() or int(text[:20]) > LARGEST_ID:
            return None
        return db.session.scalar(self.get_query().where(self.identity == int(text)))

    def found(self, row_id: int) -> Any:
        """The scoped row as an object, or the page that says there is nothing."""
        return self.get_one(row_id) or abort(404)

    def rows(self, viewer: Viewer, columns: tuple[Column, ...]) -> Select[Any]:
        """The scoped rows with their id and these columns, each under its key."""
        chosen = [column.at.label(column.key) for column in columns]
        return self.scope(self.base(), viewer).add_columns(self.identity.label("row_id"), *chosen)

    def listed(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.listed)

    def page(self, asked: lists.Asked) -> lists.Page:
        order = lists.Order(asked.sort, self.identity, asked.descending)
        wanted = self.listed() if asked.sort.listed else (*self.listed(), asked.sort)
        return lists.page_of(self.shape.narrowed(self.rows(viewer(), wanted), asked), order, asked)

    def total(self, asked: lists.Asked) -> lists.Total:
        query = self.shape.narrowed(self.scope(self.base().add_columns(self.identity), viewer()), asked)
        table = sa.inspect(self.model).local_table
        return lists.total_of(query, table, is_bare=query.whereclause is None)

    @expose("/")
    def index_view(self) -> Any:
        """The list."""
        asked = self.shape.read(request.args)
        page, total = lists.Page(), lists.Total(0)
        if not asked.problems:
            try:
                page, total = self.page(asked), self.total(asked)
            except Unreadable as error:
                flash(str(error), "refused")
        return self.render(
            self.list_template,
            asked=asked,
            page=page,
            total=total,
            shape=self.shape,
            views=self.views(),
            **self.extras(),
        )

    def offered(self) -> tuple[Batch, ...]:
        """The actions over many rows that this person may start here."""
        return tuple(batch for batch in self.batches if allowed("batch.start") and allowed(batch.permission))

    def views(self) -> Sequence[SavedView]:
        """The saved views of this list that this person may choose from."""
        person = viewer()
        return views.saved(page=self.endpoint, staff_id=person.id, sees_shared=person.merchant_id is None)

    def hits(self, text: str, most: int) -> tuple[lists.Asked, lists.Page]:
        """The first rows a search finds."""
        asked = dataclasses.replace(self.shape.read(MultiDict({"q": text})), size=most)
        return asked, self.page(asked)

    def extras(self) -> dict[str, Any]:
        """What a list's own template needs beside the list."""
        return {}

    @expose("/<int:row_id>")
    def detail(self, row_id: int) -> Any:
        """One row's page."""
        return self._page_of(row_id)

    @expose("/<int:row_id>/reveal", methods=("POST",))
    def reveal(self, row_id: int) -> Any:
        """One row's page with its personal data unmasked, this once: with a reason, counted, in the trail."""
        if not self.personal:
            abort(404)
        self.found(row_id)
        reason, at = self.reason("pii.reveal"), datetime.now(UTC)
        about = f"{sa.inspect(self.model).local_table.name}:{row_id}"
        try:
            with acting(actor("reveal.reveal", reason)), transaction():
                reveal.reveal(about=about, columns=self.personal, staff_id=staff_id(), at=at)
        except DomainError as refusal:
            flash(str(refusal), "refused")
            return redirect(self.address("detail", row_id=row_id))
        return self._page_of(row_id, revealed=self.personal)

    def _page_of(self, row_id: int, *, revealed: frozenset[str] = frozenset()) -> Any:
        if not self.has_detail:
            abort(404)
        return self.render(self.details_template, row=self.one(row_id), revealed=revealed, **self.around(row_id))

    @property
    def personal(self) -> frozenset[str]:
        """The keys of the columns that show people's data masked."""
        return frozenset(column.key for column in self.columns if column.is_personal)

    def one(self, row_id: int) -> Row[Any]:
        """The scoped row with all its columns; 404 when it is not there for this person."""
        if row_id > LARGEST_ID:
            abort(404)
        query = self.rows(viewer(), self.columns).where(self.identity == row_id)
        return db.session.execute(query).one_or_none() or abort(404)

    def around(self, row_id: int) -> dict[str, Any]:
        """What a row's own template needs beside the row."""
        return {}

    def heading(self, row: Row[Any]) -> str:
        """The row's name on its page."""
        first = next((column for column in self.columns if column.link), None)
        return str(row._mapping[first.key]) if first else f"#{row.row_id}"


def check(views: list[BaseView]) -> None:
    """Refuse to start when a view stands on another base than ours."""
    strangers = [f"{type(view).__module__}.{type(view).__qualname__}" for view in views if not is_ours(view)]
    if strangers:
        raise Undeclared(f"这些页面不是 SecureView：{', '.join(strangers)}")


def is_ours(view: BaseView) -> bool:
    """A page of the console, or a list on our base."""
    return isinstance(view, ReadView) if isinstance(view, ModelView) else isinstance(view, SecureView)
