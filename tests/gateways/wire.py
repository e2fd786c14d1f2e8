"""The network by a script: each call is answered by the next reply, signed as WeChat would; calls are kept."""

import json
import time
from collections.abc import Callable
from typing import Any

import httpx

from jobs.gateways import signature
from jobs.gateways.wechat_pay import Pay
from tests.gateways import keys

Answer = httpx.Response | Exception


class Wire(httpx.BaseTransport):
    """Replies in order; an exception in their place is what the network does."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.calls: list[httpx.Request] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self.calls.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def sent(self, n: int = -1) -> Any:
        """The body of a call."""
        return json.loads(self.calls[n].content)


def signed(
    body: Any, *, status: int = 200, signer: str = "wechat", serial: str = keys.PUBLIC_KEY_ID, age: int = 0, **headers
) -> httpx.Response:
    """A reply of WeChat Pay."""
    content = b"" if body is None else json.dumps(body).encode()
    stamped = signing(content, signer=signer, serial=serial, age=age) | headers
    return httpx.Response(status, content=content, headers=stamped | {"Request-ID": "rid-1"})


def signing(content: bytes, *, signer: str = "wechat", serial: str = keys.PUBLIC_KEY_ID, age: int = 0):
    """The four headers that prove a body to be WeChat's."""
    moment, nonce = str(int(time.time()) - age), "n0nce"
    return {
        "Wechatpay-Timestamp": moment,
        "Wechatpay-Nonce": nonce,
        "Wechatpay-Serial": serial,
        "Wechatpay-Signature": signature.signed(keys.key(signer), moment.encode(), nonce.encode(), content),
    }


def refused(status: int, code: str, message: str = "不行") -> httpx.Response:
    """An error of WeChat Pay, which carries no signature."""
    return httpx.Response(status, json={"code": code, "message": message})


def pay(wire: httpx.BaseTransport, sleep: Callable[[float], None] = lambda _: None, **values: Any) -> Pay:
    """The merchant's conversation over a wire, without waiting."""
    given = {"merchant": keys.merchant(), "platform": keys.platform()} | values
    return Pay(host="https://pay.test", transport=wire, sleep=sleep, **given)
