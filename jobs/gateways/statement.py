"""Where statements come from: what a channel of statements must answer, and the ways in which it may not."""

from datetime import date
from pathlib import Path
from typing import Protocol

from models.rules.statement import Account


class NoBusiness(Exception):
    """The channel had no business on the day: final, there will be no file (NO_STATEMENT_EXIST)."""


class NotYet(Exception):
    """The file of the day is still being made: ask again in half an hour (STATEMENT_CREATING)."""


class Silent(Exception):
    """No answer, or a file whose digest does not agree: asking again is harmless."""


class Statements(Protocol):
    """A channel that hands out yesterday's statements."""

    def fetch(self, *, account: Account, day: date, into: Path) -> None:
        """Write the day's statement of an account into a file. `NoBusiness`, `NotYet` or `Silent`."""
