"""``python -m tests.bench.machine [RUNS [STEPS [SEED]]]``: random stories over the operations on a real database.

Every seed is printed; each run of a seed is the same story.
"""

import dataclasses
import sys
import tempfile
from pathlib import Path
from time import perf_counter

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from console import create_app, embedded, installation
from models import migrations
from tests.operations.machine import DatabaseMachine

RUNS = 200
STEPS = 30
CHUNK = 50


def main() -> None:
    asked = [int(word) for word in sys.argv[1:4]]
    runs, steps, first = (*asked, *(RUNS, STEPS, 0)[len(asked) :])
    chunk = settings(
        max_examples=min(CHUNK, runs), stateful_step_count=steps, deadline=None, database=None,
        suppress_health_check=list(HealthCheck), phases=[Phase.generate, Phase.shrink],
    )  # fmt: skip
    with tempfile.TemporaryDirectory() as folder, embedded.running(Path(folder)) as services:
        migrations.upgrade(services.owner_database_url)
        settings_of = dataclasses.replace(installation.of_folder(Path(folder), services), environment="test")
        app = create_app(settings_of)
        started = perf_counter()
        for number in range(first, first + max(1, runs // CHUNK)):
            sys.stdout.write(f"seed {number}\n")
            sys.stdout.flush()
            machine = type("Stories", (DatabaseMachine,), {"app": app})
            run_state_machine_as_test(seed(number)(machine), settings=chunk)
        sys.stdout.write(f"{runs} runs of {steps} events, nothing broken, {perf_counter() - started:.0f} s\n")


if __name__ == "__main__":
    main()
