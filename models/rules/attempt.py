"""How often something may be tried: sliding windows, each with its own counter."""

from dataclasses import dataclass
from datetime import timedelta

from models.rules import token

_MINUTES = timedelta(minutes=1)


@dataclass(frozen=True)
class Limit:
    """At most ``count`` tries within any stretch of ``within`` of the thing counted under ``key``."""

    key: str
    count: int
    within: timedelta


def of_sign_in(*, login: str, ip: str) -> tuple[Limit, ...]:
    """Sign-ins of everybody, of one address and of one login name, known or not; taken in this order.

    The name is kept as a digest, since people type passwords into the wrong box.
    """
    return (
        Limit("sign_in:all", 1000, 5 * _MINUTES),
        Limit(f"sign_in:ip:{ip}", 10, 5 * _MINUTES),
        Limit(f"sign_in:login:{token.digest(login)}", 10, 5 * _MINUTES),
    )


def of_code(*, staff_id: int) -> tuple[Limit, ...]:
    """Codes of the authenticator tried by somebody who has the password."""
    return (
        Limit(f"code:5m:{staff_id}", 5, 5 * _MINUTES),
        Limit(f"code:1h:{staff_id}", 20, 60 * _MINUTES),
        Limit(f"code:1d:{staff_id}", 50, 24 * 60 * _MINUTES),
    )


def of_reveal(*, staff_id: int) -> tuple[Limit, ...]:
    """Rows whose personal data somebody looks at unmasked."""
    return (Limit(f"reveal:1h:{staff_id}", 30, 60 * _MINUTES),)


def of_api(*, ip: str, identity_id: int | None) -> tuple[Limit, ...]:
    """Requests of the mini-program: of one address, and of one person where it is known."""
    address = Limit(f"api:ip:{ip}", 1200, _MINUTES)
    if identity_id is None:
        return (address,)
    return (address, Limit(f"api:person:{identity_id}", 300, _MINUTES))


def of_api_session(*, ip: str) -> tuple[Limit, ...]:
    """Sign-ins and refreshes from one address."""
    return (Limit(f"api:session:{ip}", 60, _MINUTES),)


def of_poster(*, identity_id: int) -> tuple[Limit, ...]:
    """Posters that are drawn anew for one person: each takes a moment of a processor."""
    return (Limit(f"api:poster:{identity_id}", 20, _MINUTES),)
