"""A set of orders completed at once against the same orders one by one."""

import random
from typing import Any

import pytest
import sqlalchemy as sa

from models import db
from models.operations import evening, order
from models.queries import world
from tests import village

TABLES = {
    "share": "SELECT * FROM share ORDER BY order_id, n",
    "leg": "SELECT p.key, l.n, a.code, l.amount_fen, l.cause, l.level, l.rate_bps, l.base_fen, l.reason FROM leg l"
    " JOIN posting p ON p.id = l.posting_id JOIN account a ON a.id = l.account_id ORDER BY p.key, l.n",
    "posting": "SELECT key, digest, kind, subject, at, facts FROM posting ORDER BY key",
    "team": "SELECT * FROM team ORDER BY member_id",
    "member": "SELECT * FROM member ORDER BY id",
    "obligation": "SELECT member_id, since, met_at FROM obligation ORDER BY member_id, since, met_at",
    "shop_order": "SELECT * FROM shop_order ORDER BY id",
    "event": "SELECT name, subject, payload FROM event ORDER BY id",
}


def everything() -> dict[str, Any]:
    db.session.flush()
    rows = {name: [tuple(row) for row in db.session.execute(sa.text(query))] for name, query in TABLES.items()}
    return rows | {"shown": world.shown()}


def outcome(numbers: list[str], *, at_once: bool) -> dict[str, Any]:
    """What is so after the orders are completed; then they are not completed any more."""
    trial = db.session.begin_nested()
    if at_once:
        evening.complete_many(numbers=numbers, at=village.AT)
    else:
        for number in numbers:
            order.complete(number=number, at=village.AT)
    found = everything()
    trial.rollback()
    db.session.expire_all()
    return found


@pytest.mark.usefixtures("session")
class TestCompleteMany:
    @pytest.mark.parametrize("seed", [1, 2])
    @pytest.mark.parametrize("levels_by", ["placement", "sponsor"])
    def test_leaves_what_one_by_one_leaves(self, seed, levels_by):
        dice = random.Random(seed)
        village.settled(25, dice, **{"levels_by": levels_by, "high_earner.step_fen": 100_000})
        numbers = village.ordered(100, dice)
        dice.shuffle(numbers)
        one_by_one = outcome(numbers, at_once=False)
        at_once = outcome(numbers, at_once=True)
        assert {name: at_once[name] == one_by_one[name] for name in at_once} == dict.fromkeys(at_once, True)
        assert one_by_one["obligation"]

    def test_again_changes_nothing(self):
        dice = random.Random(3)
        village.settled(5, dice)
        numbers = village.ordered(10, dice)
        evening.complete_many(numbers=numbers, at=village.AT)
        before = everything()
        evening.complete_many(numbers=numbers, at=village.AT)
        assert everything() == before
