"""What goes wrong, by a script: for each verb the next few calls, in order."""

from collections import defaultdict, deque
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import httpx


class Trouble(StrEnum):
    """Before anything was done: `lost`, `error`, `busy`, `refuse`. After it was: the others of answers; `spoiled` is
    half of a file.

    Of callbacks (verb `notice` or `push`): `duplicate`, `late`, `dropped`, `signtest`, `bad_signature`, `stale`.
    """

    LOST = "lost"
    ERROR = "error"
    BUSY = "busy"
    REFUSE = "refuse"
    TIMEOUT = "timeout"
    ERROR_AFTER = "error_after"
    BUSY_AFTER = "busy_after"
    SIGNTEST = "signtest"
    BAD_SIGNATURE = "bad_signature"
    STALE = "stale"
    UNSIGNED = "unsigned"
    SPOILED = "spoiled"
    DUPLICATE = "duplicate"
    LATE = "late"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class Fault:
    """One of them; ``with_`` holds what a kind needs besides: status and code of a refusal, seconds of a delay."""

    kind: Trouble
    with_: dict[str, Any] = field(default_factory=dict)


class Silence(httpx.ReadTimeout):
    """No answer. A server cuts the line; inside one process it is what a client's network would raise."""

    def __init__(self) -> None:
        super().__init__("the simulator was told to stay silent")


class Faults:
    """Scripts by verb; `*` stands for any verb that has none of its own."""

    def __init__(self) -> None:
        self._scripts: defaultdict[str, deque[Fault]] = defaultdict(deque)

    def script(self, verb: str, kind: str, *, times: int = 1, **with_: Any) -> None:
        """The next ``times`` calls of a verb go wrong like this."""
        self._scripts[verb].extend([Fault(Trouble(kind), with_)] * times)

    def take(self, verb: str) -> Fault | None:
        """What goes wrong with this call."""
        for name in (verb, "*"):
            if self._scripts[name]:
                return self._scripts[name].popleft()
        return None

    def left(self) -> dict[str, int]:
        """How many calls of each verb are still scripted."""
        return {verb: len(script) for verb, script in self._scripts.items() if script}
