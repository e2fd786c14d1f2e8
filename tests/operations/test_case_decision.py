"""Decisions: every held fen goes somewhere in the same transaction, by the right hands, and can be explained."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import Approval, CaseDecision, Event, Member, QueueSetting, Strike, db
from models.operations import approval, case, case_decision, casework
from models.queries import case as queries
from models.queries import casefile
from models.rules.approval import PayloadChanged, SameHands
from models.rules.case import NotOpen
from models.rules.reason import Unstated
from tests.operations import docket, world
from tests.operations.docket import AT, BURST, REASON, held, opened, reviewer, taken

MINUTE = timedelta(minutes=1)


pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture(scope="module", autouse=True)
def network(stage):
    world.network()


def setting(**values) -> None:
    terms = queries.terms("first_review")
    db.session.add(QueueSetting(queue="first_review", set_at=AT, set_by="t", **vars(terms) | values))
    db.session.flush()


def decided(of, by, verdict="cleared", reason=REASON, at=AT):
    mine = taken(of, by, at)
    return case_decision.decide(case_id=mine.id, staff_id=by.id, lease=mine.lease, verdict=verdict, why=reason, at=at)


def shares() -> dict[str, int]:
    """What lies in members' accounts and in the house."""
    return {
        name: fen for name, fen in world.accounts().items() if name.startswith("member:") or name == "platform:house"
    }


class TestClearing:
    def test_releases_what_the_case_held(self):
        made = docket.suspect()
        before = shares()
        mine = opened("order:o1", orders=[made.id])
        assert before == {"member:M-10:pending": 3_000}
        assert {name.rpartition(":")[2] for name in shares()} == {"held"}
        decided(mine, reviewer())
        assert shares() == before
        assert db.session.execute(queries.orphans()).all() == []

    def test_leaves_the_money_with_another_case_that_wants_it(self):
        first = held()
        second = opened("ring:7", orders=[docket.order("o1").id])
        decided(first, reviewer())
        assert docket.order("o1").is_held
        assert db.session.execute(queries.orphans()).all() == []
        decided(second, reviewer())
        assert not docket.order("o1").is_held

    def test_keeps_what_it_rested_on_and_what_it_did(self):
        me, mine = reviewer(), held()
        decided(mine, me, at=AT + 5 * MINUTE)
        (made,) = casefile.decisions(mine.id)
        assert (made.verdict, made.made_by, made.score) == ("cleared", f"staff:{me.id}", 60)
        assert (made.before, made.after) == ({"held": 3_000}, {"pending": 3_000})
        assert [(hit["rule"], hit["version"], hit["features"]) for hit in made.hits] == [("same_ip", 1, {"buyers": 3})]
        told = db.session.scalars(sa.select(Event).where(Event.name == "case.decided")).one()
        assert (told.payload["verdict"], told.payload["about"]) == ("cleared", mine.subject)


class TestConfirming:
    def test_gives_the_shares_to_the_house_and_the_seller_a_strike(self):
        me, mine = reviewer(), held()
        decided(mine, me, "confirmed")
        assert shares() == {"platform:house": 3_000}
        made = db.session.scalars(sa.select(Strike)).one()
        assert (made.given_by, made.closed_showcase) == (f"staff:{me.id}", False)
        assert docket.order("o1").is_fraud

    def test_ends_what_other_cases_held_of_the_order(self):
        first = held()
        second = opened("ring:7", orders=[docket.order("o1").id])
        decided(first, reviewer(), "confirmed")
        assert queries.holds(second.id) == []
        decided(second, reviewer(), "cleared")
        assert shares() == {"platform:house": 3_000}

    def test_takes_two_where_much_is_at_stake(self):
        setting(two_people_fen=10_000)
        me, other, mine = reviewer(), reviewer(), held()
        decided(mine, me, "confirmed")
        asked = case_decision.asked(mine.id)
        assert (mine.state, mine.assignee_id, asked.made_by) == ("assigned", me.id, f"staff:{me.id}")
        assert docket.order("o1").is_held
        with pytest.raises(SameHands):
            approval.approve(approval_id=asked.id, digest=asked.digest, at=AT + MINUTE, by=f"staff:{me.id}")
        approval.approve(approval_id=asked.id, digest=asked.digest, at=AT + MINUTE, by=f"staff:{other.id}")
        (made,) = casefile.decisions(mine.id)
        assert (made.made_by, made.second_by) == (f"staff:{me.id}", f"staff:{other.id}")
        assert docket.order("o1").is_fraud

    def test_is_not_asked_for_twice(self):
        setting(two_people_fen=0)
        me, mine = reviewer(), held()
        decided(mine, me, "confirmed")
        with pytest.raises(case_decision.Asked, match="等待第二人"):
            decided(mine, me, "confirmed")
        assert len(db.session.scalars(sa.select(Approval)).all()) == 1

    def test_is_void_once_something_new_was_found(self):
        setting(two_people_fen=0)
        me, other, mine = reviewer(), reviewer(), held()
        decided(mine, me, "confirmed")
        opened(mine.subject, BURST)
        asked = case_decision.asked(mine.id)
        with pytest.raises(PayloadChanged, match="又有新的命中"):
            approval.approve(approval_id=asked.id, digest=asked.digest, at=AT + MINUTE, by=f"staff:{other.id}")

    def test_takes_two_where_it_closes_a_showcase(self):
        for number in ("o1", "o2"):
            decided(held(number), reviewer(), "confirmed")
        me, other, mine = reviewer(), reviewer(), held("o3")
        assert case_decision.takes_two(mine)
        decided(mine, me, "confirmed")
        asked = case_decision.asked(mine.id)
        approval.approve(approval_id=asked.id, digest=asked.digest, at=AT + MINUTE, by=f"staff:{other.id}")
        seller = db.session.scalars(sa.select(Member).where(Member.code == "M-10")).one()
        assert (seller.strikes, seller.showcase) == (3, "closed")
        assert [one.closed_showcase for one in db.session.scalars(sa.select(Strike).order_by(Strike.id))] == [
            False, False, True,
        ]  # fmt: skip


class TestRefusals:
    def test_meet_a_decision_without_a_reason(self):
        with pytest.raises(Unstated, match="选择结论的原因"):
            decided(opened(), reviewer(), reason=" ")

    def test_meet_a_verdict_that_is_none(self):
        with pytest.raises(case_decision.NoVerdict, match="成立"):
            decided(opened(), reviewer(), "expired")

    def test_meet_a_stale_lease(self):
        me, mine = reviewer(), opened()
        taken(mine, me)
        with pytest.raises(casework.StaleLease):
            case_decision.decide(
                case_id=mine.id, staff_id=me.id, lease=1, verdict="cleared", why=REASON, at=AT + 10 * MINUTE
            )

    def test_meet_another_reviewers_case(self):
        me, other, mine = reviewer(), reviewer(), opened()
        taken(mine, me)
        with pytest.raises(casework.NotYours):
            case_decision.decide(case_id=mine.id, staff_id=other.id, lease=1, verdict="cleared", why=REASON, at=AT)

    def test_meet_a_second_decision(self):
        me, mine = reviewer(), opened()
        decided(mine, me)
        with pytest.raises(NotOpen, match="已经结案"):
            decided(mine, me)


class TestTogether:
    def alike(self, count=3, **facts):
        return [opened(f"ring:{n}", **facts) for n in range(count)]

    def clear(self, first, others, me):
        mine = taken(first, me)
        return case_decision.decide_alike(
            case_id=mine.id, staff_id=me.id, lease=mine.lease, others=[one.id for one in others], why=REASON, at=AT
        )

    def test_clears_cases_on_the_very_same_evidence(self):
        first, *others = self.alike()
        me = reviewer()
        assert [one.state for one in self.clear(first, others, me)] == ["cleared"] * 3
        assert {one.closed_by for one in [first, *others]} == {f"staff:{me.id}"}

    def test_refuses_other_evidence(self):
        first, other = opened("ring:1"), opened("ring:2", BURST)
        with pytest.raises(case_decision.TooMuchTogether, match="证据完全相同"):
            self.clear(first, [other], reviewer())

    def test_refuses_what_somebody_else_has(self):
        first, other = self.alike(2)
        taken(other, reviewer())
        with pytest.raises(case_decision.TooMuchTogether, match="无人领取"):
            self.clear(first, [other], reviewer())

    def test_refuses_as_much_money_as_takes_two(self):
        first, *others = self.alike(3, stake_fen=400_000)
        with pytest.raises(case_decision.TooMuchTogether, match="双人审核线"):
            self.clear(first, others, reviewer())


class TestSettling:
    def test_closes_what_the_desk_of_origin_decided(self):
        mine, other = opened("after_sale:5", queue="after_sale"), opened("after_sale:6", queue="after_sale")
        assert case_decision.settle(subject="after_sale:5", reason="closed", at=AT, by="system:relay") == 1
        assert (mine.state, other.state) == ("settled", "open")
        assert case_decision.settle(subject="after_sale:5", reason="closed", at=AT, by="system:relay") == 0


class TestSecondLook:
    @pytest.fixture
    def looked_at(self):
        setting(second_look_bps=10_000)
        self.me = reviewer()
        return decided(opened(), self.me)

    def look(self, at_, by, verdict="cleared", reason=REASON):
        return case_decision.look_again(case_id=at_.id, staff_id=by.id, verdict=verdict, why=reason, at=AT + MINUTE)

    def test_is_another_persons_and_changes_nothing(self, looked_at):
        assert looked_at.second == "due"
        made = self.look(looked_at, reviewer(), "confirmed")
        assert (made.first_by, looked_at.state, looked_at.second) == (f"staff:{self.me.id}", "cleared", "done")
        assert casefile.second_looks() == [("cleared", "confirmed")]

    def test_is_refused_to_who_decided_first(self, looked_at):
        with pytest.raises(SameHands, match="另一位审核员"):
            self.look(looked_at, self.me)

    def test_happens_once(self, looked_at):
        self.look(looked_at, reviewer())
        with pytest.raises(case_decision.NotDrawn, match="已经复看过"):
            self.look(looked_at, reviewer())

    def test_falls_to_few(self):
        setting(second_look_bps=0)
        assert decided(opened(), reviewer()).second is None


class TestHands:
    def test_are_two_in_the_database(self):
        mine = opened()
        made = CaseDecision(
            case_id=mine.id, at=AT, verdict="confirmed", reason="x", made_by="staff:1", second_by=None, stake_fen=5,
            limit_fen=5, closes=False, score=1, evidence=bytes(32), hits=[], before={}, after={}, seconds=0,
        )  # fmt: skip
        db.session.add(made)
        with pytest.raises(sa.exc.IntegrityError, match="ck_case_decision_second"), db.session.begin_nested():
            db.session.flush()

    def test_find_no_case_where_there_is_none(self):
        with pytest.raises(case.NoCase):
            case_decision.expire(case_id=2**40, at=AT)
