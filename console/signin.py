"""The pages before the console: sign-in, the fresh proof, one-time links, sign-out."""

from collections.abc import Callable
from typing import TypeVar

import segno
from flask import Blueprint, Flask, abort, current_app, redirect, render_template, request, url_for
from flask import session as browser
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from console import access, sessions
from console.auth import actor, current_staff, local_path, permits, public
from models import Staff, acting, db, transaction
from models.errors import DomainError
from models.operations import session, signin, staff
from models.operations.attempt import TooManyAttempts
from models.operations.signin import Origin, Proof
from models.rules import totp
from models.rules.session import Ended
from models.tables.staff import LinkKind

Page = Response | str | tuple[str, int] | tuple[str, int, dict[str, str]]

T = TypeVar("T")

pages = Blueprint("signin", __name__)


@pages.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Page:
    """Login name, password and code on one page, so that no answer tells which of them was wrong."""
    if request.method == "POST":
        typed = Proof(_typed("login"), _typed("password"), _typed("code"))
        return attempted(signin.sign_in, typed, _sign_in_page)
    return redirect(_destination()) if current_staff() else _sign_in_page()


@pages.route("/step-up", methods=["GET", "POST"])
@permits("account.manage")
def step_up() -> Page:
    """Password and code once more, before something sensitive."""
    if request.method == "POST":
        return attempted(signin.step_up, own_proof(), _step_up_page)
    return _step_up_page()


@pages.post("/sign-out")
@public
def sign_out() -> Response:
    person = current_staff()
    if person is not None:
        with acting(actor("session.end")), transaction():
            session.end(session_id=person.session_id, why=Ended.SIGNED_OUT, at=sessions.now())
    _renew_browser()
    return sessions.take_back(redirect(url_for("signin.sign_in"), code=303))


@pages.route("/link/<token>", methods=["GET", "POST"])
@public
def link(token: str) -> Page:
    """Set a password and an authenticator, then be signed in."""
    if request.method == "POST" and _typed("password") != _typed("again"):
        return _link_page(token, _("The two passwords differ."))
    if request.method == "POST":
        return _accept(token)
    return _link_page(token)


@public
def demo(token: str) -> Page:
    """Sign in to a demonstration by the link that its command has printed; not routed anywhere else."""
    try:
        with acting(actor("staff.enter_by_link")), transaction():
            fresh = opened(staff.enter_by_link(link=token, at=sessions.now()))
    except DomainError as refusal:
        return _sign_in_page(str(refusal)), 404
    return entered(fresh, "/")


def register(app: Flask) -> None:
    """Hang the pages on the application; the demonstration's way in exists in a demonstration alone."""
    app.register_blueprint(pages)
    if app.config["SETTINGS"].environment == "demo":
        app.add_url_rule("/demo/<token>", "demo", demo)


def own_proof() -> Proof:
    """The proof typed by the person who is signed in already."""
    person = current_staff() or abort(401)
    return Proof(person.code, _typed("password"), _typed("code"))


def attempted(operation: Callable[..., str | None], proof: Proof, page: Callable[[str], str]) -> Page:
    """Count the try, look at the proof, and either enter or say the one sentence that every failure gets."""
    try:
        fresh = counted(operation, proof)
    except TooManyAttempts as refusal:
        return page(str(refusal)), 429, {"Retry-After": str(round(refusal.wait.total_seconds()))}
    if fresh is None:
        wrong = _("Login name, password or code is wrong, or there were too many tries. Use a new code.")
        return page(wrong), 422 if current_staff() else 401
    return entered(fresh, _destination())


def counted(operation: Callable[..., T], proof: Proof) -> T:
    """Run an operation on a proof, the try counted and committed first."""
    at, origin = sessions.now(), _origin()
    with acting(actor("signin.admit")), transaction():
        signin.admit(proof=proof, origin=origin, at=at)
    with acting(actor(f"signin.{operation.__name__}")), transaction():
        return operation(proof=proof, origin=origin, at=at)


def proven() -> bool:
    """Whether the signed-in person has just typed both of their factors."""
    return counted(signin.prove, own_proof())


def opened(staff_id: int) -> str:
    """A session of this browser for somebody who has proved themselves; inside a transaction."""
    origin = _origin()
    return session.open_(staff_id=staff_id, ip=origin.ip, user_agent=origin.user_agent, at=sessions.now())


def entered(fresh: str, to: str) -> Response:
    """Into the console with a new session: nothing of the browser's earlier state comes along but its language."""
    _renew_browser()
    sessions.forget()
    return sessions.give(redirect(to, code=303), fresh)


def _accept(token: str) -> Page:
    try:
        with acting(actor("staff.accept")), transaction():
            person = staff.accept(
                link=token,
                new=_typed("password"),
                code=_typed("code"),
                login=_typed("login"),
                name=_typed("name"),
                at=sessions.now(),
            )
            fresh = opened(person.id)
    except DomainError as refusal:
        return _link_page(token, str(refusal))
    return entered(fresh, "/")


def _sign_in_page(refusal: str = "") -> str:
    is_demo = current_app.config["SETTINGS"].environment == "demo"
    accounts = access.demo_codes(sessions.now()) if is_demo else []
    return render_template("auth/sign_in.html", refusal=refusal, next=_destination(), accounts=accounts)


def _step_up_page(refusal: str = "") -> str:
    return render_template("auth/step_up.html", refusal=refusal, next=_destination())


def _link_page(token: str, refusal: str = "") -> tuple[str, int]:
    """The page of a standing link, or the sentence that it no longer stands."""
    try:
        row = staff.open_link(link=token, at=sessions.now())
    except staff.LinkGone as gone:
        return render_template("auth/gone.html", refusal=str(gone)), 404
    if row.kind == LinkKind.DEMO:
        abort(404)
    person = db.session.get(Staff, row.staff_id) if row.staff_id is not None else None
    address = totp.address(row.totp_secret, login=person.code if person else "admin")
    body = render_template(
        "auth/link.html",
        kind=row.kind,
        person=person,
        secret=row.totp_secret,
        qr=segno.make(address, error="m").svg_data_uri(scale=5, light="white"),
        refusal=refusal,
    )
    return body, 400 if refusal else 200


def _origin() -> Origin:
    person = current_staff()
    return Origin(
        ip=request.remote_addr or "",
        user_agent=request.user_agent.string,
        session_id=person.session_id if person else None,
    )


def _typed(field: str) -> str:
    return request.form.get(field, "")


def _destination() -> str:
    return local_path(request.values.get("next"))


def _renew_browser() -> None:
    """Drop what the browser's own cookie holds, the CSRF token with it."""
    language = browser.get("lang")
    browser.clear()
    if language is not None:
        browser["lang"] = language
