"""How money leaves: what any channel of transfers must answer, and the two ways in which it may not."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from models.rules.withdrawal import TransferState


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """A transfer as its channel knows it; ``package`` opens the payee's confirmation while it is waited for."""

    number: str
    amount_fen: int
    state: TransferState
    reason: str = ""
    package: str = ""
    made_at: datetime | None = None


class Uncertain(Exception):
    """No answer came: the bill may be there or not, and only a query will tell."""


class Refused(Exception):
    """The channel made no bill, and says why."""


class Transfers(Protocol):
    """A channel that pays one bill a number, however often it is asked to."""

    def send(self, *, number: str, payee: str, amount_fen: int) -> Bill:
        """Ask for a transfer; ``Refused`` where none was made, ``Uncertain`` where nobody knows."""

    def query(self, *, number: str) -> Bill | None:
        """The bill of a number; ``None`` where the channel knows of none, ``Uncertain`` without an answer."""
