"""我的账号: one's own sessions, password and authenticator."""

from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask_admin import expose
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.wrappers import Response

from console import sessions, signin
from console.admin.base import SecureView, form_id
from console.admin.names import ROLE_NAMES
from console.auth import actor, current_staff, permits
from models import acting, transaction
from models.errors import DomainError
from models.operations import session, staff
from models.operations.attempt import TooManyAttempts
from models.queries import staff as queries
from models.queries.staff import SignedIn
from models.rules.session import Ended
from models.tables.staff import LinkKind


class AccountView(SecureView):
    """What everybody may change about themselves, after proving both factors once more."""

    title = _l("My account")
    section = "system"
    slug = "account"
    permission = "account.manage"
    is_listed = False

    @expose("/")
    @permits("account.manage")
    def index_view(self) -> Any:
        """The person, their sessions, the two forms."""
        person = _person()
        standing = queries.standing(staff_id=person.id, at=sessions.now())
        return self.render("staff/account.html", person=person, standing=standing, role_names=ROLE_NAMES)

    @expose("/end-session", methods=["POST"])
    @permits("account.manage")
    def end_session(self) -> Response:
        """End one of one's own sessions."""
        return self.perform(
            session.end,
            session_id=form_id(),
            staff_id=_person().id,
            why=Ended.BY_SELF,
            at=sessions.now(),
            done=_("The session is over."),
        )

    @expose("/password", methods=["POST"])
    @permits("account.manage")
    def change_password(self) -> Any:
        """A new password; every other session ends, this one goes on under a new id."""
        if request.form.get("new") != request.form.get("again"):
            return self._refuse(_("The two passwords differ."))
        refusal = self._unproven()
        if refusal:
            return self._refuse(refusal)
        person = _person()
        try:
            with acting(actor("staff.change_password")), transaction():
                staff.change_password(staff_id=person.id, new=request.form.get("new", ""), at=sessions.now())
                fresh = signin.opened(person.id)
        except DomainError as weak:
            return self._refuse(str(weak))
        flash(_("The password is changed; every other session is over."), "done")
        return signin.entered(fresh, self.address())

    @expose("/authenticator", methods=["POST"])
    @permits("account.manage")
    def change_authenticator(self) -> Any:
        """On to a page that sets up another authenticator; the old one holds until that is done."""
        refusal = self._unproven()
        if refusal:
            return self._refuse(refusal)
        return self.perform(
            staff.issue,
            kind=LinkKind.AUTHENTICATOR,
            staff_id=_person().id,
            at=sessions.now(),
            to=lambda token: url_for("signin.link", token=token),
        )

    def _unproven(self) -> str:
        """Why the two factors typed do not prove the person, or nothing."""
        try:
            return "" if signin.proven() else _("Password or code is wrong. Use a new code.")
        except TooManyAttempts as refusal:
            return str(refusal)

    def _refuse(self, sentence: str) -> Response:
        flash(sentence, "refused")
        return redirect(self.address(), code=303)


def _person() -> SignedIn:
    return current_staff() or abort(401)
