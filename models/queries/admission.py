"""What a candidate has to buy and what it has bought."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.rules import order as life
from models.rules.admission import Purchase

_PASSED = sa.text(
    """
    SELECT s.code, one.n AS task, NULL AS state, false AS completed
    FROM admission_task t CROSS JOIN LATERAL unnest(t.seller_ids) WITH ORDINALITY AS one (seller_id, n)
    JOIN member s ON s.id = one.seller_id WHERE t.member_id = :member
    UNION ALL
    SELECT s.code, NULL, o.state, o.completed_at IS NOT NULL
    FROM shop_order o JOIN member s ON s.id = o.seller_id WHERE o.buyer_id = :member AND o.kind = 'admission'
    ORDER BY task
    """
)


def passed(member_id: int) -> tuple[list[str], list[Purchase]]:
    """Whose showcases a candidate is to buy in, in their order, and what it bought so far."""
    found = db.session.execute(_PASSED, {"member": member_id}).all()
    bought = [
        Purchase(seller=row.code, completed=row.completed, refunded=row.state in life.UNDONE)
        for row in found
        if row.task is None
    ]
    return [row.code for row in found if row.task is not None], bought


@dataclass(frozen=True, slots=True)
class Line:
    """A task of a candidate with the order that counts for it, or the last that was tried."""

    n: int
    seller_id: int
    seller: str
    order_id: int | None
    number: str | None
    state: str | None
    paid_fen: int | None
    placed_at: datetime | None
    completed_at: datetime | None

    @property
    def is_passed(self) -> bool:
        """A completed order, not wholly refunded (rules §3.2)."""
        return self.completed_at is not None and self.state not in life.UNDONE

    @property
    def is_open(self) -> bool:
        """A paid order of record is on its way to be completed: no picture is needed."""
        return self.completed_at is None and self.state in life.SETTLABLE


# Of several orders in one showcase the one that passes the task, else the last one placed.
_SHEET = sa.text(
    """
    SELECT one.n, s.id AS seller_id, s.code AS seller, o.id, o.number, o.state, o.paid_fen, o.placed_at, o.completed_at
    FROM admission_task t CROSS JOIN LATERAL unnest(t.seller_ids) WITH ORDINALITY AS one (seller_id, n)
    JOIN member s ON s.id = one.seller_id
    LEFT JOIN LATERAL (
        SELECT * FROM shop_order o
        WHERE o.buyer_id = t.member_id AND o.seller_id = one.seller_id AND o.kind = 'admission'
        ORDER BY o.completed_at IS NOT NULL AND o.state NOT IN ('refunded', 'cancelled') DESC, o.id DESC LIMIT 1
    ) o ON true
    WHERE t.member_id = :member ORDER BY one.n
    """
)


def sheet(member_id: int) -> list[Line]:
    """A candidate's tasks in their order, each beside its order of record."""
    return [Line(*row) for row in db.session.execute(_SHEET, {"member": member_id})]
