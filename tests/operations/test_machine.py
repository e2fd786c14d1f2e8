"""The operations against the model, event by event."""

from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.operations.machine import DatabaseMachine

SETTINGS = settings(
    max_examples=20,
    stateful_step_count=20,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)


class TestRandomStories:
    def test_come_to_the_world_of_the_model(self, app):
        run_state_machine_as_test(type("Stories", (DatabaseMachine,), {"app": app}), settings=SETTINGS)
