"""WeChat's side of the sign-in without WeChat: replies as its wire has them, the same person by the same name."""

import base64
import hashlib
import json
from collections.abc import Mapping
from typing import Any

import structlog

from jobs.gateways.wechat_mini import WeChatMini

log = structlog.get_logger("jobs.gateways")

APPID, SECRET = "wx-simulated", "simulated"
LONGEST_CODE = 128


class MiniProgramSimulator:
    """A code `NAME.ANYTHING` stands for NAME once; `bad`, `busy`, `blocked` and `silent` name what goes wrong."""

    def __init__(self) -> None:
        self.used: set[str] = set()

    def __call__(self, asked: Mapping[str, str]) -> bytes:
        """One reply, as bytes."""
        log.warning("simulator.used", gateway="wechat_mini", verb="jscode2session")
        if asked.get("js_code", "").startswith("silent."):
            raise TimeoutError("no answer")
        return json.dumps(self._reply(asked)).encode()

    def _reply(self, asked: Mapping[str, str]) -> dict[str, Any]:
        code = asked.get("js_code", "")
        name, dot, rest = code.partition(".")
        if (asked.get("appid"), asked.get("secret")) != (APPID, SECRET):
            return {"errcode": 40125, "errmsg": "invalid appsecret"}
        if name == "busy":
            return {"errcode": -1, "errmsg": "system error"}
        if name == "blocked":
            return {"errcode": 40226, "errmsg": "code blocked"}
        if not (name and dot and rest) or name == "bad" or code in self.used or len(code) > LONGEST_CODE:
            return {"errcode": 40029, "errmsg": "invalid code"}
        self.used.add(code)
        return {"openid": openid(name), "session_key": "c2ltdWxhdGVkIHNlc3Npb24ga2V5"}


def openid(name: str) -> str:
    """The openid of a simulated person."""
    drawn = base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()).decode()
    return "o" + drawn[:27]


def mini_program() -> WeChatMini:
    """The real client over the simulator's wire."""
    return WeChatMini(appid=APPID, secret=SECRET, wire=MiniProgramSimulator())
