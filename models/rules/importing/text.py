"""Text as people and programs leave it in cells, brought to one form."""

import re

# Characters that nobody sees: controls, soft hyphens, zero-width signs, direction marks, byte order marks.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]"
)
_BLANK_BETWEEN_HAN = re.compile(r"(?<=[\u3400-\u9fff])\s+(?=[\u3400-\u9fff])")
_BLANKS = frozenset({"", "-", "--", "—", "/", "\\n", "null", "none", "n/a", "#n/a"})

# Only the wide twins of plain signs. Folding everything that looks alike would read 5² as 52.
_WIDE = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20, 0xFFE5: 0xA5, 0x2212: 0x2D}


def tidy(raw: str) -> str:
    """Without blanks around and without characters that nobody can see."""
    bare = raw.strip()
    return bare if bare.isprintable() else _INVISIBLE.sub("", bare).strip()


def fold(raw: str) -> str:
    """Tidied, with full-width letters, digits and signs brought to their common form."""
    bare = tidy(raw)
    return bare if bare.isascii() else bare.translate(_WIDE).strip()


def close_up(raw: str) -> str:
    """Folded, with the blanks between Chinese characters taken out."""
    return _BLANK_BETWEEN_HAN.sub("", fold(raw))


def is_blank(folded: str) -> bool:
    """Whether the cell says nothing: empty, or one of the signs that exports write for nothing."""
    return len(folded) <= 4 and folded.lower() in _BLANKS
