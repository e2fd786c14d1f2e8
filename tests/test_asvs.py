"""The list of security requirements names tests that are there."""

import csv
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def mapped() -> list[dict[str, str]]:
    with (ROOT / "docs" / "asvs.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


class TestRequirements:
    def test_each_names_a_file_with_tests(self):
        empty = [row["requirement"] for row in mapped() if "    def test_" not in (ROOT / row["proof"]).read_text()]
        assert empty == []

    def test_stand_once_in_their_order(self):
        numbers = [row["requirement"] for row in mapped()]
        assert all(re.fullmatch(r"\d+\.\d+\.\d+", number) for number in numbers)
        assert numbers == sorted(set(numbers), key=lambda number: [int(part) for part in number.split(".")])
        assert {row["level"] for row in mapped()} == {"1", "2", "3"}
