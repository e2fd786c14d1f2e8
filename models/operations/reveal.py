"""Showing a person's data unmasked: counted, and written into the trail before anybody sees it."""

from collections.abc import Collection
from datetime import datetime

from models.operations import attempt, audit
from models.rules import attempt as rules


def reveal(*, about: str, columns: Collection[str], staff_id: int, at: datetime) -> None:
    """Let one person see these columns of one row now, or refuse who looked at too many within the hour."""
    attempt.take(rules.of_reveal(staff_id=staff_id), at=at)
    audit.note(what="pii.revealed", about=about, columns=sorted(columns))
