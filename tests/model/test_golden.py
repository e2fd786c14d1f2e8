"""Every golden scenario through the reference world."""

import json
from pathlib import Path

import pytest

from models.rules import scenario
from tests.conftest import SHARED
from tests.model.state import World
from tests.model.world import play, show

GOLDEN = sorted((SHARED / "golden").glob("*.jsonl"))


def sums_to_zero(world: World, _event: scenario.Event) -> None:
    assert world.ledger.total() == 0


@pytest.mark.skipif(not GOLDEN, reason="../shared is not here")
class TestGolden:
    @pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
    def test_gives_the_world_that_must_come_out(self, path: Path) -> None:
        expected = json.loads(path.with_suffix("").with_suffix(".expected.json").read_text())
        assert show(play(path.read_text().splitlines(), sums_to_zero)) == expected

    def test_covers_every_file(self) -> None:
        assert len(GOLDEN) >= 32
