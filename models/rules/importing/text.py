"""Text as people and programs leave it in cells, brought to one form."""

import re
import unicodedata

_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")
_BLANK_BETWEEN_HAN = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")
_BLANKS = frozenset({"", "-", "--", "—", "/", "\\n", "null", "none", "n/a", "#n/a"})


def tidy(raw: str) -> str:
    """Without blanks around and without characters that nobody can see."""
    bare = raw.strip()
    return bare if bare.isascii() else _INVISIBLE.sub("", bare).strip()


def fold(raw: str) -> str:
    """Tidied, with full-width letters, digits and signs brought to their common form."""
    bare = raw.strip()
    return bare if bare.isascii() else unicodedata.normalize("NFKC", _INVISIBLE.sub("", bare)).strip()


def close_up(raw: str) -> str:
    """Folded, with the blanks between Chinese characters taken out."""
    return _BLANK_BETWEEN_HAN.sub("", fold(raw))


def is_blank(folded: str) -> bool:
    """Whether the cell says nothing: empty, or one of the signs that exports write for nothing."""
    return len(folded) <= 4 and folded.lower() in _BLANKS
