"""Every text of the interface stands in Chinese too, once."""

import re
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir

from console import catalogue as texts
from console.catalogue import CHINESE, po_files
from models.rules.permission import PERMISSIONS
from models.rules.reason import REASONS

ROOT = Path(__file__).resolve().parents[1]
METHODS = [("**.py", "python"), ("templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "_l": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
# What models bring to be shown: which argument is the text.
OF_RULES = {"Permission": (2,), "check": (2,), "Reason": (2,), "Effect": (1,), "Line": (1,), "Word": (1,)}
PLACEHOLDER = re.compile(r"%\((\w+)\)")


@pytest.fixture(scope="module")
def source() -> dict[str, str]:
    """Every text of code and templates with the place it was found at."""
    found = extract_from_dir(ROOT / "console", METHODS, keywords=KEYWORDS)
    texts: dict[str, str] = {}
    for file, line, message, _comments, _context in found:
        for text in message if isinstance(message, tuple) else (message,):
            texts.setdefault(text, f"console/{file}:{line}")
    for file, line, message, _comments, _context in extract_from_dir(ROOT / "models", METHODS, keywords=OF_RULES):
        texts.setdefault(str(message), f"models/{file}:{line}")
    return texts


@pytest.fixture(scope="module")
def catalogue():
    return texts.catalogue(CHINESE)


def lines() -> list[str]:
    return [line for path in po_files(CHINESE) for line in path.read_text().splitlines()]


class TestChinese:
    def test_is_complete(self, source, catalogue):
        told = {message.id for message in catalogue if message.id and message.string and not message.fuzzy}
        assert {text: place for text, place in source.items() if text not in told} == {}

    def test_covers_what_the_rules_bring(self, source):
        brought = {reason.title for kind in REASONS.values() for reason in kind}
        assert brought | {permission.title for permission in PERMISSIONS.values()} <= set(source)

    def test_says_each_text_once(self):
        counted = Counter(line for line in lines() if line.startswith('msgid "') and line != 'msgid ""')
        assert [line for line, times in counted.items() if times > 1] == []

    def test_keeps_every_placeholder(self, catalogue):
        torn = [
            message.id
            for message in catalogue
            if message.id and set(PLACEHOLDER.findall(message.id)) != set(PLACEHOLDER.findall(message.string))
        ]
        assert torn == []

    def test_has_no_conflict_marks(self):
        assert [line for line in lines() if re.match(r"<{7}|={7}|>{7}", line)] == []
