"""What a password must be, and how it is kept: Argon2id, never cut short, easily guessed ones refused."""

import unicodedata
from collections.abc import Collection

from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError
from zxcvbn import zxcvbn

from models.errors import Invalid

LENGTH_MIN, LENGTH_MAX = 12, 128
# Fewer than 10^8 guesses, by zxcvbn's lists of common passwords, names, keyboard walks, dates and repetitions.
_SCORE_MIN = 3
# The estimate of a beginning bounds that of the whole from below, and its cost grows with the square of the length.
_ESTIMATED = 64
_HOUSE = ("qianxing", "千星", "console", "控台")

_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# Of a password that nobody has: an unknown login costs the same work as a known one.
_NOBODY = _hasher.hash("0" * LENGTH_MAX + "x")


class WeakPassword(Invalid):
    """Too short, too long or easily guessed."""


def check(password: str, *, about: Collection[str] = ()) -> None:
    """Refuse a password by length or by ease of guessing; ``about`` names the person (login, name)."""
    password = _plain(password)
    if not LENGTH_MIN <= len(password) <= LENGTH_MAX:
        raise WeakPassword(f"密码须为 {LENGTH_MIN} 到 {LENGTH_MAX} 个字符，现在是 {len(password)} 个")
    if zxcvbn(password[:_ESTIMATED], user_inputs=[*_HOUSE, *about])["score"] < _SCORE_MIN:
        raise WeakPassword("这个密码太容易被猜中，请换一个：例如几个不相干的词连在一起")


def hash_of(password: str) -> str:
    """The Argon2id hash to keep."""
    return _hasher.hash(_plain(password))


def matches(kept: str | None, password: str) -> bool:
    """Whether the password is the kept one; without a kept one the same work is done for nothing."""
    password = _plain(password)
    if len(password) > LENGTH_MAX:
        kept, password = None, password[:LENGTH_MAX]
    try:
        return _hasher.verify(kept or _NOBODY, password) and kept is not None
    except VerifyMismatchError:
        return False


def _plain(password: str) -> str:
    """One spelling for what looks alike, whatever the keyboard sent."""
    return unicodedata.normalize("NFC", password)
