"""A small world with orders waiting to be completed: for what is measured or compared by the hundred."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa

from console.replay import ACTIONS
from models.base import db
from models.rules import scenario
from models.tables.order import Order
from models.tables.policy import PolicyVersion

AT = datetime(2026, 1, 1, 1, tzinfo=UTC)
REGIONS = ("310115", "320505", "440305", "330106")


def happens(do: str, **values: object) -> None:
    """One event of a scenario, at the village's instant."""
    event = scenario.parse({"at": AT.isoformat(), "do": do, **values})
    ACTIONS[type(event)](event)


def settled(people: int, dice: random.Random, **terms: object) -> None:
    """A matrix and so many promoters below it, some unlocked, some seed promoters, agents in some regions."""
    happens("policy", preset="plan", set={"admission.orders": 0} | terms)
    happens("matrix", matrix="M", merchant="shop", template="triple")
    known = ["M-1"]
    for n in range(people):
        code = f"v{n}"
        happens("register", member=code, inviter=dice.choice(known[-40:]))
        happens("qualify", member=code)
        known.append(code)
    for region, code in zip(REGIONS, known[1:], strict=False):
        happens("agent", member=code, region=region)
    for code in known[2::9]:
        happens("seed_promoter", member=code)


def ordered(
    count: int,
    dice: random.Random,
    *,
    prefix: str = "o",
    ids: Sequence[int] = (),
    regions: Sequence[str] = REGIONS,
) -> list[str]:
    """So many paid orders, one in three bought by a member; their numbers. ``ids`` are those who sell and buy."""
    ids = ids or list(db.session.scalars(sa.text("SELECT id FROM member WHERE qualified_at IS NOT NULL ORDER BY id")))
    policy_id = db.session.scalar(sa.select(sa.func.max(PolicyVersion.id)))
    numbers = [f"{prefix}{n}" for n in range(1, count + 1)]
    named = db.session.scalars(sa.text("SELECT code FROM member WHERE id = ANY (:ids)"), {"ids": list(ids[1:3])}).all()
    rows = []
    for n, number in enumerate(numbers):
        paid = dice.randrange(1_000, 2_000_000)
        rows.append({
            "number": number, "kind": "normal", "scene": "share_link", "state": "paid", "seller_id": dice.choice(ids),
            "buyer_id": dice.choice(ids) if dice.randrange(3) == 0 else None,
            "buyer": dice.choice((None, *named, "stranger")), "paid_fen": paid, "cost_fen": paid // 3,
            "commission_fen": paid // 5, "region_code": dice.choice((*regions, None)), "address": {},
            "policy_id": policy_id, "digest": bytes(32), "placed_at": AT, "paid_at": AT, "is_held": n % 17 == 0,
        })  # fmt: skip
    db.session.execute(sa.insert(Order), rows)
    return numbers
