"""The mini-program's server side: who signs in, their phone number, messages they agreed to, codes that open pages."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import structlog
from pydantic import Field

from jobs.gateways import errcode, http
from jobs.gateways.http import Call
from jobs.gateways.shape import Id, Shape, document, shaped
from jobs.gateways.token import NotSetUp
from jobs.gateways.wechat_api import Voice

log = structlog.get_logger("jobs.gateways")

SIGN_IN = "/sns/jscode2session"
LARGEST_IMAGE = 1024 * 1024
NOT_ASKED = "43101"
"""The person has not agreed to this message, or the one consent is used up: final, never sent again [H]."""

_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")


@dataclass(frozen=True, slots=True)
class Identified:
    """Whom a code stands for. The session key stays here: nothing needs it."""

    openid: str


class Refused(Exception):
    """The code is no good: unknown, used, run out, or its person is barred."""


class Unavailable(Exception):
    """No answer, or none that can be used: the same code may be tried again."""


class MiniProgram(Protocol):
    """Who says whom a code stands for."""

    def jscode2session(self, code: str) -> Identified:
        """The person of a code. `Refused` or `Unavailable`."""


class Session(Shape):
    openid: str
    unionid: str = ""


class Phone(Shape):
    """A phone number that its owner has shown us, with and without the country's code."""

    number: str = Field(alias="phoneNumber")
    bare: str = Field(alias="purePhoneNumber")
    country: Id = Field(default="86", alias="countryCode")


class PhoneAnswer(Shape):
    phone_info: Phone


class Sent(Shape):
    """A message is on its way; its number comes with newer versions only [L]."""

    msgid: Id = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One subscription message; ``values`` by the template's keys, cut by their writer to what each kind takes."""

    openid: str = field(repr=False)
    template: str
    values: Mapping[str, str] = field(repr=False)
    page: str = ""


class BadScene(ValueError):
    """WeChat would not take this scene or page."""


class WeChatMini:
    """The verbs of one mini-program."""

    def __init__(self, voice: Voice) -> None:
        self._voice = voice

    def jscode2session(self, code: str) -> Identified:
        """Asked once: the code is used up by whoever asks first, so a second try would only meet 40029 [H]."""
        app = self._voice.tokens.apps.get(self._voice.account)
        if app is None:
            raise Unavailable(str(NotSetUp(self._voice.account)))
        query = {"appid": app.appid, "secret": app.secret, "js_code": code, "grant_type": "authorization_code"}
        call = Call(verb="mini.jscode2session", method="GET", path=SIGN_IN, query=query)
        try:
            found = shaped(Session, document(self._voice.client.send(call).content))
        except http.Refused as refusal:
            raise Refused(refusal.code) from refusal
        except http.Retryable as error:
            raise Unavailable(error.code) from error
        if not found.openid:
            raise Unavailable("no openid")
        return Identified(found.openid)

    def phone_number(self, code: str) -> Phone:
        """The number behind a code of `getPhoneNumber`; 40029 where the code is no good. Counts against a paid quota
        once the free one is used up [M]."""
        body = {"code": code}
        return self._voice.ask("mini.phone", "/wxa/business/getuserphonenumber", PhoneAnswer, body).phone_info

    def send_message(self, message: Message) -> Sent:
        """One message for one consent. `http.Refused` with code 43101 is final."""
        body = {
            "touser": message.openid, "template_id": message.template, "page": message.page or None,
            "miniprogram_state": "formal", "lang": "zh_CN",
            "data": {key: {"value": value} for key, value in message.values.items()},
        }  # fmt: skip
        return self._voice.ask("mini.message", "/cgi-bin/message/subscribe/send", Sent, body)

    def code_image(self, *, scene: str, page: str, width: int = 430) -> bytes:
        """A code without number limits that opens a page: the image itself. ``scene`` up to 32 visible characters,
        which is a short opaque word and never a person's number."""
        if not _SCENE.fullmatch(scene):
            raise BadScene("小程序码的 scene 须为 1 至 32 个可见字符。")
        if page.startswith("/") or "?" in page or not 280 <= width <= 1280:
            raise BadScene("小程序码的页面不以 / 开头、不带参数，宽度为 280 至 1280。")
        body = {"scene": scene, "page": page, "width": width}
        reply = self._voice.send("mini.code", "/wxa/getwxacodeunlimit", body, is_safe=True)
        if not errcode.is_bytes(reply):
            raise http.Retryable("not_an_image", status=reply.status)
        return reply.content
