"""What both families of interfaces share: requests as verbs take them, answers, refusals, and the table of verbs."""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from werkzeug.routing import Map, Rule

from jobs.gateways.simulator.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request whose proof stood: path parts, query, JSON body, and whose account it was."""

    parts: dict[str, str]
    query: dict[str, str]
    body: dict[str, Any]
    account: str = ""


@dataclass(frozen=True, slots=True)
class Given:
    """An answer: JSON, or bytes as they are; 204 has neither."""

    body: Any = None
    status: int = 200
    content: bytes | None = None
    content_type: str = "application/json"

    @property
    def payload(self) -> bytes:
        if self.content is not None:
            return self.content
        return b"" if self.body is None else json.dumps(self.body, ensure_ascii=False).encode()


class Wrong(Exception):
    """A refusal: of Pay by HTTP status and code, of the others by errcode."""

    def __init__(self, code: str | int, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


Verb = Callable[[World, Asked], Given]


@dataclass(slots=True)
class Verbs:
    """The verbs of a family by method and path. ``account`` names who may call one."""

    rules: list[Rule] = field(default_factory=list)
    accounts: dict[str, str] = field(default_factory=dict)
    made: dict[str, Verb] = field(default_factory=dict)

    def verb(self, name: str, path: str, *, method: str = "POST", account: str = "") -> Callable[[Verb], Verb]:
        def keep(function: Verb) -> Verb:
            self.rules.append(Rule(path, endpoint=name, methods=[method]))
            self.accounts[name], self.made[name] = account, function
            return function

        return keep

    def map(self) -> Map:
        return Map([rule.empty() for rule in self.rules], redirect_defaults=False, strict_slashes=False)


def rid() -> str:
    """The tail of every errmsg."""
    return f" rid: {secrets.token_hex(4)}-{secrets.token_hex(4)}-{secrets.token_hex(4)}"
