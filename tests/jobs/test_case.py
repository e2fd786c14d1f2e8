"""Cases that come of other desks' facts and go with them, and their clocks on the timetable."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from models import Case, db, transaction
from models.operations import after_sale, casework, complaint, outbox, share, strike, withdrawal
from models.queries import case as queries
from models.rules.after_sale import Kind
from models.rules.tax import Month
from tests.operations import docket, world

DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def network(session):
    world.network()


def now() -> datetime:
    return datetime.now(UTC)


def about(subject: str) -> list[tuple[str, str]]:
    db.session.expire_all()
    rows = db.session.execute(sa.select(Case.queue, Case.state).where(Case.subject == subject).order_by(Case.id))
    return [(row.queue, row.state) for row in rows]


class TestAfterSales:
    def test_wait_for_a_person_until_their_desk_has_answered(self, work):
        docket.suspect("o1", at=now())
        with transaction():
            asked = after_sale.open_(number="o1", kind=Kind.QUALITY, words="破损", at=now(), day=lambda at: at.date())
        work()
        assert about(f"after_sale:{asked.id}") == [("after_sale", "open")]
        with transaction():
            after_sale.refuse(after_sale_id=asked.id, answer="证据不足", at=now())
        work()
        assert about(f"after_sale:{asked.id}") == [("after_sale", "settled")]

    def test_answered_before_anybody_looked_open_no_case(self, work):
        docket.suspect("o1", at=now())
        with transaction():
            asked = after_sale.open_(number="o1", kind=Kind.QUALITY, words="破损", at=now(), day=lambda at: at.date())
            after_sale.close(after_sale_id=asked.id, at=now())
        work()
        assert about(f"after_sale:{asked.id}") == []


class TestComplaints:
    def test_wait_in_their_queue_until_a_person_answers(self, work):
        with transaction():
            made = complaint.open_(
                category="platform", subject="佣金", words="佣金未到账", member_id=None, at=now(), by="t"
            )  # fmt: skip
        work()
        assert about(f"complaint:{made.id}") == [("complaint", "open")]


class TestWithdrawals:
    def asked(self) -> int:
        """M-10 asks for what an old order brought."""
        old = now() - 20 * DAY
        made = world.completed("o9", at=old, paid_fen=990_000, commission_fen=300_000, cost_fen=400_000)
        share.mature(order_id=made.id, at=old + 8 * DAY)
        with transaction():
            asked = withdrawal.request(
                number="W1", code="M-10", amount_fen=100_000, month=Month(now().year, now().month), at=now()
            )
        return asked.id

    def struck(self) -> None:
        made = docket.suspect("o1", at=now())
        seller = strike.members.locked([made.seller_id])[made.seller_id]
        strike.give(seller=seller, order=made, at=now(), by="staff:1")

    def test_of_somebody_with_a_strike_wait_for_a_reviewer(self, work):
        self.struck()
        row_id = self.asked()
        work()
        assert about(f"withdrawal:{row_id}") == [("payout", "open")]
        with pytest.raises(withdrawal.UnderReview, match="等待风控结论"):
            withdrawal.approve(number="W1", by="staff:2", at=now())

    def test_of_others_do_not(self, work):
        row_id = self.asked()
        work()
        assert about(f"withdrawal:{row_id}") == []

    def test_that_are_upheld_go_back_and_close_nothing_twice(self, work):
        self.struck()
        row_id = self.asked()
        work()
        me = docket.reviewer()
        (mine,) = queries.open_on(f"withdrawal:{row_id}")
        docket.taken(mine, me, now())
        with transaction():
            docket.decide(mine, me, "confirmed", now())
        work()
        assert about(f"withdrawal:{row_id}") == [("payout", "confirmed")]
        assert world.accounts()["member:M-10:available"] == 300_000


class TestClocks:
    def test_run_on_the_timetable(self, work):
        with transaction():
            made = docket.opened(at=now() - 60 * DAY)
            casework.cases.step(made, "noted", at=now(), by="t")
            outbox.request("run_case_clocks", payload={"at": now().isoformat()}, title="x")
        work()
        assert about("ring:1") == [("first_review", "expired")]
