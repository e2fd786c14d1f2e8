"""What every request and every answer has: an id, a language, a time limit, security headers and written errors."""

import os
import secrets
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from flask import (
    Flask,
    Request,
    Response,
    abort,
    current_app,
    g,
    jsonify,
    render_template,
    request,
    session,
    url_for,
)
from flask.sessions import NullSession, SecureCookieSession, SecureCookieSessionInterface
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError
from werkzeug.wrappers import Response as BaseResponse

from console import files, formatting, pool, problem
from console.catalogue import LANGUAGES, Languages, chosen
from console.logs import REQUEST_ID
from models import db
from models.errors import Conflict, DomainError, Forbidden, Invalid, Missing

LARGEST = formatting.size(files.LARGEST_BYTES)
_STATUS = {
    Invalid: HTTPStatus.BAD_REQUEST,
    Missing: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    Forbidden: HTTPStatus.FORBIDDEN,
}
_QUERY_CANCELED = "57014"
# Parameters that point at a place in a list: gone when its order or filter changes.
UNSTEADY = ("after", "before", "from", "lang")
SIZES = (20, 50, 100)


def nonce() -> str:
    """The word of this answer that lets our own inline scripts run and no others."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(18)
    return str(g.nonce)


def wants_json() -> bool:
    return bool(problem.is_api() or request.accept_mimetypes.best == "application/json")


def request_id() -> str:
    """The number under which this request stands in the logs and the audit trail."""
    return str(request.environ.get(REQUEST_ID, ""))


def _refuse_null_bytes() -> None:
    """PostgreSQL holds no NUL in a text, and no person types one."""
    form = request.form if request.mimetype == "application/x-www-form-urlencoded" else {}
    if any("\x00" in value for value in (*request.args.values(), *form.values())):
        abort(400)


def _choose_language() -> None:
    language = request.args.get("lang")
    if language in LANGUAGES and not problem.is_api():
        session["lang"] = language


def _policy() -> str:
    return (
        f"default-src 'self'; script-src 'self' 'nonce-{nonce()}'; style-src 'self' 'unsafe-inline';"
        " img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; object-src 'none'; base-uri 'none';"
        " frame-ancestors 'none'; form-action 'self'"
    )


class Cookies(SecureCookieSessionInterface):
    """The cookie of forms and language, which the mini-program's calls neither read nor set."""

    def open_session(self, app: Flask, request: Request) -> SecureCookieSession | None:
        return NullSession() if problem.is_api() else super().open_session(app, request)


# What answers of data need: nothing of them is ever shown, framed or run.
DATA_HEADERS = (
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"),
    ("X-Content-Type-Options", "nosniff"),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
)


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    """No function of ours is a coroutine: nobody needs to look, a dozen times a request."""
    return function


def _add_headers(response: Response) -> Response:
    headers = response.headers
    if problem.is_api() and response.mimetype != "text/html":
        headers.extend(DATA_HEADERS)
        return _kept_close(response)
    headers.setdefault("Content-Security-Policy", _policy())
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "DENY")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
    headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    return _kept_close(response)


def _kept_close(response: Response) -> Response:
    """By encryption alone where it came so, and in nobody's cache that did not say otherwise."""
    headers = response.headers
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000; includeSubDomains")
    if request.endpoint != "static" and "Cache-Control" not in headers:
        headers["Cache-Control"] = "no-store"
    return response


def _page(status: int, sentence: str) -> tuple[BaseResponse | str, int]:
    if problem.is_api():
        return problem.answer(problem.Problem(status, problem.code_of(status))), status
    if wants_json():
        return jsonify(error=HTTPStatus(status).phrase, message=sentence, request_id=request_id()), status
    return render_template("console/error.html", status=status, sentence=sentence, request_id=request_id()), status


def sentence_for(status: int) -> str:
    """What a person who meets this status should know and do."""
    return {
        400: _("The address or the form was not understood. Go back and try again."),
        401: _("Please sign in first."),
        403: _("Your role does not allow this. Ask an administrator if you need it."),
        404: _("There is nothing here, or nothing you may see."),
        405: _("This page cannot be used that way."),
        409: _("Somebody changed this in the meantime. Reload and look again."),
        413: _(
            "What was sent is too large. A file may have up to %(size)s.", size=formatting.size(files.LARGEST_BYTES)
        ),
        429: _("Too many attempts. Wait a little and try again."),
        503: _("This took too long and was stopped. Narrow the filter and try again."),
    }.get(status, _("Something went wrong on our side. It has been logged under the number below."))


def _http_error(error: HTTPException) -> Any:
    if error.response is not None:
        return error.response
    status = error.code or 500
    body, code = _page(status, sentence_for(status))
    if status == HTTPStatus.METHOD_NOT_ALLOWED or "Retry-After" in dict(error.get_headers()):
        answer = Response(body, code) if isinstance(body, str) else body
        answer.headers.extend((key, value) for key, value in error.get_headers() if key in ("Allow", "Retry-After"))
        return answer, code
    return body, code


def _forged(error: CSRFError) -> tuple[BaseResponse | str, int]:
    return _page(400, _("This form has expired. Reload the page and send it again."))


def _refused(error: DomainError) -> tuple[BaseResponse | str, int]:
    db.session.rollback()
    kinds = [status for kind, status in _STATUS.items() if isinstance(error, kind)]
    return _page(kinds[0] if kinds else HTTPStatus.CONFLICT, str(error))


def _database_error(error: OperationalError) -> tuple[BaseResponse | str, int]:
    db.session.rollback()
    if getattr(error.orig, "sqlstate", None) != _QUERY_CANCELED:
        raise error
    return _page(503, sentence_for(503))


def _bug(error: InternalServerError) -> tuple[BaseResponse | str, int]:
    db.session.rollback()
    return _page(500, sentence_for(500))


def _asset(name: str) -> str:
    """The address of one of our static files, new whenever the file is."""
    folder = current_app.static_folder or ""
    return url_for("static", filename=name, v=int(os.stat(os.path.join(folder, name)).st_mtime))


def _link_with(**changes: Any) -> str:
    """This page's address with some parameters changed; a moved list starts from its first page."""
    kept = [(k, v) for k, v in request.args.items(multi=True) if k not in changes and k not in UNSTEADY]
    return f"{request.path}?{urlencode([*kept, *((k, v) for k, v in changes.items() if v)])}"


def _link_without(names: Iterable[str]) -> str:
    """This page's address without some parameters, from the first page."""
    return _link_with(**dict.fromkeys(names, ""))


def _steady_query() -> str:
    """The filter, order and columns of this page without its place in the list: what a view or an export keeps."""
    return urlencode([(k, v) for k, v in request.args.items(multi=True) if k not in UNSTEADY and k != "size"])


def _other_language() -> dict[str, str]:
    code = next(language for language in LANGUAGES if language != chosen())
    kept = [(k, v) for k, v in request.args.items(multi=True) if k != "lang"]
    return {"code": code, "name": LANGUAGES[code], "url": f"{request.path}?{urlencode([*kept, ('lang', code)])}"}


def register(app: Flask) -> None:
    """Hang everything on the application."""
    Languages(app, locale_selector=chosen)
    app.session_interface = Cookies()
    app.ensure_sync = _plain  # type: ignore[method-assign, assignment]
    app.before_request(_refuse_null_bytes)
    app.before_request(_choose_language)
    app.after_request(_add_headers)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(InternalServerError, _bug)
    app.register_error_handler(CSRFError, _forged)
    app.register_error_handler(DomainError, _refused)
    app.register_error_handler(OperationalError, _database_error)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(formatting.FILTERS)
    app.jinja_env.globals.update(
        csp_nonce=nonce, asset=_asset, language=chosen, other_language=_other_language, link_with=_link_with,
        link_without=_link_without, steady_query=_steady_query, menu=list, banners=list, sizes=SIZES,
    )  # fmt: skip
    pool.register()
