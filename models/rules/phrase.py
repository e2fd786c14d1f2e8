"""The banned phrases (`phrases.csv`) and the scanner of everything that members and buyers get to read (rules 8.4).

The list is ours: 250 phrases and patterns with category, severity, what may stand there instead and the article behind
it, plus an id and, where ordinary copy comes close, a pattern of what is meant otherwise (`except`, on folded text).
"""

import csv
import re
from bisect import bisect_right
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from importlib import resources
from itertools import accumulate

from models.rules import compliance, denial, folding
from models.rules.automaton import Automaton


class Weight(StrEnum):
    """What a hit does: red stops the text, a person reviews amber, a hint changes nothing."""

    BLOCK = "block"
    REVIEW = "review"
    WARN = "warn"


class Kind(StrEnum):
    """What the text is for. Notices of rules and training about the law may quote what they forbid."""

    COPY = "copy"
    RULES = "policy_notice"
    TRAINING = "training_law"


class Context(StrEnum):
    """How the phrase is used: as a claim, forbidden or denied, or quoted where quoting is allowed."""

    PLAIN = "plain"
    DENIED = "denied"
    QUOTED = "quoted"


QUOTING = frozenset({Kind.RULES, Kind.TRAINING})
_AROUND = 10
_PATTERN = "re:"
# Unbounded repeats make a search quadratic in a hostile text; no sum has more digits and no gap more blanks.
_BOUNDS = (("\\d+", "\\d{1,12}"), ("\\d*", "\\d{0,12}"), ("\\s*", "\\s{0,8}"), ("]+", "]{1,12}"), ("，", ","))
_TOKEN = re.compile(r"\{\{[A-Za-z0-9_-]{1,32}\}\}")
_MASK = "\x1e"


@dataclass(frozen=True, slots=True)
class Phrase:
    """One line of the list; `pattern` is None for a literal, `excused` None where nothing comes close."""

    id: str
    phrase: str
    category: str
    severity: Weight
    replacement: str
    basis: str
    pattern: re.Pattern[str] | None
    excused: re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class Finding:
    """A phrase found: where in the author's text, how it is used, and what may stand there instead."""

    id: str
    severity: Weight
    article: str
    category: str
    start: int
    end: int
    text: str
    suggestion: str
    context: Context = Context.PLAIN

    @property
    def is_red(self) -> bool:
        return self.severity is Weight.BLOCK


def _bounded(pattern: str) -> str:
    for loose, tight in _BOUNDS:
        pattern = pattern.replace(loose, tight)
    return pattern


def _phrase(row: dict[str, str]) -> Phrase:
    phrase = row["phrase"]
    is_pattern = phrase.startswith(_PATTERN)
    return Phrase(
        id=row["id"],
        phrase=phrase,
        category=row["category"],
        severity=Weight(row["severity"]),
        replacement=row["replacement"],
        basis=row["basis"],
        pattern=re.compile(_bounded(phrase.removeprefix(_PATTERN))) if is_pattern else None,
        excused=re.compile(_bounded(row["except"])) if row["except"] else None,
    )


@cache
def phrases() -> tuple[Phrase, ...]:
    """The list in its order."""
    text = resources.files("models.rules").joinpath("phrases.csv").read_text(encoding="utf-8")
    return tuple(_phrase(row) for row in csv.DictReader(text.splitlines()))


@cache
def _literals() -> dict[str, Phrase]:
    return {folding.key(one.phrase): one for one in phrases() if one.pattern is None}


@cache
def _automaton() -> Automaton:
    return Automaton(_literals())


def _masked(text: str) -> str:
    """Without the mandatory texts, which name what they deny: tokens of them and their very words."""
    for words in compliance.DISCLAIMERS.values():
        text = text.replace(words, _MASK * len(words))
    return _TOKEN.sub(lambda found: _MASK * len(found.group()), text)


def _is_chopped(places: list[int], start: int, end: int) -> bool:
    """A stop between each two signs: somebody took the word apart. Two signs alone are a matter of chance."""
    gaps = [places[at + 1] - places[at] > 1 for at in range(start, end - 1)]
    return all(gaps) and end - start > 2


def _literal_hits(view: folding.View) -> Iterator[tuple[Phrase, folding.View, int, int]]:
    text, places = folding.unstopped(view)
    for word, start, end in _automaton().find(text):
        first, last = places[start], places[end - 1]
        one = _literals()[word]
        has_stop = any(sign in folding.STOPS for sign in folding.plain(one.phrase).text)
        if last - first == end - start - 1 or has_stop or _is_chopped(places, start, end):
            yield one, view, first, last + 1


def _pattern_hits(views: tuple[folding.View, ...]) -> Iterator[tuple[Phrase, folding.View, int, int]]:
    for one in phrases():
        if one.pattern is not None:
            for view in views:
                for found in one.pattern.finditer(view.text):
                    yield one, view, *found.span()


def _is_excused(one: Phrase, view: folding.View, start: int, end: int) -> bool:
    if one.excused is None:
        return False
    low = max(0, start - _AROUND)
    around = one.excused.finditer(view.text[low : end + _AROUND])
    return any(found.start() + low < end and found.end() + low > start for found in around)


def _context(one: Phrase, view: folding.View, start: int, end: int) -> Context:
    says_no = one.pattern is not None and denial.holds_denial(view.text[start:end])
    return Context.DENIED if says_no or denial.is_denied(view.text, start, end) else Context.PLAIN


def _finding(text: str, one: Phrase, view: folding.View, start: int, end: int) -> Finding:
    first, last = view.span(start, end)
    context = _context(one, view, start, end)
    severity = one.severity if context is Context.PLAIN else Weight.WARN
    return Finding(one.id, severity, one.basis, one.category, first, last, text[first:last], one.replacement, context)


def _quoted(one: Finding, kind: Kind) -> Finding:
    if kind in QUOTING and one.context is Context.PLAIN and one.severity is not Weight.WARN:
        return replace(one, severity=Weight.REVIEW, context=Context.QUOTED)
    return one


def _outside(found: list[Finding], kept: list[Finding]) -> list[Finding]:
    """Those of `found`, in the order of the text, that lie within none of `kept` and within none of each other."""
    ordered = sorted(kept, key=lambda one: one.start)
    starts = [one.start for one in ordered]
    reach = list(accumulate((one.end for one in ordered), max))
    own, outside = -1, []
    for one in sorted(found, key=lambda each: (each.start, -each.end, each.id)):
        before = bisect_right(starts, one.start)
        if one.end > own and not (before and reach[before - 1] >= one.end):
            outside.append(one)
            own = one.end
    return outside


def _widest(found: set[Finding]) -> list[Finding]:
    """One finding a place: what lies inside a finding at least as severe says nothing new."""
    kept: list[Finding] = []
    for weight in Weight:
        kept += _outside([one for one in found if one.severity is weight], kept)
    return sorted(kept, key=lambda each: (each.start, each.end, each.id))


def scan(text: str, *, kind: Kind = Kind.COPY, allowed: Collection[str] = ()) -> tuple[Finding, ...]:
    """Every banned phrase in a text, in the order of the text; `allowed` are ids granted to its subject.

    Red findings (`Weight.BLOCK`) stop a text from going out; time grows with the length of the text.
    """
    view = folding.plain(_masked(text))
    tight = folding.joined(view)
    deep = folding.numbered(tight)
    hits = [*_literal_hits(deep), *_pattern_hits((view, tight, deep))]
    found = {
        _quoted(_finding(text, one, seen, start, end), kind)
        for one, seen, start, end in hits
        if one.id not in allowed and not _is_excused(one, seen, start, end)
    }
    return tuple(_widest(found))


def red(findings: Collection[Finding]) -> list[Finding]:
    """The findings that stop a text."""
    return [one for one in findings if one.is_red]
