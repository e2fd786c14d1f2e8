"""Real-shaped payloads, where they are."""

from pathlib import Path

import pytest


@pytest.fixture
def samples(shared: Path) -> Path:
    return shared / "facts/wechat-samples"
