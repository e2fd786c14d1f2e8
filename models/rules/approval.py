"""What two people do together: one asks, another decides, within a day, about exactly what was shown."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from models.errors import Conflict, Forbidden

APPROVAL_HOURS = 24
"""How long a request for approval stands; after that it is made anew."""


class Word(str):
    """A word of our own among the values of a line, translated in the catalogue where it is shown."""

    __slots__ = ()


@dataclass(frozen=True)
class Line:
    """One line of what will happen, as the second person reads it.

    ``title`` is translated in the catalogue; ``kind`` says how the value looks: text, code, count, money, moment.
    """

    title: str
    value: Any
    kind: str = "text"

    @property
    def is_word(self) -> bool:
        return isinstance(self.value, Word)


class SameHands(Forbidden):
    """The maker tried to decide."""


class Expired(Conflict):
    """The request is older than it may be."""


class PayloadChanged(Conflict):
    """What is decided about is not what the checker saw."""


class AlreadyDecided(Conflict):
    """A request is decided once."""


def expires_at(made_at: datetime) -> datetime:
    """The instant at which a request can no longer be approved."""
    return made_at + timedelta(hours=APPROVAL_HOURS)


def check_open(*, made_at: datetime, at: datetime, rule: str) -> None:
    """Refuse what was asked for a day ago or longer."""
    if expires_at(made_at) <= at:
        raise Expired(f"规则 {rule}：该申请已超过 {APPROVAL_HOURS} 小时，请重新提交。")
