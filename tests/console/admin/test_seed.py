"""种子达人: the desk proposes and names, the merchant's staff answers its own alone."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import Member, SeedCandidate, db
from models.operations import seed
from models.rules.placement import Template
from tests import factories, village
from tests.operations import world
from tests.village import happens

REASON = {"reason_code": "sales"}


@pytest.fixture
def candidate(session):
    happens("policy", preset="plan", set={"admission.orders": 0})
    world.network(Template.TRIPLE)
    member = world.member("a", "M-2")
    row = SeedCandidate(
        member_id=member.id, since=village.AT, until=village.AT + timedelta(days=7), orders=40, sales_fen=400_000,
        state="tagged", tagged_at=village.AT, answer="",
    )  # fmt: skip
    session.add(row)
    session.commit()
    return row


def state() -> str:
    return db.session.scalars(sa.select(SeedCandidate.state)).one()


class TestDesk:
    def test_proposes_to_the_merchant_of_the_network(self, staff, candidate):
        browser = staff("operator")
        page = browser.get(f"/seeds/{candidate.id}").text
        merchant_id = db.session.scalar(sa.text("SELECT merchant_id FROM matrix"))
        assert f'<option value="{merchant_id}" selected>' in page
        browser.post(f"/seeds/{candidate.id}/propose", data=REASON | {"merchant_id": merchant_id})
        assert state() == "proposed"

    def test_needs_a_reason_and_the_permission(self, staff, candidate):
        merchant_id = factories.merchant().id
        db.session.commit()
        answer = staff("operator").post(
            f"/seeds/{candidate.id}/propose", data={"merchant_id": merchant_id}, follow_redirects=True
        )
        assert "请选择原因" in answer.text
        asked = REASON | {"merchant_id": merchant_id}
        assert staff("support").post(f"/seeds/{candidate.id}/propose", data=asked).status_code == 403
        assert state() == "tagged"

    def test_names_who_was_accepted(self, staff, candidate):
        merchant_id = factories.merchant().id
        at = candidate.until
        seed.propose(candidate_id=candidate.id, merchant_id=merchant_id, at=at, by="staff:1")
        seed.answer(candidate_id=candidate.id, merchant_id=merchant_id, accepts=True, why="", at=at, by="staff:2")
        db.session.commit()
        staff("operator").post(f"/seeds/{candidate.id}/name", data=REASON)
        assert state() == "named"
        assert db.session.get(Member, candidate.member_id).seed_at is not None


class TestOffer:
    @pytest.fixture
    def proposed(self, candidate):
        merchant = factories.merchant()
        seed.propose(candidate_id=candidate.id, merchant_id=merchant.id, at=candidate.until, by="staff:1")
        db.session.commit()
        return candidate

    def test_is_answered_by_the_merchants_own_staff(self, staff, proposed):
        browser = staff("merchant", merchant_id=proposed.merchant_id)
        assert f"/seed-offers/{proposed.id}" in browser.get("/seed-offers/").text
        browser.post(f"/seed-offers/{proposed.id}/accept", data={})
        assert state() == "accepted"

    def test_is_declined_with_a_reason_in_words(self, staff, proposed):
        browser = staff("merchant", merchant_id=proposed.merchant_id)
        browser.post(f"/seed-offers/{proposed.id}/decline", data={})
        assert state() == "proposed"
        browser.post(f"/seed-offers/{proposed.id}/decline", data={"reason_code": "enough"})
        assert state() == "declined"
        assert "我方达人已足够" in staff("operator").get(f"/seeds/{proposed.id}").text

    @pytest.mark.parametrize("role", ["merchant", "admin"])
    def test_is_nobody_elses(self, staff, proposed, role):
        browser = staff(role)
        assert browser.get(f"/seed-offers/{proposed.id}").status_code == 404
        assert browser.post(f"/seed-offers/{proposed.id}/accept", data={}).status_code == 404
        assert state() == "proposed"
