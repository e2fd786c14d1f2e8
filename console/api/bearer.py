"""Tokens of the mini-program: signed, short, and good only while their session stands in the table."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

from console.problem import Problem
from models import Actor
from models.queries import identity
from models.queries.identity import Caller, Kept

ACCESS = timedelta(hours=2)
LONGEST = 400


@dataclass(frozen=True, slots=True)
class Claim:
    """What a token says before anybody looked into the table."""

    session_id: int
    identity_id: int


def _signer(salt: str) -> URLSafeSerializer:
    return _made(current_app.config["SECRET_KEY"], salt)


@lru_cache(maxsize=16)
def _made(secret: str, salt: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        secret, salt=salt, signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"}
    )


def access_token(*, session_id: int, identity_id: int, at: datetime) -> str:
    """A token for two hours."""
    return str(_signer("api-access").dumps([session_id, identity_id, int((at + ACCESS).timestamp())]))


def refresh_token(*, session_id: int, generation: int) -> str:
    """The one refresh token of a session's generation; how long it is good stands in the table."""
    return str(_signer("api-refresh").dumps([session_id, generation]))


def read_refresh(token: str) -> tuple[int, int]:
    """The session and generation of a refresh token, or a problem."""
    session_id, generation = _read("api-refresh", token, 2)
    return session_id, generation


def claim(at: datetime) -> Claim | None:
    """What this request's token says; None without one, a problem with one that is not good."""
    header = request.headers.get("Authorization")
    if header is None:
        return None
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise unauthorised("bad_token")
    session_id, identity_id, until = _read("api-access", token.strip(), 3)
    if until <= at.timestamp():
        raise unauthorised("token_expired")
    return Claim(session_id, identity_id)


def caller(claim: Claim | None, at: datetime) -> Caller:
    """The person of a claim, or a problem."""
    found = identity.caller(session_id=claim.session_id, at=at) if claim else None
    if found is None:
        raise unauthorised("session_ended" if claim else "no_token")
    return found


def opened(claim: Claim | None, *, key: str, acting: Actor, at: datetime) -> tuple[Caller, Kept | None]:
    """The person of a claim and what was answered under a key, or a problem; the transaction is theirs from here on."""
    found = identity.opened(session_id=claim.session_id, key=key, acting=acting, at=at) if claim else None
    if found is None:
        raise unauthorised("session_ended" if claim else "no_token")
    return found


def unauthorised(code: str) -> Problem:
    """The answer to a request that nobody stands behind."""
    return Problem(401, code, "登录已失效或尚未登录，请重新登录。", headers={"WWW-Authenticate": "Bearer"})


def _read(salt: str, token: str, parts: int) -> list[Any]:
    try:
        found = _signer(salt).loads(token) if len(token) <= LONGEST else None
    except (BadSignature, ValueError) as error:
        raise unauthorised("bad_token") from error
    if not isinstance(found, list) or len(found) != parts or not all(isinstance(one, int) for one in found):
        raise unauthorised("bad_token")
    return found
