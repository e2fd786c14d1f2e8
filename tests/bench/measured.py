"""What the benches of the risk rules share: a network to fill, counts at a threshold, words to print."""

import os
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from console.replay import ACTIONS
from models import Matrix, db
from models.base import transaction
from models.rules import scenario

AT = datetime(2026, 1, 1, tzinfo=UTC)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def load() -> str:
    return f"load {os.getloadavg()[0]:.1f}"


def founded() -> int:
    """A network and a policy that scores."""
    for do, values in (
        ("policy", {"preset": "plan", "set": {"risk.enabled": True}}),
        ("matrix", {"matrix": "M", "merchant": "shop", "template": "triple"}),
    ):
        event = scenario.parse({"at": AT.isoformat(), "do": do, **values})
        with transaction():
            ACTIONS[type(event)](event)
    return db.session.scalars(sa.select(Matrix.id)).one()


def at_threshold(pairs: Iterable[tuple[float, bool]], threshold: float) -> str:
    rows = list(pairs)
    flagged = [is_bad for score, is_bad in rows if score >= threshold]
    bad, good = sum(is_bad for _, is_bad in rows), sum(not is_bad for _, is_bad in rows)
    hit = sum(flagged)
    precision = hit / len(flagged) if flagged else 0
    return f"recall {hit / bad:.3f} precision {precision:.3f} false positives {(len(flagged) - hit) / good:.4f}"


def plain(values: dict[str, int]) -> int:
    """How many of the plan's three plain thresholds are passed: one IP, one address, many returns."""
    return (
        (values.get("ip_buyers_1d", 0) >= 3)
        + (values.get("address_buyers_7d", 0) >= 3)
        + (values.get("buyer_orders_30d", 0) >= 5 and values.get("buyer_return_bps_30d", 0) >= 3000)
    )


def chunks(rows: Sequence, size: int) -> Iterable[Sequence]:
    return (rows[n : n + size] for n in range(0, len(rows), size))
