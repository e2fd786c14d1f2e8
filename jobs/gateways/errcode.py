"""How `api.weixin.qq.com` answers: HTTP 200 with an ``errcode``, its message ending in a request id."""

import re
from collections.abc import Mapping

from jobs.gateways.http import Kind, Reply, Retryable, Verdict
from jobs.gateways.shape import document

HOST = "https://api.weixin.qq.com"
EXPIRED = frozenset({"40001", "40014", "42001"})
"""The access token is no good (any more): fetched anew once, then it is an error [H]."""
BUSY = frozenset({"-1", "45011", "100003", "10021044"})
"""Busy, asked too often this minute, order changed too often, too many at one after-sale: later [M].
A day's spent quota (45009) is a refusal."""

_REQUEST_ID = re.compile(r"\s*rid:\s*(?P<rid>[0-9a-f-]{8,})\s*$")


class Manner:
    """Replies of the family told apart. An image is a success; an error comes as JSON even where bytes were asked."""

    def headers(self, method: str, target: str, body: bytes) -> Mapping[str, str]:
        return {"Accept": "*/*"}

    def read(self, reply: Reply) -> Verdict:
        if reply.status != 200:
            is_busy = reply.status >= 500 or reply.status == 429
            return Verdict(Kind.AGAIN if is_busy else Kind.REFUSED, f"HTTP_{reply.status}")
        if is_bytes(reply):
            return Verdict(Kind.DONE)
        try:
            found = document(reply.content)
        except Retryable as error:
            return Verdict(Kind.AGAIN, error.code)
        code, (message, rid) = str(found.get("errcode", 0)), parted(str(found.get("errmsg", "")))
        if code == "0":
            return Verdict(Kind.DONE, request_id=rid)
        return Verdict(Kind.AGAIN if code in BUSY else Kind.REFUSED, code, message, rid)


def is_bytes(reply: Reply) -> bool:
    """Whether a reply is a file: its type says so and it does not begin like JSON."""
    kind = reply.headers.get("content-type", "")
    return kind.startswith(("image/", "application/octet-stream")) and not reply.content.lstrip().startswith(b"{")


def parted(message: str) -> tuple[str, str]:
    """A message and the request id at its end."""
    found = _REQUEST_ID.search(message)
    return (message[: found.start()], found["rid"]) if found else (message, "")
