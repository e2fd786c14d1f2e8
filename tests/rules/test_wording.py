"""Texts that go out: what they break, and that ours break nothing."""

import ast
import re
from pathlib import Path

import pytest

from models.rules import compliance, phrase, wording
from models.rules.phrase import Kind
from models.rules.wording import broken

ROOT = Path(__file__).resolve().parents[2]
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def rules(text: str, kind: Kind = Kind.COPY) -> list[tuple[str, str]]:
    return [(hit.rule, hit.severity.value) for hit in broken("x:1", text, kind)]


class TestBroken:
    def test_says_what_may_stand_instead(self):
        (hit,) = broken("product:p1", "躺赚神器，躺赚", Kind.COPY)
        assert (hit.subject, hit.evidence) == ("product:p1:block", "「躺赚」")
        assert hit.mend == "躺赚 → 按实际推广成交计佣，收入不确定"

    @pytest.mark.parametrize(
        ("text", "kind", "found"),
        [
            ("达人A30天团队破百人，收益超2万元", Kind.COPY, [("R16", "block"), ("R17", "block")]),
            ("{{D-01}}", Kind.COPY, []),
            ("线上线下同价，新品上线", Kind.COPY, []),
            ("美白面膜", Kind.COPY, [("R16", "warn")]),
            ("严禁宣传躺赚", Kind.COPY, []),
            ("例如躺赚", Kind.RULES, [("R16", "warn")]),
            ("佣金 20 元", Kind.COPY, [("R17", "block")]),
            ("佣金 20 元。" + compliance.DISCLAIMERS["D-03"], Kind.COPY, []),
        ],
    )
    def test_names_phrases_and_bare_figures(self, text, kind, found):
        assert rules(text, kind) == found


def member_texts() -> list[tuple[str, str]]:
    """Every Chinese sentence that the API and the refusals behind it may show to a member."""
    found = []
    for folder in ("console/api", "models/rules", "models/operations"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            tree = ast.parse(path.read_text())
            documented = {
                id(node.body[0].value)
                for node in ast.walk(tree)
                if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and node.body
                and isinstance(node.body[0], ast.Expr)
            }  # fmt: skip
            found += [
                (f"{path.relative_to(ROOT)}:{node.lineno}", node.value)
                for node in ast.walk(tree)
                if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in documented
                and CHINESE.search(node.value)
            ]  # fmt: skip
    return found


# What names the phrases themselves: the scanner, and the lint that says what is wrong with a policy.
ABOUT = (
    "models/rules/phrase.py",
    "models/rules/denial.py",
    "models/rules/folding.py",
    "models/rules/lint.py",
    "models/rules/finding.py",
    "models/rules/wording.py",
)


class TestOwnTexts:
    def test_hold_no_red_phrase(self):
        red = {
            place: [one.text for one in phrase.red(phrase.scan(text))]
            for place, text in member_texts()
            if not place.startswith(ABOUT) and phrase.red(phrase.scan(text))
        }
        assert red == {}

    def test_are_many(self):
        assert len(member_texts()) > 300

    def test_statements_hold_neither_red_nor_amber(self):
        for text in compliance.DISCLAIMERS.values():
            assert [one for one in phrase.scan(f"甲{text}") if one.severity is not phrase.Weight.WARN] == []
            assert not wording.has_bare_figure(text)
