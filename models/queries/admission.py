"""What a candidate has to buy and what it has bought."""

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
