"""Messages that shop and mini-program push to us: signed, and sealed with AES-CBC under the EncodingAESKey [H].

There is no message id: the same event may come ten times within 3.6 hours, in any order. Whoever stores one keys it by
event, number, time and digest, answers `success` within five seconds, and reads the thing itself again before deciding.

Whether a repeated delivery is signed anew is not documented [L]; we refuse what is older than 300 seconds all the same,
since what a late delivery would tell is found by the hourly reading of changed orders.
"""

import base64
import binascii
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from jobs.gateways.signature import FRESH_SECONDS, BadKey, Unverified

BLOCK = 32
SALT = 16
LENGTH = 4


def aes_key(encoding_key: str) -> bytes:
    """The 32 bytes behind an EncodingAESKey of 43 characters."""
    try:
        key = base64.b64decode(encoding_key + "=")
    except binascii.Error as error:
        raise BadKey("消息推送的 EncodingAESKey 应为 43 个字符。") from error
    if len(encoding_key) != 43 or len(key) != 32:
        raise BadKey("消息推送的 EncodingAESKey 应为 43 个字符。")
    return key


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """The receiving end of one account: its token, its appid, and its keys, today's first."""

    appid: str
    token: str = field(repr=False)
    keys: Sequence[bytes] = field(repr=False)

    def verify_address(self, query: Mapping[str, str], *, now: float) -> str:
        """The echo with which WeChat checks our address when it is registered (GET)."""
        self._check(query, query.get("signature", ""), now=now)
        return query.get("echostr", "")

    def open(self, query: Mapping[str, str], body: bytes, *, now: float) -> dict[str, Any]:
        """The event of a delivery (POST). Only secure mode is taken: a plain body proves nothing of its sender."""
        try:
            sealed = json.loads(body)["Encrypt"]
        except (ValueError, KeyError, TypeError) as error:
            raise Unverified("envelope") from error
        if not isinstance(sealed, str):
            raise Unverified("envelope")
        self._check(query, query.get("msg_signature", ""), sealed, now=now)
        return _document(unsealed(sealed, appid=self.appid, keys=self.keys))

    def _check(self, query: Mapping[str, str], given: str, *more: str, now: float) -> None:
        moment = query.get("timestamp", "")
        if not (moment.isascii() and moment.isdigit() and len(moment) < 12):
            raise Unverified("headers")
        if abs(now - int(moment)) > FRESH_SECONDS:
            raise Unverified("stale")
        if not hmac.compare_digest(digest(self.token, moment, query.get("nonce", ""), *more), given):
            raise Unverified("signature")


def digest(token: str, *parts: str) -> str:
    """SHA-1 over token and parts, sorted and joined: the scheme of every message push."""
    return hashlib.sha1("".join(sorted((token, *parts))).encode(), usedforsecurity=False).hexdigest()


def sealed(message: bytes, *, appid: str, key: bytes, salt: bytes = b"") -> str:
    """An envelope: salt, length, message and appid, padded to 32 bytes (PKCS#7) and encrypted."""
    plain = (salt or secrets.token_bytes(SALT)) + len(message).to_bytes(LENGTH) + message + appid.encode()
    pad = BLOCK - len(plain) % BLOCK
    cipher = Cipher(AES(key), CBC(key[:SALT])).encryptor()
    return base64.b64encode(cipher.update(plain + bytes([pad]) * pad) + cipher.finalize()).decode()


def unsealed(text: str, *, appid: str, keys: Sequence[bytes]) -> bytes:
    """The message of an envelope for this appid, under the first key that fits."""
    try:
        content = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Unverified("envelope") from error
    if not content or len(content) % BLOCK:
        raise Unverified("envelope")
    for key in keys:
        message = _message(content, key, appid.encode())
        if message is not None:
            return message
    raise Unverified("aes_key")


def _message(content: bytes, key: bytes, appid: bytes) -> bytes | None:
    cipher = Cipher(AES(key), CBC(key[:SALT])).decryptor()
    plain = cipher.update(content) + cipher.finalize()
    pad = plain[-1]
    if not 1 <= pad <= BLOCK or plain[-pad:] != bytes([pad]) * pad:
        return None
    plain = plain[SALT:-pad]
    end = LENGTH + int.from_bytes(plain[:LENGTH])
    return plain[LENGTH:end] if plain[end:] == appid else None


def _document(message: bytes) -> dict[str, Any]:
    try:
        found = json.loads(message)
    except ValueError as error:
        raise Unverified("message") from error
    if not isinstance(found, dict):
        raise Unverified("message")
    return found
