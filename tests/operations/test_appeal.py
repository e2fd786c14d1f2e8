"""Appeals: about oneself, once, in time, decided by another; what is won is undone to the fen."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import Appeal, Case, Member, Proof, Strike, db
from models.operations import after_sale, appeal, approval, case_decision, proof, showcase, strike
from models.operations.proof import Sent
from models.rules.after_sale import Kind
from models.rules.approval import SameHands
from models.rules.reading import Fields
from tests.operations import docket, world
from tests.operations.docket import AT, REASON, held, reviewer
from tests.operations.test_case_decision import decided, shares
from tests.village import happens

DAY = timedelta(days=1)


pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture(scope="module", autouse=True)
def network(stage):
    world.network()


def seller() -> Member:
    return db.session.scalars(sa.select(Member).where(Member.code == "M-10")).one()


def filed(subject: str, who: Member | None = None, at=AT + DAY, words="都是真实顾客") -> Appeal:
    return appeal.file(member_id=(who or seller()).id, subject=subject, words=words, at=at)


def case_of(made: Appeal) -> Case:
    return db.session.scalars(sa.select(Case).where(Case.subject == f"appeal:{made.id}")).one()


def struck(*numbers: str) -> Strike:
    """Confirmed orders of M-10, where it takes two by two; the newest strike."""
    for number in numbers:
        mine, me = held(number), reviewer()
        decided(mine, me, "confirmed")
        asked = case_decision.asked(mine.id)
        if asked is not None:
            approval.approve(approval_id=asked.id, digest=asked.digest, at=AT, by=f"staff:{reviewer().id}")
    return db.session.scalars(sa.select(Strike).order_by(Strike.id.desc()).limit(1)).one()


class TestFiling:
    def test_becomes_a_case_with_the_members_words(self):
        made = filed(f"strike:{struck('o1').id}")
        mine = case_of(made)
        assert (mine.queue, made.state, mine.member_ids) == ("appeal", "open", [seller().id])

    def test_happens_once(self):
        one = struck("o1")
        filed(f"strike:{one.id}")
        with pytest.raises(appeal.AlreadyAppealed, match="我的申诉"):
            filed(f"strike:{one.id}")

    def test_ends_after_thirty_days(self):
        one = struck("o1")
        with pytest.raises(appeal.TooLate, match="30 天"):
            filed(f"strike:{one.id}", at=AT + 31 * DAY)

    def test_is_about_oneself(self):
        one = struck("o1")
        with pytest.raises(appeal.NothingToAppeal):
            filed(f"strike:{one.id}", world.member("a"))

    @pytest.mark.parametrize("subject", ["strike:1x", "strike:999999", "rumour:1", "", "order:none", "showcase"])
    def test_is_against_something_that_was_decided(self, subject):
        with pytest.raises(appeal.NothingToAppeal, match="没有可以申诉的决定"):
            filed(subject)

    @pytest.mark.parametrize("words", ["  ", "x" * 2_001])
    def test_takes_words(self, words):
        with pytest.raises(appeal.NoWords, match="2000"):
            filed("showcase", words=words)


class TestStrike:
    def test_that_is_won_gives_everything_back(self):
        before = (docket.suspect("o1"), shares())[1]
        mine = docket.opened("order:o1", orders=[docket.order("o1").id])
        decided(mine, reviewer(), "confirmed")
        made = filed(f"strike:{db.session.scalars(sa.select(Strike.id)).one()}")
        decided(case_of(made), reviewer(), "cleared", at=AT + DAY)
        assert (made.state, made.answer) == ("won", REASON)
        assert shares() == before
        assert (seller().strikes, docket.order("o1").is_fraud) == (0, False)

    def test_that_is_lost_stays(self):
        made = filed(f"strike:{struck('o1').id}")
        decided(case_of(made), reviewer(), "confirmed", at=AT + DAY)
        assert (made.state, seller().strikes) == ("lost", 1)

    def test_of_three_opens_the_showcase_again(self):
        one = struck("o1", "o2", "o3")
        assert seller().showcase == "closed"
        made = filed(f"strike:{one.id}")
        decided(case_of(made), reviewer(), "cleared", at=AT + DAY)
        assert (seller().showcase, seller().strikes) == ("open", 2)

    def test_is_taken_back_once(self):
        one = struck("o1")
        strike.take_back(strike_id=one.id, at=AT, by="staff:9")
        with pytest.raises(strike.TakenBack, match="已经撤销"):
            strike.take_back(strike_id=one.id, at=AT, by="staff:9")

    def test_is_never_decided_by_who_gave_it(self):
        mine, me = held("o1"), reviewer()
        decided(mine, me, "confirmed")
        made = filed(f"strike:{db.session.scalars(sa.select(Strike.id)).one()}")
        with pytest.raises(SameHands, match="未参与原决定"):
            decided(case_of(made), me, "cleared", at=AT + DAY)

    def test_is_never_decided_by_the_second_person_either(self):
        struck("o1", "o2")
        mine, me, second = held("o3"), reviewer(), reviewer()
        decided(mine, me, "confirmed")
        asked = case_decision.asked(mine.id)
        approval.approve(approval_id=asked.id, digest=asked.digest, at=AT, by=f"staff:{second.id}")
        made = filed("showcase")
        for day, hands in enumerate((me, second), 1):
            with pytest.raises(SameHands):
                decided(case_of(made), hands, "cleared", at=AT + day * DAY)


class TestClosure:
    def test_by_staff_is_undone(self):
        showcase.close(member_id=seller().id, at=AT)
        made = filed("showcase")
        decided(case_of(made), reviewer(), "cleared", at=AT + DAY)
        assert seller().showcase == "open"

    def test_for_strikes_takes_the_newest_with_it(self):
        struck("o1", "o2", "o3")
        made = filed("showcase")
        decided(case_of(made), reviewer(), "cleared", at=AT + DAY)
        assert (seller().showcase, seller().strikes) == ("open", 2)


class TestHold:
    def test_that_is_won_releases_the_order(self):
        mine = held("o1")
        made = filed("order:o1")
        assert case_of(made).stake_fen == 3_000
        decided(case_of(made), reviewer(), "cleared", at=AT + DAY)
        assert (docket.order("o1").is_held, mine.state) == (False, "open")


class TestAfterSale:
    def test_that_was_refused_is_opened_again(self):
        buyer = world.member("b")
        docket.suspect("o1", buyer="b")
        asked = after_sale.open_(number="o1", kind=Kind.QUALITY, words="破损", at=AT, day=lambda moment: moment.date())
        after_sale.refuse(after_sale_id=asked.id, answer="证据不足", at=AT)
        made = filed(f"after_sale:{asked.id}", buyer)
        decided(case_of(made), reviewer(), "cleared", at=AT + DAY)
        again = after_sale.queries.of_order(asked.order_id)
        assert (again.state, again.reason) == ("opened", "申诉成立：破损")


class TestProof:
    """The verdict on a picture, by a rule or by a person of the desk."""

    @pytest.fixture
    def sent(self):
        happens("policy", preset="plan")
        return self.send(world.joins("W1", "M-10", AT))

    @staticmethod
    def send(who: Member, seed: int = 0) -> Proof:
        facts = {"sha256": bytes([seed]) * 32, "hash64": seed, "outline": bytes([seed]) * 128}
        sent = Sent(picture=f"{seed}.jpg", width=300, height=600, **facts)
        made = proof.submit(member_id=who.id, n=1, sent=sent, at=AT, by="member:W1")
        return proof.judge(proof_id=made.id, read=Fields(), at=AT)

    def test_that_is_won_brings_the_picture_back_to_the_desk(self, sent):
        made = filed("proof:1", db.session.get_one(Member, sent.member_id))
        assert (made.subject, made.against_by) == (f"proof:{sent.id}", "system:judge")
        decided(case_of(made), reviewer(), "cleared")
        assert (sent.state, sent.code, sent.appeal) == ("manual", "appealed", "都是真实顾客")

    def test_by_a_person_is_decided_by_another(self, sent):
        me = reviewer()
        proof.appeal(member_id=sent.member_id, n=1, words="请看", at=AT, by="member:W1")
        proof.reject(proof_id=sent.id, code="forged", note="", at=AT, by=f"staff:{me.id}")
        made = filed("proof:1", db.session.get_one(Member, sent.member_id))
        with pytest.raises(SameHands):
            appeal.conclude(appeal_id=made.id, won=True, answer="new_evidence", at=AT, by=f"staff:{me.id}")
        appeal.conclude(appeal_id=made.id, won=False, answer="nothing_new", at=AT, by=f"staff:{reviewer().id}")
        assert sent.state == "rejected"

    def test_that_is_won_leaves_a_newer_picture_alone(self, sent):
        who = db.session.get_one(Member, sent.member_id)
        made = filed("proof:1", who)
        newer = self.send(who, 1)
        proof.appeal(member_id=who.id, n=1, words="请看", at=AT, by="member:W1")
        appeal.conclude(appeal_id=made.id, won=True, answer="new_evidence", at=AT, by=f"staff:{reviewer().id}")
        assert (sent.state, newer.state) == ("rejected", "manual")

    @pytest.mark.parametrize("subject", ["proof:2", "proof:11", "proof:0", "proof:x"])
    def test_is_against_a_picture_that_was_rejected(self, sent, subject):
        with pytest.raises(appeal.NothingToAppeal):
            filed(subject, db.session.get_one(Member, sent.member_id))
