"""A slip of the pen in a column of few words, mended where the rest of the file leaves one choice."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import NamedTuple

WORDS_MAX = 30
_COMMON_MIN = 20
_RARE_SHARE = 0.001


class Mend(NamedTuple):
    """A rare word beside a province, and the word it certainly stands for; None where that is a guess."""

    province_code: str | None
    written: str
    meant: str | None


def mend(pairs: Mapping[tuple[str | None, str | None], int]) -> list[Mend]:
    """What the rare words of a file stand for, from how often each word stands beside each province.

    A word is mended when exactly one common word differs from it by one character and that word is the only common
    one beside the row's province in the rest of the file.
    """
    words: Counter[str] = Counter()
    beside: defaultdict[str, set[str]] = defaultdict(set)
    for (_, word), count in pairs.items():
        if word is not None:
            words[word] += count
    rare_below = max(1, round(words.total() * _RARE_SHARE))
    common = {word for word, count in words.items() if count > rare_below and count >= _COMMON_MIN}
    if not common or len(common) > WORDS_MAX:
        return []
    for province, word in pairs:
        if province is not None and word in common:
            beside[province].add(word)
    return [
        Mend(province, word, _meant(word, common, beside.get(province, set()) if province else set()))
        for province, word in sorted(pairs, key=str)
        if word is not None and word not in common and words[word] <= rare_below
    ]


def _meant(word: str, common: set[str], beside: set[str]) -> str | None:
    near = [other for other in common if _differ_by_one(word, other)]
    here = [other for other in near if other in beside]
    return here[0] if len(beside) == 1 and len(here) == 1 else None


def _differ_by_one(one: str, other: str) -> bool:
    return len(one) == len(other) > 1 and sum(1 for a, b in zip(one, other, strict=True) if a != b) == 1
