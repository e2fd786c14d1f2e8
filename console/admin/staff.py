"""员工, 会话, 角色与权限: who may come in and what they may do there."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import Row, Select
from werkzeug.wrappers import Response

from console import sessions
from console.admin.base import ReadView, SecureView, back, form_id, staff_id
from console.admin.columns import Column, Kind
from console.admin.filters import Equals, OneOf, Prefix
from console.admin.member.asks import Meaning
from console.admin.names import ENDINGS, ROLE_NAMES, STAFF_REASONS, STAFF_STATES
from console.auth import actor, permits
from models import Merchant, Staff, StaffSession, acting, db, transaction
from models.errors import DomainError
from models.operations import session, staff
from models.queries import staff as queries
from models.rules.permission import PERMISSIONS, ROLES, Role
from models.rules.session import Ended

NOTE_LENGTH = 200


def stated_reason() -> str:
    """The coded reason with its note, as the audit trail keeps it; empty when none was chosen."""
    code = request.form.get("reason", "")
    note = " ".join(request.form.get("note", "").split())[:NOTE_LENGTH]
    if code not in STAFF_REASONS or (code == "other" and not note):
        return ""
    return f"{code}: {note}" if note else code


def _merchants() -> list[tuple[int, str]]:
    rows = db.session.execute(sa.select(Merchant.id, Merchant.name).order_by(Merchant.id))
    return [(row.id, row.name) for row in rows]


class StaffView(ReadView):
    """员工: accounts, their roles and their state."""

    title = _l("Staff")
    section = "system"
    slug = "staff"
    permission = "staff.view"
    model = Staff
    hint = _l("Everybody signs in with a password and an authenticator of their own.")
    columns = (
        Column(key="id", title=_l("Number"), at=Staff.id, kind=Kind.COUNT, sort=True, shown=False),
        Column(key="code", title=_l("Login name"), at=Staff.code, kind=Kind.CODE, sort=True, link=True),
        Column(key="name", title=_l("Display name"), at=Staff.name),
        Column(
            key="roles",
            title=_l("Roles"),
            at=Staff.roles,
            cell=lambda row: "、".join(str(ROLE_NAMES[role]) for role in row.roles),
        ),
        Column(key="merchant", title=_l("Merchant"), at=Merchant.name),
        Column(key="state", title=_l("State"), at=Staff.state, kind=Kind.BADGE, badges=STAFF_STATES),
        Column(key="ready", title=_l("Access set up"), at=Staff.password_hash.is_not(None), kind=Kind.FLAG),
        Column(key="created_at", title=_l("Created"), at=Staff.created_at, kind=Kind.MOMENT, shown=False),
        Column(key="updated_at", title=_l("Last change"), at=Staff.updated_at, kind=Kind.MOMENT),
    )
    questions = (
        OneOf(key="state", title=_l("State"), at=Staff.state, choices={k: b.label for k, b in STAFF_STATES.items()}),
        Meaning(
            key="role",
            title=_l("Role"),
            at=Staff.roles,
            choices=ROLE_NAMES,
            conditions={role: Staff.roles.contains([role]) for role in ROLE_NAMES},
        ),
    )
    searches = (Prefix(Staff.code),)
    search_hint = _l("Login name begins with")
    order = "code"
    list_template = "staff/list.html"
    details_template = "staff/detail.html"

    def base(self) -> Select[Any]:
        return sa.select().select_from(Staff).outerjoin(Merchant, Merchant.id == Staff.merchant_id)

    def heading(self, row: Row[Any]) -> str:
        return f"{row.name} · {row.code}"

    def around(self, row_id: int) -> dict[str, Any]:
        standing = queries.standing(staff_id=row_id, at=sessions.now())
        person = self.found(row_id)
        return {"person": person, "standing": standing, "reasons": STAFF_REASONS, "is_self": row_id == staff_id()}

    @expose("/new", methods=["GET", "POST"])
    @permits("staff.create", "staff.grant")
    def new(self) -> Any:
        """A new account; its owner sets the credentials by the link shown once."""
        if request.method == "POST":
            return self._hand_over(
                lambda **asked: staff.create(**asked)[1],
                "staff.create",
                reason="joined",
                again=self._new_form,
                code=request.form.get("code", ""),
                name=request.form.get("name", ""),
                **self._asked_roles(),
            )
        return self._new_form()

    @expose("/<int:row_id>/rename", methods=["POST"])
    @permits("staff.edit")
    def rename(self, row_id: int) -> Response:
        """Another display name."""
        self.found(row_id)
        return self.perform(
            staff.rename, staff_id=row_id, name=request.form.get("name", ""), at=sessions.now(), done=_("Saved.")
        )

    @expose("/<int:row_id>/roles", methods=["GET", "POST"])
    @permits("staff.grant")
    def roles(self, row_id: int) -> Any:
        """Which roles the person holds."""
        person = self.found(row_id)
        if request.method == "POST":
            return self._with_reason(
                staff.grant,
                row_id,
                done=_("The roles are changed; the person's sessions are over."),
                **self._asked_roles(),
            )
        return self.render("staff/roles.html", person=person, **self._choices())

    @expose("/<int:row_id>/disable", methods=["POST"])
    @permits("staff.disable")
    def disable(self, row_id: int) -> Response:
        """Shut the person out."""
        return self._with_reason(staff.disable, row_id, done=_("The account is disabled; its sessions are over."))

    @expose("/<int:row_id>/enable", methods=["POST"])
    @permits("staff.disable")
    def enable(self, row_id: int) -> Response:
        """Let the person in again."""
        return self._with_reason(staff.enable, row_id, done=_("The account is in use again."))

    @expose("/<int:row_id>/reset", methods=["POST"])
    @permits("staff.reset")
    def reset(self, row_id: int) -> Any:
        """New credentials by a link shown once; the old ones are gone at once."""
        self.found(row_id)
        reason = stated_reason()
        if not reason:
            return self._without_reason()
        return self._hand_over(
            staff.reset,
            "staff.reset",
            reason=reason,
            again=lambda: redirect(back(self.address())),
            staff_id=row_id,
            by=staff_id(),
        )

    def _with_reason(self, operation: Callable[..., Any], row_id: int, *, done: str, **asked: Any) -> Response:
        self.found(row_id)
        reason = stated_reason()
        if not reason:
            return self._without_reason()
        return self.perform(
            operation,
            staff_id=row_id,
            by=staff_id(),
            at=sessions.now(),
            done=done,
            reason=reason,
            to=self.address("detail", row_id=row_id),
            **asked,
        )

    def _without_reason(self) -> Response:
        flash(_("Choose a reason first; “other” needs a note."), "refused")
        return redirect(back(self.address()), code=303)

    def _hand_over(
        self, operation: Callable[..., str], action: str, *, reason: str, again: Callable[[], Any], **asked: Any
    ) -> Any:
        """Run an operation that makes a one-time link, and show the link this once."""
        try:
            with acting(actor(action, reason)), transaction():
                token = operation(at=sessions.now(), **asked)
        except DomainError as refusal:
            flash(str(refusal), "refused")
            return again()
        address = url_for("signin.link", token=token, _external=True)
        return self.render("staff/handed.html", address=address, hours=24)

    def _asked_roles(self) -> dict[str, Any]:
        merchant = request.form.get("merchant_id", "")
        return {"roles": request.form.getlist("roles"), "merchant_id": form_id("merchant_id") if merchant else None}

    def _new_form(self) -> Any:
        return self.render("staff/new.html", **self._choices())

    def _choices(self) -> dict[str, Any]:
        return {"role_names": ROLE_NAMES, "merchants": _merchants(), "reasons": STAFF_REASONS}


class SessionView(ReadView):
    """会话: who is signed in, from where, and how earlier sessions ended."""

    title = _l("Sessions")
    section = "system"
    slug = "sessions"
    permission = "staff.view"
    model = StaffSession
    has_detail = False
    can_be_exported = False
    empty = _l("Nobody has signed in yet.")
    columns = (
        Column(key="id", title=_l("Number"), at=StaffSession.id, kind=Kind.COUNT, sort=True),
        Column(key="staff", title=_l("Staff"), at=Staff.name),
        Column(key="login", title=_l("Login name"), at=Staff.code, kind=Kind.CODE, shown=False),
        Column(key="created_at", title=_l("Signed in"), at=StaffSession.created_at, kind=Kind.MOMENT),
        Column(key="last_seen_at", title=_l("Last seen"), at=StaffSession.last_seen_at, kind=Kind.MOMENT),
        Column(key="ip", title=_l("Address"), at=StaffSession.ip, kind=Kind.CODE),
        Column(key="user_agent", title=_l("Browser"), at=StaffSession.user_agent, shown=False),
        Column(key="ended_at", title=_l("Ended"), at=StaffSession.ended_at, kind=Kind.MOMENT),
        Column(key="why", title=_l("Why ended"), at=StaffSession.ended_why, kind=Kind.BADGE, badges=ENDINGS),
    )
    questions = (
        Equals(key="staff_id", title=_l("Number of staff"), at=StaffSession.staff_id),
        OneOf(
            key="why",
            title=_l("Why ended"),
            at=StaffSession.ended_why,
            choices={k: b.label for k, b in ENDINGS.items()},
        ),
    )
    list_template = "staff/sessions.html"

    def base(self) -> Select[Any]:
        return sa.select().select_from(StaffSession).join(Staff, Staff.id == StaffSession.staff_id)

    @expose("/end", methods=["POST"])
    @permits("session.end")
    def end(self) -> Response:
        """End somebody's session; their next request leads to sign-in."""
        row = self.found(form_id())
        return self.perform(
            session.end,
            session_id=row.id,
            why=Ended.BY_ADMIN,
            at=sessions.now(),
            done=_("The session is over."),
        )


class RoleView(SecureView):
    """角色与权限: which role holds which permission, as the code declares it."""

    title = _l("Roles and permissions")
    section = "system"
    slug = "roles"
    permission = "role.view"

    @expose("/")
    @permits("role.view")
    def index_view(self) -> Any:
        """The whole matrix on one page."""
        holders: dict[str, int] = dict(
            db.session.execute(sa.select(sa.func.unnest(Staff.roles), sa.func.count()).group_by(sa.text("1"))).all()
        )
        return self.render(
            "staff/matrix.html",
            permissions=[(permission, _(permission.title)) for permission in PERMISSIONS.values()],
            roles=list(Role),
            holds=ROLES,
            holders=holders,
            role_names=ROLE_NAMES,
        )
