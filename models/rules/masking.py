"""Personal data made unreadable for whoever has no reason to read it: in packs as in lists."""

from typing import Any

STARS = 3


def name(text: Any) -> Any:
    """The first sign and stars."""
    return f"{text[:1]}{'*' * min(max(len(text) - 1, 1), STARS)}" if text else text


def phone(text: Any) -> Any:
    """The first three and the last four digits."""
    if not text:
        return text
    return f"{text[:3]}****{text[-4:]}" if len(text) >= 11 else "*" * len(text)


def nothing(text: Any) -> Any:
    """That there is something, and not what."""
    return "***" if text else text
