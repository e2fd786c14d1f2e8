"""The simulator against orders that really settle: what it says of a distance is what the ledger books."""

import sqlalchemy as sa

from models import Order, Share, db
from models.rules import simulation
from models.rules.policy import PLAN
from tests.operations.tale import Tale


class TestPaidAt:
    def test_is_what_an_admission_order_really_pays_so_far_above_its_buyer(self, session):
        tale = Tale(candidate_days=30).chain("a", "b", "c", "d").do("register", member="x", inviter="d")
        booked = {}
        for distance, seller in enumerate(("d", "c", "b", "a", "M-10"), 1):
            tale.order(f"o{distance}", seller, buyer="x", kind="admission", commission=2_000, cost=1_000)
            tale.do("complete", order=f"o{distance}")
            query = (
                sa.select(sa.func.coalesce(sa.func.sum(Share.amount_fen), 0))
                .select_from(Share)
                .join(Order, Order.id == Share.order_id)
            )
            booked[distance] = db.session.scalar(query.where(Order.number == f"o{distance}", Share.kind == "level"))
        assert booked == {1: 2_000, 2: 2_000, 3: 2_000, 4: 0, 5: 0}
        assert booked == {distance: simulation.paid_at(distance, 2_000, PLAN) for distance in booked}
