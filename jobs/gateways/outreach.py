"""How the mini-program reaches people: codes that lead into it, and subscription messages, over its real client."""

from collections.abc import Mapping
from typing import Protocol

from jobs.gateways import http
from jobs.gateways.wechat_mini import BadScene, Message, WeChatMini

OVER_QUOTA = frozenset({"45009"})
"""The day's or the minute's quota of the interface is used up [H]."""


class Unavailable(Exception):
    """No answer, or a plea to come back: the same may be asked again."""


class OverQuota(Unavailable):
    """The quota of the interface is used up; everybody waits."""


class Refused(Exception):
    """WeChat will never do this; the code says why (43101 not subscribed, 40037 template, 47003 values)."""


class Outreach(Protocol):
    """What the mini-program's server side may do to reach somebody."""

    def code(self, *, scene: str, page: str) -> bytes:
        """A picture of a code that opens ``page`` with ``scene``. `Refused` or `Unavailable`."""

    def message(self, *, openid: str, template: str, page: str, values: Mapping[str, str]) -> None:
        """Send one subscription message. `Refused`, `OverQuota` or `Unavailable`."""


class WeChatOutreach:
    """The mini-program's client, its errors told apart by what becomes of the message."""

    def __init__(self, mini: WeChatMini) -> None:
        self._mini = mini

    def code(self, *, scene: str, page: str) -> bytes:
        """The same scene is the same code for ever: asked again it harms nothing."""
        try:
            return self._mini.code_image(scene=scene, page=page)
        except BadScene as error:
            raise Refused(str(error)) from error
        except http.Refused as refusal:
            raise _told(refusal) from refusal
        except http.Retryable as error:
            raise Unavailable(error.code) from error

    def message(self, *, openid: str, template: str, page: str, values: Mapping[str, str]) -> None:
        """One message for one consent."""
        try:
            self._mini.send_message(Message(openid=openid, template=template, values=values, page=page))
        except http.Refused as refusal:
            raise _told(refusal) from refusal
        except http.Retryable as error:
            raise Unavailable(error.code) from error


def _told(refusal: http.Refused) -> Exception:
    return OverQuota(refusal.code) if refusal.code in OVER_QUOTA else Refused(str(refusal))
