"""What the orders of an invented buyer carry beside themselves."""

import random

from models.operations.risk_event import Signals

CARRIERS = 40


def signals(seed: int, buyer: str, number: str) -> Signals:
    """A buyer's own device and purse, at home or on the road."""
    own, way = random.Random(f"{seed}:signals:{buyer}"), random.Random(f"{seed}:way:{number}")
    home = f"36.{own.randrange(16, 120)}.{own.randrange(256)}.{own.randrange(1, 255)}"
    road = f"117.136.{own.randrange(CARRIERS)}.{way.randrange(1, 255)}"
    return Signals(ip=road if way.random() < 0.25 else home, device=f"demo:{buyer}", payer=f"demo:{buyer}")
