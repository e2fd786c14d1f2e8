"""What a scan of words that go out comes to, as their row keeps it (rules §8.4)."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cache
from typing import Any

from models.errors import Conflict
from models.rules import phrase


class Unreviewed(Conflict):
    """Amber findings that nobody with the right to has looked at."""


class Banned(Conflict):
    """Words that may not go out."""


@dataclass(frozen=True, slots=True)
class Scanned:
    """The findings, how many of them are red, and the list they come from."""

    findings: list[dict[str, Any]]
    blocked: int
    phrases: str

    @property
    def amber(self) -> int:
        return sum(one["severity"] == phrase.Weight.REVIEW for one in self.findings)


def scanned(*texts: str) -> Scanned:
    """Hold texts that go out together against the list of phrases."""
    found = [finding for text in texts for finding in phrase.scan(text)]
    kept = [{**asdict(one), "severity": str(one.severity), "context": str(one.context)} for one in found]
    return Scanned(kept, len(phrase.red(found)), version())


@cache
def version() -> str:
    """The digest of the list in force: another list, another digest."""
    told = [f"{one.id}\t{one.phrase}\t{one.severity}" for one in phrase.phrases()]
    return hashlib.sha256("\n".join(told).encode()).hexdigest()


def is_fit(text: str) -> bool:
    """Whether a short text somebody chose (a nickname, a reason) may stand among words that go out."""
    return not phrase.red(phrase.scan(text))


def check_reviewed(findings: Sequence[Any], *, is_reviewer: bool) -> None:
    """Amber findings take somebody of compliance to let them pass."""
    amber = [one["text"] for one in findings if one["severity"] == phrase.Weight.REVIEW]
    if amber and not is_reviewer:
        raise Unreviewed(f"规则 8.4：“{'、'.join(amber[:3])}”需要合规人员复核后才能发布。")


def check_clean(scan: Scanned) -> None:
    """Refuse words with a red finding, saying which and what may stand there instead."""
    red = [one for one in scan.findings if one["severity"] == phrase.Weight.BLOCK]
    if red:
        one = red[0]
        raise Banned(f"规则 8.4：“{one['text']}”是禁用表述（{one['category']}），建议改为：{one['suggestion']}。")
