"""The one place of access tokens: fetched as stable tokens, kept in this process, renewed before they end.

A token never leaves the process: in normal mode `stable_token` gives every process the same one [H], so that sharing it
through a store would only add a place to steal it from.
"""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from jobs.gateways.http import Call, Client, Refused, Retryable
from jobs.gateways.shape import Shape, document, shaped, written

PATH = "/cgi-bin/stable_token"
EARLY_SECONDS = 280
"""Within its last 300 seconds the next token is given out and both are good [H]."""


class Account(StrEnum):
    """Five kinds of account give out tokens, and a verb takes one kind only: with another it answers 48001 [H]."""

    SHOP = "shop"
    ASSISTANT = "assistant"
    TALENT = "talent"
    AGENCY = "agency"
    MINI = "mini"


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """What an account proves itself with."""

    appid: str
    secret: str = field(repr=False)


class NotSetUp(Refused):
    """No credentials of this kind of account are configured."""

    def __init__(self, account: Account) -> None:
        super().__init__("not_set_up", f"没有配置 {account} 账号的 appid 与 secret")
        self.account = account


class Token(Shape):
    access_token: str
    expires_in: int


@dataclass(slots=True)
class Kept:
    """A token and the instant it ends at."""

    text: str
    ends: float


class Tokens:
    """Tokens by account; whoever comes while one is being fetched waits for it and takes it."""

    def __init__(self, client: Client, apps: Mapping[Account, App], *, clock: Callable[[], float] = time.time) -> None:
        self.apps = apps
        self._client, self._clock = client, clock
        self._kept: dict[Account, Kept] = {}
        self._locks = {account: threading.Lock() for account in Account}

    def get(self, account: Account) -> str:
        """A token that is good for minutes. While the interface is silent, one that is good yet serves on."""
        with self._locks[account]:
            kept = self._kept.get(account)
            if kept is not None and self._clock() < kept.ends - EARLY_SECONDS:
                return kept.text
            try:
                kept = self._kept[account] = self._fetched(account)
            except Retryable:
                if kept is None or self._clock() >= kept.ends:
                    raise
            return kept.text

    def drop(self, account: Account, token: str) -> None:
        """Forget a token that was refused, unless it has been replaced meanwhile."""
        with self._locks[account]:
            kept = self._kept.get(account)
            if kept is not None and kept.text == token:
                del self._kept[account]

    def _fetched(self, account: Account) -> Kept:
        app = self.apps.get(account)
        if app is None:
            raise NotSetUp(account)
        body = {
            "grant_type": "client_credential", "appid": app.appid, "secret": app.secret, "force_refresh": False
        }  # fmt: skip
        began = self._clock()
        call = Call(verb=f"token.{account}", method="POST", path=PATH, body=written(body), is_safe=True)
        found = shaped(Token, document(self._client.send(call).content))
        return Kept(found.access_token, began + found.expires_in)
