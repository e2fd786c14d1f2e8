"""The six digits of an authenticator: read leniently, accepted once."""

import hmac
import unicodedata
from datetime import datetime

import pyotp

PERIOD = 30
_ISSUER = "千星控台"
# One step either way for a phone whose clock is off.
_DRIFT = (0, -1, 1)


def new_secret() -> str:
    """A fresh secret of 160 bits, in base 32."""
    return pyotp.random_base32()


def address(secret: str, *, login: str) -> str:
    """The `otpauth:` address that an authenticator reads from the QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=login, issuer_name=_ISSUER)


def step_at(at: datetime) -> int:
    """The number of the thirty-second step that a moment lies in."""
    return int(at.timestamp()) // PERIOD


def code_of(secret: str, step: int) -> str:
    """The code of one step."""
    return pyotp.TOTP(secret).generate_otp(step)


def step_of(secret: str, typed: str, *, at: datetime, after: int) -> int | None:
    """The step whose code was typed, or None: wrong, too old, or not newer than ``after``, the last one used."""
    code = digits(typed)
    for step in (step_at(at) + drift for drift in _DRIFT):
        if step > after and hmac.compare_digest(code_of(secret, step), code):
            return step
    return None


def digits(typed: str) -> str:
    """Plain ASCII digits of what was typed: blanks dropped, full-width and other digits of Unicode read as such."""
    folded = (unicodedata.decimal(character, None) for character in "".join(typed.split()))
    return "".join("?" if digit is None else str(digit) for digit in folded)
