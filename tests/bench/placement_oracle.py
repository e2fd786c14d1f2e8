"""``python -m tests.bench.placement_oracle``: the tree against brute force over 100,000 random changes."""

import sys
from time import perf_counter

from tests.rules.test_placement import run

CHANGES = 100_000
STEPS = 200


def main() -> None:
    started = perf_counter()
    done = sum(run(seed, STEPS, check_all_every=50) for seed in range(CHANGES // STEPS))
    sys.stdout.write(
        f"{done} changes, 0 differences, {perf_counter() - started:.1f} s, seeds 0..{CHANGES // STEPS - 1}\n"
    )


if __name__ == "__main__":
    main()
