"""Who may pass: every route declares one permission or that it is open to all, and is held to it."""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import urlsplit

from flask import Flask, Response, abort, redirect, request, url_for
from flask_wtf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response as AnyResponse

from console import problem, sessions
from models import Actor, acting, transaction
from models.operations import audit
from models.queries.staff import SignedIn
from models.rules import session
from models.rules.permission import PERMISSIONS

F = TypeVar("F", bound=Callable[..., Any])

csrf = CSRFProtect()


class Undeclared(RuntimeError):
    """A route says neither which permission it needs nor that it is public; the application does not start."""


def current_staff() -> SignedIn | None:
    """The signed-in person of this request."""
    return sessions.current()


def allowed(permission: str) -> bool:
    """Whether the person of this request holds a permission; for menus and buttons."""
    staff = current_staff()
    return staff is not None and PERMISSIONS[permission].name in staff.permissions


def actor(action: str = "", reason: str = "") -> Actor:
    """Who acts in this request, for the audit trail."""
    staff = current_staff()
    return Actor(
        name=f"staff:{staff.id}" if staff else "system:anonymous",
        source="web",
        action=action,
        reason=reason,
        request_id=request.environ.get("qianxing.request_id", ""),
        ip=request.remote_addr or "",
    )


def permits(*permissions: str) -> Callable[[F], F]:
    """Open a route or an exposed view method to those who hold a permission (each of them, where several are named)."""
    unknown = set(permissions) - set(PERMISSIONS)
    if unknown or not permissions:
        raise Undeclared(f"no such permission: {sorted(unknown)}")

    def declare(function: F) -> F:
        @wraps(function)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            for permission in permissions:
                turned_away = require(permission)
                if turned_away is not None:
                    return turned_away
            return function(*args, **kwargs)

        guarded.permissions = permissions  # type: ignore[attr-defined]
        return guarded  # type: ignore[return-value]

    return declare


def public(function: F) -> F:
    """Declare a route open to everybody, signed in or not."""
    function.public = True  # type: ignore[attr-defined]
    return function


def bearer(function: F) -> F:
    """Declare a route that a member's token opens and nothing else: it reads no cookie and needs no form's token."""
    function.bearer = True  # type: ignore[attr-defined]
    return function


def takes_bearer(function: Any) -> bool:
    return bool(getattr(function, "bearer", False))


def require(permission: str) -> AnyResponse | None:
    """Turn the request away unless its person holds the permission and, where it asks, proved themselves lately.

    Returns the redirect to sign-in or to the fresh proof; aborts with 401 or 403 where a redirect would not do.
    """
    staff = current_staff()
    if staff is None:
        return _towards("signin.sign_in") if _takes_pages() else abort(401)
    if permission not in staff.permissions:
        with acting(actor("access.refused")), transaction():
            audit.note(what="access.refused", about=permission, path=request.path, method=request.method)
        abort(403)
    if PERMISSIONS[permission].step_up and not session.is_fresh(
        authenticated_at=staff.authenticated_at, at=sessions.now()
    ):
        return _towards("signin.step_up") if _takes_pages() else abort(401)
    return None


def local_path(address: str | None) -> str:
    """The address if it stays within this console, else the front page: a link may not send a person elsewhere."""
    address = address or ""
    parts = urlsplit(address)
    if parts.scheme or parts.netloc or not address.startswith("/") or address.startswith("//") or "\\" in address:
        return "/"
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def permissions_of(function: Any) -> tuple[str, ...]:
    """The permissions that a route's function declares."""
    declared: tuple[str, ...] = getattr(function, "permissions", ())
    return declared


def is_public(endpoint: str, function: Any) -> bool:
    return bool(getattr(function, "public", False)) or endpoint.rpartition(".")[2] == "static"


def check_declared(app: Flask) -> None:
    """Refuse to start with a route that declares nothing, or that writes under reading permissions alone."""
    for rule in app.url_map.iter_rules():
        function = app.view_functions[rule.endpoint]
        if is_public(rule.endpoint, function) or takes_bearer(function):
            continue
        permissions = permissions_of(function)
        if not permissions:
            raise Undeclared(f"{rule.rule} ({rule.endpoint}) declares no permission")
        reads = all(PERMISSIONS[permission].is_read for permission in permissions)
        if reads and (rule.methods or set()) & {"POST", "PUT", "PATCH", "DELETE"}:
            raise Undeclared(f"{rule.rule} ({rule.endpoint}) writes under {', '.join(permissions)}")


def register(app: Flask) -> None:
    """Wire the guard into the application."""
    settings = app.config["SETTINGS"]
    name = "__Host-qianxing-form" if settings.is_production else "qianxing-form"
    app.config.update(
        WTF_CSRF_TIME_LIMIT=None,
        SESSION_COOKIE_NAME=name,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.is_production,
        SESSION_COOKIE_PATH="/",
    )
    csrf.init_app(app)
    if settings.proxies:
        hops = settings.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    app.before_request(_look_up)
    app.after_request(_keep_out_of_caches)
    app.jinja_env.globals.update(allowed=allowed, current_staff=current_staff)


def _look_up() -> None:
    """Before anything else in the request, since ending a lapsed session commits."""
    if request.endpoint is not None and not request.endpoint.endswith("static") and not problem.is_api():
        current_staff()


def _keep_out_of_caches(response: Response) -> Response:
    if request.environ.get(sessions.PERSON) is not None:
        response.headers["Cache-Control"] = "no-store"
    return response


def _takes_pages() -> bool:
    """Whether the caller is a browser that shows pages, not a script that reads an answer."""
    wanted = request.accept_mimetypes.best_match(["text/html", "application/json"], default="text/html")
    return wanted == "text/html" and "X-Requested-With" not in request.headers


def _towards(endpoint: str) -> AnyResponse:
    """A redirect that comes back to the page asked for, or to the page whose form was sent."""
    here = request.full_path.rstrip("?") if request.method == "GET" else urlsplit(request.referrer or "").path
    return redirect(url_for(endpoint, next=local_path(here)), code=303)
