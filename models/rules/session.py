"""How long a sign-in lasts, and how fresh it must be for what is sensitive."""

from datetime import datetime, timedelta
from enum import StrEnum

IDLE = timedelta(minutes=30)
ABSOLUTE = timedelta(hours=12)
STEP_UP = timedelta(minutes=15)
# A visit within this time of the noted one is not noted again: one write a minute, not one a request.
TOUCH = timedelta(minutes=1)


class Ended(StrEnum):
    """Why a session is over."""

    SIGNED_OUT = "signed_out"
    IDLE = "idle"
    EXPIRED = "expired"
    REPLACED = "replaced"
    BY_SELF = "by_self"
    BY_ADMIN = "by_admin"
    DISABLED = "disabled"
    ROLES = "roles"
    CREDENTIALS = "credentials"


def lapse(*, created_at: datetime, last_seen_at: datetime, at: datetime) -> Ended | None:
    """Why the session is over by time alone, or None while it lasts."""
    if at - created_at >= ABSOLUTE:
        return Ended.EXPIRED
    if at - last_seen_at >= IDLE:
        return Ended.IDLE
    return None


def is_fresh(*, authenticated_at: datetime, at: datetime) -> bool:
    """Whether the last proof of password and code is young enough for a sensitive action."""
    return at - authenticated_at < STEP_UP
