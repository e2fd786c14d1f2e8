"""WeChat Pay APIv3 as spoken by every verb of it: signed there, verified back, errors told apart by their code.

A 2xx that is not verifiably WeChat's counts as no answer: `Retryable`, and whoever moved money asks before doing more.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from jobs.gateways import signature
from jobs.gateways.http import Call, Client, Kind, Reply, Retryable, Verdict
from jobs.gateways.shape import Id, Shape, document, shaped, written
from jobs.gateways.signature import Merchant, Platform, Unverified

HOST = "https://api.mch.weixin.qq.com"
BUSY = frozenset({"SYSTEM_ERROR", "FREQUENCY_LIMITED", "FREQUENCY_LIMIT_EXCEED", "RATELIMIT_EXCEEDED", "RATE_LIMITED"})
LARGEST_NOTICE = 64 * 1024
FILE_SECONDS = 240.0
"""The address of a file is good for five minutes [H]."""

Shaped = TypeVar("Shaped", bound=Shape)


@dataclass(frozen=True, slots=True)
class Manner:
    """How APIv3 signs and answers. A 4xx carries no signature, so the status decides before anything is verified."""

    merchant: Merchant
    platform: Platform

    def headers(self, method: str, target: str, body: bytes) -> Mapping[str, str]:
        # Announcing our public key's id keeps replies on it while a platform certificate is still valid [H].
        return {
            "Accept": "application/json",
            "Wechatpay-Serial": self.platform.newest,
            "Authorization": signature.authorization(self.merchant, method, target, body),
        }

    def read(self, reply: Reply) -> Verdict:
        rid = reply.headers.get("request-id", "")
        if reply.status in (200, 204):
            return Verdict(Kind.DONE, request_id=rid)
        code, message = self._error(reply)
        is_busy = reply.status >= 500 or reply.status in (202, 429) or code in BUSY or reply.status < 400
        return Verdict(Kind.AGAIN if is_busy else Kind.REFUSED, code, message, rid)

    @staticmethod
    def _error(reply: Reply) -> tuple[str, str]:
        try:
            found = document(reply.content)
        except Retryable:
            # Unknown paths and methods answer 404 and 405 without a body [H].
            return f"HTTP_{reply.status}", ""
        return str(found.get("code") or f"HTTP_{reply.status}"), str(found.get("message") or "")


class Notice(Shape):
    """A callback whose signature stood and whose resource opened. ``id`` names the delivery: the same one may come
    fifteen times within a day, and over two links at once."""

    id: Id
    create_time: datetime
    event_type: str
    summary: str = ""
    original_type: str = ""
    resource: dict[str, Any]


class Pay:
    """One merchant's conversation with WeChat Pay."""

    def __init__(
        self,
        *,
        merchant: Merchant,
        platform: Platform,
        host: str = HOST,
        transport: httpx.BaseTransport | None = None,
        **passing: Any,
    ) -> None:
        self.merchant, self.platform = merchant, platform
        self.client = Client(
            name="wechat_pay", host=host, manner=Manner(merchant, platform), transport=transport, **passing
        )

    def get(self, verb: str, path: str, kind: type[Shaped], *, per_second: float = 0, **query: str) -> Shaped:
        """A read; made again by itself where the answer is missing."""
        call = Call(verb=verb, method="GET", path=path, query=query, is_safe=True, per_second=per_second)
        return shaped(kind, self._trusted(call))

    def post(self, verb: str, path: str, kind: type[Shaped], body: dict[str, Any], *, per_second: float = 0) -> Shaped:
        """A write; never made again by itself. Its out_… number makes it one, and a query tells what became of it."""
        call = Call(verb=verb, method="POST", path=path, body=written(body), per_second=per_second)
        return shaped(kind, self._trusted(call))

    def download(self, verb: str, address: str, *, largest: int) -> bytes:
        """A file by the address that a reply named, which must lie on our host: signed, but answered unsigned [H]."""
        if not address.startswith(f"{self.client.host}/"):
            raise Retryable("foreign_address", "a file was offered from another host")
        url = httpx.URL(address)
        call = Call(
            verb=verb, method="GET", path=url.raw_path.decode(), is_safe=True, largest=largest, seconds=FILE_SECONDS
        )
        return self.client.send(call).content

    def notice(self, headers: Mapping[str, str], body: bytes, *, now: float) -> Notice:
        """A callback as it reached us; `Unverified` unless it proves to be WeChat's. ``body`` is the raw bytes."""
        if len(body) > LARGEST_NOTICE:
            raise Unverified("too_large")
        signature.verify(self.platform, headers, body, now=now)
        try:
            envelope = document(body)
            sealed = dict(envelope["resource"])
            plain = document(signature.opened(sealed, self.platform.secrets))
            return shaped(Notice, envelope | {"resource": plain, "original_type": sealed.get("original_type")})
        except (Retryable, KeyError, TypeError, ValueError) as error:
            raise Unverified("envelope") from error

    def _trusted(self, call: Call) -> dict[str, Any]:
        reply = self.client.send(call)
        try:
            signature.verify(self.platform, reply.headers, reply.content, now=time.time())
        except Unverified as error:
            raise Retryable(f"unverified_{error.why}", request_id=reply.headers.get("request-id", "")) from error
        return document(reply.content) if reply.content else {}


class Certificate(Shape):
    """A platform certificate, sealed under the APIv3 key."""

    serial_no: Id
    effective_time: datetime
    expire_time: datetime
    encrypt_certificate: dict[str, str]


class Certificates(Shape):
    data: list[Certificate]


def certificates(pay: Pay) -> dict[str, RSAPublicKey]:
    """The platform's certificates by serial, the one that lasts longest first.

    Only merchants of the certificate mode have them; new ones get 404 RESOURCE_NOT_EXISTS [H]. The reply proves itself
    by opening under the APIv3 key: its signature may be of a certificate that we do not know yet.
    """
    reply = pay.client.send(Call(verb="certificates", method="GET", path="/v3/certificates", is_safe=True))
    found = sorted(shaped(Certificates, document(reply.content)).data, key=lambda one: one.expire_time, reverse=True)
    secrets = pay.platform.secrets
    return {one.serial_no: signature.public_key(signature.opened(one.encrypt_certificate, secrets)) for one in found}


def part(number: str) -> str:
    """A number as a part of a path: what WeChat allows in numbers beyond letters is escaped before it is signed."""
    return quote(number, safe="")
