"""Several scenario files in one process: each has its world or its reason, whatever happens to the others."""

import json
from contextlib import nullcontext

import pytest
from click.testing import CliRunner

from console import cli, replay
from models.rules import scenario

DAY = "2026-01-01T09:00:00+08:00"
POLICY = {"at": DAY, "do": "policy", "preset": "plan"}
TICK = {"at": DAY, "do": "tick"}


@pytest.mark.usefixtures("session")
class TestSeveralFiles:
    @pytest.fixture
    def replayed(self, monkeypatch, tmp_path):
        """The command over files of these names, on the database of the tests; what it ended with, and the worlds."""
        monkeypatch.setattr(replay, "scratch", nullcontext)

        def run(**stories):
            for name, events in stories.items():
                (tmp_path / f"{name}.jsonl").write_text("".join(f"{json.dumps(event)}\n" for event in events))
            paths = [str(tmp_path / f"{name}.jsonl") for name in stories]
            end = CliRunner().invoke(cli.main, ["replay", *paths, "--out", str(tmp_path / "worlds")])
            return end, sorted(path.stem for path in (tmp_path / "worlds").iterdir())

        return run

    def test_go_on_after_one_that_is_refused(self, replayed):
        end, worlds = replayed(first=[POLICY], broken=[POLICY, {**TICK, "speed": 2}], last=[POLICY, TICK])
        assert (end.exit_code, worlds) == (2, ["first", "last"])
        assert "broken.jsonl：第 2 行" in end.stderr

    def test_go_on_after_a_bug_that_is_told_at_the_end(self, replayed, monkeypatch):
        monkeypatch.setitem(replay.ACTIONS, scenario.Tick, lambda event: 1 // 0)
        end, worlds = replayed(first=[POLICY], struck=[POLICY, TICK], last=[POLICY])
        assert (end.exit_code, worlds) == (1, ["first", "last"])
        (bug,) = end.exception.exceptions
        assert isinstance(bug, ZeroDivisionError)
        assert bug.__notes__[-1].endswith("struck.jsonl")
