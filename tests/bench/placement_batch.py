"""``python -m tests.bench.placement_batch``: newcomers placed by the engine in memory, three kinds of sponsors."""

import random
import sys
from collections.abc import Callable
from time import process_time

from models.rules.placement import Tree, place_all, rebuild

COUNT = 200_000
DICE = random.Random(1)
SPONSORS: dict[str, Callable[[int], int]] = {
    "uniform": lambda size: DICE.randrange(size),
    "influencer": lambda size: DICE.randrange(1 + size // 1_000),
    "chain": lambda size: size - 1 - min(size - 1, int(DICE.expovariate(0.2))),
}


def main() -> None:
    for name, choose in SPONSORS.items():
        tree = Tree()
        root = tree.add()
        sponsors = [choose(size) for size in range(1, COUNT + 1)]
        started = process_time()
        for _ in place_all(tree, root, sponsors):
            pass
        placed = process_time()
        rebuild(zip(tree.parent, tree.slot, map(bool, tree.open), strict=True))
        rate, again = COUNT / (placed - started), process_time() - placed
        sys.stdout.write(f"{name}: {rate:,.0f} placements/s of CPU, rebuilt in {again:.2f} s\n")


if __name__ == "__main__":
    main()
