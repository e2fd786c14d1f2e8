"""Scenario files through the operations: the worlds that must come out, and the lines that must stop."""

import json

import pytest

from console import replay
from tests.conftest import SHARED

GOLDEN = sorted((SHARED / "golden").glob("*.jsonl"))


@pytest.mark.usefixtures("session")
class TestGolden:
    @pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
    def test_comes_out_as_expected(self, path):
        expected = json.loads(path.with_suffix("").with_suffix(".expected.json").read_text())
        with path.open() as lines:
            assert replay.play(lines) == expected
