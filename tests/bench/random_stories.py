"""``python -m tests.bench.random_stories [RUNS]``: random stories of 50 events over the model, every seed printed."""

import sys
from time import perf_counter

from hypothesis import seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model.machine import WorldMachine

RUNS = 10_000
CHUNK = 500
STEPS = 50


def main() -> None:
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else RUNS
    chunk = settings(max_examples=min(CHUNK, runs), stateful_step_count=STEPS, deadline=None, database=None)
    started = perf_counter()
    for number in range(max(1, runs // CHUNK)):
        sys.stdout.write(f"seed {number}\n")
        sys.stdout.flush()
        machine = type("Stories", (WorldMachine,), {})
        run_state_machine_as_test(seed(number)(machine), settings=chunk)
    sys.stdout.write(f"{runs} runs of {STEPS} events, nothing broken, {perf_counter() - started:.0f} s\n")


if __name__ == "__main__":
    main()
