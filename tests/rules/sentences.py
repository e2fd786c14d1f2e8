"""The sentences that the scanner is measured on: half of them may go out, and come close to what may not."""

import csv
from dataclasses import dataclass
from pathlib import Path

from models.rules import phrase
from models.rules.phrase import Weight

FILE = Path(__file__).parent / "phrase_sentences.csv"


@dataclass(frozen=True)
class Score:
    """How the scanner did on one part of the sentences; a sentence is stopped by a red or an amber finding."""

    good: int
    bad: int
    missed: tuple[str, ...]
    stopped: tuple[str, ...]

    @property
    def recall(self) -> float:
        return (self.bad - len(self.missed)) / self.bad

    @property
    def precision(self) -> float:
        caught = self.bad - len(self.missed)
        return caught / (caught + len(self.stopped))


def is_stopped(text: str) -> bool:
    return any(one.severity is not Weight.WARN for one in phrase.scan(text))


def score(part: str) -> Score:
    """`tuned`: looked at while the contexts were written; `held`: written before, never looked at in mending."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["part"] == part]
    good = [row["text"] for row in rows if row["is_bad"] == "0"]
    bad = [row["text"] for row in rows if row["is_bad"] == "1"]
    return Score(
        good=len(good),
        bad=len(bad),
        missed=tuple(text for text in bad if not is_stopped(text)),
        stopped=tuple(text for text in good if is_stopped(text)),
    )
