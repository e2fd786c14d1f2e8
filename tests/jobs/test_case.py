"""Cases that come of other desks' facts and go with them, and their clocks on the timetable."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from models import Case, CaseHit, Inbound, RiskEvent, db, transaction
from models.operations import after_sale, casework, complaint, outbox, proof, share, showcase, strike, withdrawal
from models.operations.proof import Sent
from models.queries import case as queries
from models.queries import policy as policies
from models.rules.after_sale import Kind
from models.rules.tax import Month
from tests.operations import docket, world
from tests.village import happens

DAY = timedelta(days=1)


pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture(scope="module", autouse=True)
def network(stage):
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


class TestPunishments:
    def test_wait_with_compliance_with_their_reason_and_their_date(self, work):
        with transaction():
            told = {"rule_name": "虚假宣传", "illegal_reason": "承诺收益", "rectify_deadline": "2026-12-20"}
            made = Inbound(
                channel="shop", key="k", event="wxa_punish_event", number="p1", content=told, digest=bytes(32), ip="",
                received_at=now(), state="waiting",
            )  # fmt: skip
            db.session.add(made)
            db.session.flush()
            outbox.request("decide_inbound", payload={"inbound_id": made.id})
        work()
        assert about(f"punish:{made.id}") == [("compliance", "open")]
        words = db.session.scalars(sa.select(CaseHit.words)).one()
        assert words == "微信处罚通知 p1：承诺收益（虚假宣传），整改期限 2026-12-20"


class TestPictures:
    def test_wait_for_a_person_until_their_desk_has_decided(self, work):
        with transaction():
            made = shown(candidate("W1"), 1)
            proof.judge(proof_id=made.id, read=None, at=now())
        work()
        assert about(f"proof:{made.id}") == [("admission", "open")]
        with transaction():
            proof.reject(proof_id=made.id, code="unreadable", note="", at=now(), by="staff:1")
        work()
        assert about(f"proof:{made.id}") == [("admission", "settled")]
        with transaction():
            proof.appeal(member_id=made.member_id, n=1, words="请看", at=now(), by="member:W1")
        work()
        assert about(f"proof:{made.id}") == [("admission", "settled"), ("admission", "open")]

    def test_used_by_two_members_put_the_second_before_the_reviewers(self, work):
        with transaction():
            for code in ("W1", "W2"):
                made = shown(candidate(code), 1)
                proof.judge(proof_id=made.id, read=None, at=now())
        work()
        rows = db.session.execute(
            sa.select(Case.subject, CaseHit.rule).join(CaseHit, CaseHit.case_id == Case.id)
            .where(Case.queue == "first_review")
        ).all()  # fmt: skip
        assert [tuple(row) for row in rows] == [(f"member:{made.member_id}", "proof_reuse")]
        assert made.twin_id is not None

    def test_sent_again_for_the_same_task_are_no_reuse(self, work):
        with transaction():
            who = candidate("W1")
            for _ in range(2):
                made = shown(who, 1)
                proof.judge(proof_id=made.id, read=None, at=now())
                proof.reject(proof_id=made.id, code="unreadable", note="", at=now(), by="staff:1")
        work()
        assert db.session.scalar(sa.select(sa.func.count()).where(RiskEvent.kind == "proof")) == 1


class TestShowcases:
    def test_that_open_and_close_are_taken_down_for_the_rules(self, work):
        with transaction():
            who = world.member("W1", "M-10")
        with transaction():
            showcase.close(member_id=who.id, at=now())
        work()
        rows = db.session.execute(
            sa.select(RiskEvent.facts["change"].astext).where(RiskEvent.kind == "showcase").order_by(RiskEvent.id)
        ).scalars().all()  # fmt: skip
        assert rows == ["qualified", "closed"]


def candidate(code: str):
    """Somebody with tasks, as the plan has them."""
    if not policies.in_force(now())[1].admission_orders:
        happens("policy", preset="plan", set={"risk.enabled": True})
    return world.joins(code, "M-10")


def shown(who, n: int):
    """A picture for a task, the same every time."""
    sent = Sent(picture="p", sha256=bytes(range(32)), hash64=1, outline=bytes(128), width=9, height=9)
    return proof.submit(member_id=who.id, n=n, sent=sent, at=now(), by="t")
