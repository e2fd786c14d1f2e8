"""The one way out: a call goes to its configured host alone, in bounded time and size, and leaves one line in the log.

The line is made of chosen words: verb, status, code, request id, duration. Addresses, headers and bodies, which carry
tokens and names, never reach it, and the messages of the other side are cleaned of what looks like either.
"""

import ipaddress
import logging
import random
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol
from urllib.parse import urlsplit

import httpx
import structlog

log = structlog.get_logger("jobs.gateways")
# httpx writes whole addresses, tokens included, at INFO.
logging.getLogger("httpx").setLevel(logging.WARNING)

AGENT = "qianxing-console"
CONNECT_SECONDS, READ_SECONDS, TOTAL_SECONDS = 3.0, 8.0, 15.0
LARGEST_REPLY = 2 * 1024 * 1024
TRIES = 3
BACK_OFF_SECONDS = (0.2, 0.8)
LONGEST_WAIT_SECONDS = 5.0
LONGEST_MESSAGE = 200

_SECRET = re.compile(
    r"(?<![\w-])o[\w-]{20,}(?![\w-])|(?<!\d)1[3-9]\d{9}(?!\d)|(?<!\d)\d{17}[\dXx](?!\d)"
    r"|(?i:(?:access_token|secret|session_key|signature)[\"'=: ]+)[^\s&\"',}]+|[\w+/=-]{60,}",
    re.ASCII,
)


class Misdirected(RuntimeError):
    """A call would leave for a host that nobody configured."""


class GatewayError(Exception):
    """The other side did not do it: ``code`` is its own, ``request_id`` what its support asks for."""

    def __init__(self, code: str, message: str = "", *, status: int = 0, request_id: str = "") -> None:
        super().__init__(f"{cleaned(message)}（{code}）" if message else code)
        self.code, self.status, self.request_id = code, status, request_id


class Retryable(GatewayError):
    """Nobody knows whether it was done: no answer, a busy server, an answer that cannot be trusted.

    ``is_sent`` is false where the request certainly never arrived.
    """

    def __init__(
        self, code: str, message: str = "", *, status: int = 0, request_id: str = "", is_sent: bool = True
    ) -> None:
        super().__init__(code, message, status=status, request_id=request_id)
        self.is_sent = is_sent


class Refused(GatewayError):
    """The other side said no, with a code that says why."""


def cleaned(message: str) -> str:
    """A message of the other side, short and without what looks like a person or a secret."""
    return _SECRET.sub("***", message)[:LONGEST_MESSAGE]


class Kind(StrEnum):
    """What a reply means for the call that it answers."""

    DONE = "done"
    AGAIN = "again"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back, its header names in lower case."""

    status: int
    headers: Mapping[str, str]
    content: bytes


@dataclass(frozen=True, slots=True)
class Verdict:
    """A reply as its family of interfaces reads it."""

    kind: Kind
    code: str = ""
    message: str = ""
    request_id: str = ""


class Manner(Protocol):
    """How one family of interfaces speaks."""

    def headers(self, method: str, target: str, body: bytes) -> Mapping[str, str]:
        """The headers of one attempt; ``target`` is path and query exactly as they are sent."""

    def read(self, reply: Reply) -> Verdict:
        """What a reply means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request. ``is_safe`` calls may be made again by themselves: reads, and writes documented as repeatable.

    ``per_second`` is the documented limit of the verb, kept by each process; 0 where none is published. ``seconds`` is
    how long the reply may take in all: files take longer than answers.
    """

    verb: str
    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    content_type: str = "application/json"
    is_safe: bool = False
    per_second: float = 0.0
    largest: int = LARGEST_REPLY
    seconds: float = TOTAL_SECONDS


class Rate:
    """Turns for a number of calls a second; who would have to wait too long is told so before anything is sent."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._next: dict[str, float] = {}
        self._lock = threading.Lock()

    def take(self, verb: str, per_second: float) -> float:
        """The seconds until this call's turn; `Retryable` where that is too long."""
        if not per_second:
            return 0.0
        with self._lock:
            now = self._clock()
            turn = max(now, self._next.get(verb, 0.0))
            if turn - now > LONGEST_WAIT_SECONDS:
                raise Retryable("rate", "too many calls wait for their turn", is_sent=False)
            self._next[verb] = turn + 1 / per_second
        return turn - now


class Client:
    """Calls to one host. ``transport`` replaces the network, ``sleep`` and ``clock`` the passing of time."""

    def __init__(
        self,
        *,
        name: str,
        host: str,
        manner: Manner,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.name, self.host = name, checked(host)
        self._manner, self._sleep, self._clock = manner, sleep, clock
        self._rate = Rate(clock)
        # trust_env off: no proxy and no credentials of the machine's environment come in by the back door.
        self._http = httpx.Client(
            timeout=httpx.Timeout(READ_SECONDS, connect=CONNECT_SECONDS), follow_redirects=False, trust_env=False,
            transport=transport, headers={"User-Agent": AGENT, "Accept-Encoding": "identity"},
        )  # fmt: skip

    def send(self, call: Call) -> Reply:
        """The reply of a call that was done. `Refused` or `Retryable` otherwise; safe calls are tried three times."""
        for again in range(TRIES):
            try:
                return self._once(call)
            except Retryable:
                if not call.is_safe or again == TRIES - 1:
                    raise
                self._sleep(BACK_OFF_SECONDS[again] * random.uniform(0.5, 1.0))
        raise AssertionError("the last attempt returns or raises")

    def _once(self, call: Call) -> Reply:
        self._sleep(self._rate.take(call.verb, call.per_second))
        began = self._clock()
        try:
            reply = self._exchange(call, began)
        except httpx.HTTPError as error:
            is_sent = not isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
            kind = type(error).__name__
            self._told(call, began, code=kind)
            raise Retryable(kind, is_sent=is_sent) from error
        verdict = self._manner.read(reply)
        self._told(call, began, status=reply.status, code=verdict.code, rid=verdict.request_id)
        if verdict.kind is Kind.DONE:
            return reply
        raised = Refused if verdict.kind is Kind.REFUSED else Retryable
        raise raised(verdict.code, verdict.message, status=reply.status, request_id=verdict.request_id)

    def _exchange(self, call: Call, began: float) -> Reply:
        url = httpx.URL(self.host + call.path)
        url = url.copy_merge_params(dict(call.query)) if call.query else url
        if f"{url.scheme}://{url.netloc.decode()}" != self.host:
            raise Misdirected(call.verb)
        target = url.raw_path.decode()
        headers = dict(self._manner.headers(call.method, target, call.body))
        if call.body:
            headers["Content-Type"] = call.content_type
        with self._http.stream(call.method, url, content=call.body or None, headers=headers) as answer:
            parts, size = [], 0
            for part in answer.iter_bytes():
                size += len(part)
                if size > call.largest:
                    raise Retryable("too_large", status=answer.status_code)
                if self._clock() - began > call.seconds:
                    raise httpx.ReadTimeout("the reply trickles")
                parts.append(part)
        lower = {name.lower(): value for name, value in answer.headers.items()}
        return Reply(status=answer.status_code, headers=lower, content=b"".join(parts))

    def _told(self, call: Call, began: float, *, status: int = 0, code: str = "", rid: str = "") -> None:
        ms = round((self._clock() - began) * 1000, 1)
        log.info("gateway.call", gateway=self.name, verb=call.verb, status=status, code=code, rid=rid, ms=ms)


def checked(host: str) -> str:
    """A host as `https://name[:port]`; plain http only on this machine, where simulators live."""
    parts = urlsplit(host)
    is_plain = parts.scheme == "http" and is_here(parts.hostname or "")
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.username:
        raise Misdirected(f"接口地址写作 https://主机名：{host!r} 不是。")
    if parts.scheme != "https" and not is_plain:
        raise Misdirected(f"接口地址须为 https（本机模拟器除外）：{host!r}。")
    # As the client writes it: without the port that goes without saying.
    url = httpx.URL(f"{parts.scheme}://{parts.netloc}")
    return f"{url.scheme}://{url.netloc.decode()}"


def is_here(name: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"
