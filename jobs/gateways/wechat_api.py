"""`api.weixin.qq.com` as one account speaks to it: every verb with its token, renewed once when it is refused."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx

from jobs.gateways import errcode
from jobs.gateways.http import Call, Client, Refused, Reply
from jobs.gateways.shape import Shape, document, shaped, written
from jobs.gateways.token import Account, App, Tokens

Shaped = TypeVar("Shaped", bound=Shape)


@dataclass(frozen=True, slots=True)
class Voice:
    """One account's way to speak."""

    client: Client
    tokens: Tokens
    account: Account

    @property
    def appid(self) -> str:
        """Whom the account stands for; empty where nothing is configured."""
        app = self.tokens.apps.get(self.account)
        return app.appid if app else ""

    def ask(self, verb: str, path: str, kind: type[Shaped], body: dict[str, Any], *, is_safe: bool = False) -> Shaped:
        """A typed answer. ``is_safe`` reads, and writes documented as repeatable, are made again by themselves."""
        return shaped(kind, document(self.send(verb, path, body, is_safe=is_safe).content))

    def send(self, verb: str, path: str, body: dict[str, Any], *, is_safe: bool = False) -> Reply:
        """The reply as it is. A refused token is dropped and the call made once more: nothing was done under it."""
        token = self.tokens.get(self.account)
        try:
            return self._sent(verb, path, body, token, is_safe=is_safe)
        except Refused as refusal:
            if refusal.code not in errcode.EXPIRED:
                raise
            self.tokens.drop(self.account, token)
        return self._sent(verb, path, body, self.tokens.get(self.account), is_safe=is_safe)

    def _sent(self, verb: str, path: str, body: dict[str, Any], token: str, *, is_safe: bool) -> Reply:
        return self.client.send(
            Call(
                verb=verb, method="POST", path=path, query={"access_token": token}, body=written(body), is_safe=is_safe
            )
        )  # fmt: skip


class Api:
    """The host, and a voice for each account."""

    def __init__(
        self,
        *,
        apps: Mapping[Account, App],
        host: str = errcode.HOST,
        transport: httpx.BaseTransport | None = None,
        now: Callable[[], float] = time.time,
        **passing: Any,
    ) -> None:
        self.client = Client(name="wechat", host=host, manner=errcode.Manner(), transport=transport, **passing)
        self.tokens = Tokens(self.client, apps, clock=now)

    def voice(self, account: Account) -> Voice:
        return Voice(self.client, self.tokens, account)
