"""The mini-program's sign-in: a one-time code of `wx.login` for the person's openid, over WeChat's own wire."""

import json
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

import structlog

log = structlog.get_logger("jobs.gateways")

HOST = "https://api.weixin.qq.com"
PATH = "/sns/jscode2session"
TIMEOUT_SECONDS = 5.0
BUSY = frozenset({-1, 45011})
LARGEST_REPLY = 16_384

Wire = Callable[[Mapping[str, str]], bytes]
"""The query's parameters in, the reply's bytes out; `OSError` without an answer."""


@dataclass(frozen=True, slots=True)
class Identified:
    """Whom a code stands for. The session key stays at WeChat: nothing here needs it."""

    openid: str


class Refused(Exception):
    """The code is no good: unknown, used, run out, or its person is barred."""


class Unavailable(Exception):
    """No answer, or none that can be used: the same code may be tried again."""


class MiniProgram(Protocol):
    """Who says whom a code stands for."""

    def jscode2session(self, code: str) -> Identified:
        """The person of a code. `Refused` or `Unavailable`."""


class WeChatMini:
    """The real conversation; ``wire`` carries it, over the network or to a simulator."""

    def __init__(self, *, appid: str, secret: str, wire: Wire | None = None) -> None:
        self._appid, self._secret, self._wire = appid, secret, wire or over_https(HOST)

    def jscode2session(self, code: str) -> Identified:
        """Ask once; the reply is read strictly, its errors told apart by their number."""
        asked = {
            "appid": self._appid, "secret": self._secret, "js_code": code, "grant_type": "authorization_code"
        }  # fmt: skip
        try:
            reply = json.loads(self._wire(asked))
        except (OSError, ValueError) as error:
            raise Unavailable(type(error).__name__) from error
        errcode = reply.get("errcode", 0) if isinstance(reply, dict) else -1
        if errcode in BUSY:
            raise Unavailable(str(errcode))
        if errcode:
            log.info("wechat.refused", verb="jscode2session", errcode=errcode)
            raise Refused(str(errcode))
        openid = reply.get("openid")
        if not isinstance(openid, str) or not openid:
            raise Unavailable("no openid")
        return Identified(openid)


def over_https(host: str) -> Wire:
    """The wire to a host."""

    def send(asked: Mapping[str, str]) -> bytes:
        address = f"{host}{PATH}?{urllib.parse.urlencode(asked)}"
        with urllib.request.urlopen(address, timeout=TIMEOUT_SECONDS) as reply:
            return bytes(reply.read(LARGEST_REPLY))

    return send
