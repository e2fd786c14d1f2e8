"""The operations against the model, event by event."""

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.operations.machine import DatabaseMachine

SEEDS = 20
SETTINGS = settings(
    max_examples=10,
    stateful_step_count=30,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)


class TestRandomStories:
    @pytest.mark.parametrize("number", range(SEEDS))
    def test_come_to_the_world_of_the_model(self, app, number):
        """Two hundred stories; each seed tells the same ten every time."""
        run_state_machine_as_test(seed(number)(type("Stories", (DatabaseMachine,), {"app": app})), settings=SETTINGS)
