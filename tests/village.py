"""A small world with orders waiting to be completed: for what is measured or compared by the hundred."""

import random
from datetime import UTC, datetime

import sqlalchemy as sa

from console.replay import ACTIONS
from models.base import db
from models.rules import scenario

AT = datetime(2026, 1, 1, 1, tzinfo=UTC)
REGIONS = ("310115", "320505", "440305", "330106")

_ORDERS = sa.text(
    """
    INSERT INTO shop_order (number, kind, scene, state, seller_id, buyer_id, paid_fen, freight_fen, cost_fen,
                            commission_fen, region_code, address, policy_id, digest, placed_at, paid_at, refunded_fen,
                            is_held, is_fraud)
    SELECT :prefix || n, 'normal', 'share_link', 'paid', seller, buyer, paid, 0, paid / 3, paid / 5, region, '{}',
           (SELECT max(id) FROM policy_version), sha256(convert_to(:prefix || n, 'UTF8')), :at, :at, 0, n % 17 = 0,
           false
    FROM unnest(CAST(:sellers AS bigint[]), CAST(:buyers AS bigint[]), CAST(:paid AS bigint[]),
                CAST(:regions AS text[])) WITH ORDINALITY AS o (seller, buyer, paid, region, n)
    """
)


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


def ordered(count: int, dice: random.Random, *, prefix: str = "o") -> list[str]:
    """So many paid orders, one in three bought by a member; their numbers."""
    ids = list(db.session.scalars(sa.text("SELECT id FROM member WHERE qualified_at IS NOT NULL ORDER BY id")))
    told = {
        "prefix": prefix,
        "at": AT,
        "sellers": [dice.choice(ids) for _ in range(count)],
        "buyers": [dice.choice(ids) if dice.randrange(3) == 0 else None for _ in range(count)],
        "paid": [dice.randrange(1_000, 2_000_000) for _ in range(count)],
        "regions": [dice.choice((*REGIONS, None)) for _ in range(count)],
    }
    db.session.execute(_ORDERS, told)
    return [f"{prefix}{n}" for n in range(1, count + 1)]
