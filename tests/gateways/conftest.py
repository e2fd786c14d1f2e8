"""Real-shaped payloads, where they are."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from jobs.gateways.simulator.app import Simulated
from jobs.gateways.simulator.server import Server
from jobs.gateways.wechat import WeChat
from tests import simulated
from tests.gateways.simulation import AT


@pytest.fixture
def samples(shared: Path) -> Path:
    return shared / "facts/wechat-samples"


@pytest.fixture
def program() -> Simulated:
    """WeChat on a day that stands still."""
    return Simulated(simulated.world(at=AT))


@pytest.fixture
def wechat(program: Simulated) -> WeChat:
    """The real clients over it."""
    return simulated.clients(program)


@pytest.fixture(scope="module")
def served() -> Iterator[Server]:
    """It as a process would serve it: a port of this machine."""
    server = Server(Simulated(simulated.world())).start()
    yield server
    server.stop()
