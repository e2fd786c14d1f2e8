"""The cookie of a signed-in browser and the person behind it."""

from datetime import UTC, datetime

from flask import current_app, request
from werkzeug.wrappers import Response

from models import Actor, acting, transaction
from models.operations import session as sessions
from models.queries import staff as people
from models.queries.staff import SignedIn
from models.rules import session, token

PERSON = "qianxing.signed_in"
# A page that refreshes itself says so: only what a person does keeps the session from idling out.
POLL_HEADER = "X-Poll"


def now() -> datetime:
    return datetime.now(UTC)


def is_secure() -> bool:
    """Whether the cookie may and must be bound to https; only a demo or a test speaks plain http."""
    return current_app.config["SETTINGS"].is_production or request.is_secure


def cookie_name() -> str:
    return "__Host-qianxing" if is_secure() else "qianxing"


def current() -> SignedIn | None:
    """The person of this request's session, looked up once a request."""
    if PERSON not in request.environ:
        request.environ[PERSON] = _load()
    person: SignedIn | None = request.environ[PERSON]
    return person


def _load() -> SignedIn | None:
    cookie = request.cookies.get(cookie_name(), "")
    person = people.signed_in(token_hash=token.digest(cookie)) if cookie else None
    if person is None:
        return None
    at = now()
    why = session.lapse(created_at=person.created_at, last_seen_at=person.last_seen_at, at=at)
    if why is not None:
        with acting(Actor(f"staff:{person.id}", source="web", action="session.lapse")), transaction():
            sessions.end(session_id=person.session_id, why=why, at=at)
        return None
    if at - person.last_seen_at >= session.TOUCH and POLL_HEADER not in request.headers:
        with transaction():
            sessions.touch(session_id=person.session_id, at=at)
    return person


def forget() -> None:
    """Look the person up again on the next question: the session has just changed."""
    request.environ.pop(PERSON, None)


def give(response: Response, fresh: str) -> Response:
    """Put a new token into the browser; it lives as long as the browser does, the server decides when it ends."""
    response.set_cookie(cookie_name(), fresh, secure=is_secure(), httponly=True, samesite="Lax", path="/")
    return response


def take_back(response: Response) -> Response:
    """Remove the token from the browser."""
    response.delete_cookie(cookie_name(), secure=is_secure(), httponly=True, samesite="Lax", path="/")
    return response
