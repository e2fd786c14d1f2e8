"""The lists of security requirements name tests that are there, or say why there is none."""

import ast
import csv
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LISTS = {"asvs.csv": "requirement", "security.csv": "guard"}


def mapped(name: str) -> list[dict[str, str]]:
    with (ROOT / "docs" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


@cache
def cases_of(file: str) -> frozenset[str]:
    """Every test of a file as `Class::method`; nothing where there is no such file."""
    path = ROOT / file
    if not path.is_file():
        return frozenset()
    return frozenset(
        f"{group.name}::{one.name}"
        for group in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(group, ast.ClassDef)
        for one in group.body
        if isinstance(one, ast.FunctionDef) and one.name.startswith("test_")
    )


@pytest.mark.parametrize(("name", "key"), LISTS.items())
class TestLists:
    def test_name_tests_that_are_there(self, name, key):
        lost = [
            (row[key], node)
            for row in mapped(name)
            for node in row["proof"].split()
            if node.partition("::")[2] not in cases_of(node.partition("::")[0])
        ]
        assert lost == []

    def test_prove_or_explain_each_line(self, name, key):
        silent = [row[key] for row in mapped(name) if not row["proof"].strip() and len(row["reason"]) < 10]
        assert silent == []
        assert [row[key] for row in mapped(name) if not row["about"]] == []


class TestRequirements:
    def test_stand_once_in_their_order(self):
        numbers = [row["requirement"] for row in mapped("asvs.csv")]
        assert all(re.fullmatch(r"\d+\.\d+\.\d+", number) for number in numbers)
        assert numbers == sorted(set(numbers), key=lambda number: [int(part) for part in number.split(".")])
        assert {row["level"] for row in mapped("asvs.csv")} == {"1", "2", "3"}
        assert {number.partition(".")[0] for number in numbers} == {str(chapter) for chapter in range(1, 18)}

    def test_are_mostly_shown_by_tests(self):
        rows = [row for row in mapped("asvs.csv") if row["level"] in "12"]
        shown = [row for row in rows if row["proof"]]
        assert len(rows) >= 230
        assert len(shown) >= 130


class TestGuards:
    def test_are_all_sixty(self):
        assert [row["guard"] for row in mapped("security.csv")] == [f"S{number}" for number in range(1, 61)]
