"""Many orders completed at once, with the result of one after the other, set by set.

A rank that several of the orders bring about together is written down once, with what the team stood at in the end.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby

import sqlalchemy as sa

from models.base import db
from models.operations import commission, order
from models.queries import switch as switches
from models.rules.switch import MoneyJob

AT_ONCE = 5_000
"""Orders of one statement: more need more memory and are no faster."""

# What takes no part in a set: an order that may change a standing, on which the orders after it rest, and one that does
# not wait for its completion.
_ALONE = sa.text(
    """
    SELECT o.number FROM shop_order o
    LEFT JOIN member b ON b.id = coalesce(o.buyer_id, (SELECT m.id FROM member m WHERE m.code = o.buyer))
    WHERE o.number = ANY (:numbers)
    AND ((o.kind = 'admission' AND b.standing = 'candidate') OR b.suspended_at IS NOT NULL
         OR o.state NOT IN ('paid', 'shipped'))
    """
)
_IDS = sa.text("SELECT id, number FROM shop_order WHERE number = ANY (:numbers)")
_HOLD = sa.text("SELECT settle_hold(CAST(:ids AS bigint[]))")
_TURNS = sa.text(
    """
    SELECT turn FROM policy_version p, LATERAL (VALUES (p.effective_at), (p.opinion_until)) AS turns (turn)
    WHERE p.state = 'approved' AND turn > :first AND turn <= :last ORDER BY turn
    """
)

Asked = tuple[str, datetime]
"""The number of an order and the instant of its completion."""


def complete_many(*, numbers: Sequence[str], at: datetime | Sequence[datetime]) -> None:
    """Complete orders in this order, as `order.complete` would one by one (rules §5.2), at one instant or at theirs."""
    instants = [at] * len(numbers) if isinstance(at, datetime) else at
    first: dict[str, datetime] = {}
    for number, instant in zip(numbers, instants, strict=True):
        first.setdefault(number, instant)
    asked = list(first.items())
    alone = set(db.session.scalars(_ALONE, {"numbers": [number for number, _ in asked]}))
    for is_alone, run in groupby(asked, key=lambda one: one[0] in alone):
        if is_alone:
            for number, instant in run:
                order.complete(number=number, at=instant)
        else:
            for part in _under_one_policy(list(run)):
                _complete(part)


def _under_one_policy(asked: list[Asked]) -> Iterator[list[Asked]]:
    """Parts within each of which one policy is in force: ranks are judged by it."""
    told = {"first": min(at for _, at in asked), "last": max(at for _, at in asked)}
    turns = list(db.session.scalars(_TURNS, told))
    for _, part in groupby(asked, key=lambda one: sum(turn <= one[1] for turn in turns)):
        yield list(part)


def _complete(asked: list[Asked]) -> None:
    """One set: everybody is locked before anything is booked, in the house order."""
    switches.check(MoneyJob.SETTLE)
    ids = {row.number: row.id for row in db.session.execute(_IDS, {"numbers": [number for number, _ in asked]})}
    known = [(ids[number], at) for number, at in asked if number in ids]
    db.session.execute(_HOLD, {"ids": [one for one, _ in known]})
    for start in range(0, len(known), AT_ONCE):
        part = known[start : start + AT_ONCE]
        done = commission.settle_many(ids=[one for one, _ in part], ats=[at for _, at in part])
        if done is not None:
            order.after_completion(done, at=max(at for _, at in part))
