"""Staff of the tests, and a browser that is signed in as one of them."""

from datetime import UTC, datetime
from itertools import count
from typing import Any

from flask import g
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer
from werkzeug.datastructures import Headers

from models import Staff, db, transaction
from models.operations import session
from models.rules import password, totp
from tests import factories

PASSWORD = "lantern quarry 41 mosaic"
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
_KEPT = password.hash_of(PASSWORD)
_numbers = count(1)


def person(*roles: str, merchant_id: int | None = None, **values: Any) -> Staff:
    """Somebody active with both factors set and the roles given (operator by default), committed."""
    number = next(_numbers)
    if "merchant" in roles and merchant_id is None:
        merchant_id = factories.merchant().id
    defaults = {
        "code": f"staff{number}",
        "name": f"员工{number}",
        "roles": list(roles) or ["operator"],
        "merchant_id": merchant_id,
        "password_hash": _KEPT,
        "totp_secret": SECRET,
    }
    staff = Staff(**defaults | values)
    db.session.add(staff)
    db.session.commit()
    return staff


def proof_of(staff: Staff, *, at: datetime | None = None) -> dict[str, str]:
    """What this person would type into the sign-in form at this moment."""
    step = totp.step_at(at or datetime.now(UTC))
    return {"login": staff.code, "password": PASSWORD, "code": totp.code_of(SECRET, step)}


class Browser(FlaskClient):
    """A client that sends the CSRF token with every write, unless asked not to (``csrf=False``).

    Application contexts are shared by all requests of a test, so what one request kept in ``g`` is dropped
    before the next, as it would be in life.
    """

    person: Staff

    def open(self, *args: Any, csrf: bool = True, **kwargs: Any) -> Any:
        self._forget()
        method = kwargs.get("method", "GET")
        if csrf and method not in ("GET", "HEAD", "OPTIONS"):
            headers = Headers(kwargs.pop("headers", None))
            headers["X-CSRFToken"] = self._token()
            kwargs["headers"] = headers
        return super().open(*args, **kwargs)

    def _token(self) -> str:
        with self.session_transaction() as kept:
            kept.setdefault("csrf_token", "0123456789abcdef")
            raw = kept["csrf_token"]
        self._forget()
        return str(URLSafeTimedSerializer(self.application.secret_key, salt="wtf-csrf-token").dumps(raw))

    def _forget(self) -> None:
        for name in list(g):
            g.pop(name)

    def sign_in(self, staff: Staff) -> "Browser":
        """A session of this person, fresh from both factors."""
        with transaction():
            token = session.open_(staff_id=staff.id, ip="127.0.0.1", user_agent="test", at=datetime.now(UTC))
        self.set_cookie("qianxing", token)
        self.person = staff
        return self
