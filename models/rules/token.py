"""Opaque random tokens: the holder keeps the token, the database only its digest."""

import hashlib
import secrets


def new() -> str:
    """A fresh token of 256 random bits, safe in a cookie and an address."""
    return secrets.token_urlsafe(32)


def digest(token: str) -> str:
    """What is stored of a token; 256 random bits need no salt and no slow hash."""
    return hashlib.sha256(token.encode()).hexdigest()
