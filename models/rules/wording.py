"""What a text that goes out breaks: banned phrases (R16), and figures of income without their statement (R17)."""

import re
from collections.abc import Iterator

from models.rules import compliance, phrase
from models.rules.finding import Hit
from models.rules.lint import Severity
from models.rules.phrase import Context, Kind, Weight

SHOWN = 3
# A word for income and a sum of money in one clause.
_FIGURE = re.compile(r"(?:佣金|收益|收入|分红|奖励)[^。；，\n]{0,8}[¥￥]?\d[\d,.]*\s*(?:元|万|块)")
_STATED = ("D-01", "D-02", "D-03")


def has_bare_figure(text: str) -> bool:
    """A figure of income without any of the statements that must stand beside it (rules 8.4)."""
    said = any(f"{{{{{name}}}}}" in text or compliance.DISCLAIMERS[name] in text for name in _STATED)
    return not said and _FIGURE.search(text) is not None


def broken(subject: str, text: str, kind: Kind) -> Iterator[Hit]:
    """The findings of one text: red phrases together, amber ones together, a bare figure."""
    found = [one for one in phrase.scan(text, kind=kind) if one.context is not Context.DENIED]
    for weight, severity in ((Weight.BLOCK, Severity.BLOCK), (Weight.REVIEW, Severity.WARN)):
        these = [one for one in found if one.severity is weight]
        if these:
            words = "、".join(dict.fromkeys(f"「{one.text}」" for one in these[:SHOWN]))
            yield Hit(
                rule="R16",
                severity=severity,
                subject=f"{subject}:{weight}",
                evidence=f"{words} 等 {len(these)} 处" if len(these) > SHOWN else words,
                mend="；".join(dict.fromkeys(f"{one.text} → {one.suggestion}" for one in these[:SHOWN])),
            )
    if kind is Kind.COPY and has_bare_figure(text):
        yield Hit(
            rule="R17",
            severity=Severity.BLOCK,
            subject=subject,
            evidence="写了收入金额，没有附声明",
            mend="删去金额，或附上 {{D-01}} 的声明",
        )
