"""Evidence on PostgreSQL: sent, judged, appealed, decided; one number, one task."""

import hashlib
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from models import Event, Proof, ProofStep, db
from models.operations import order, proof
from models.operations.proof import Sent
from models.queries import admission
from models.queries import proof as queries
from models.rules import proof as rules
from models.rules.commission import Kind
from models.rules.reading import Fields
from tests.operations import world
from tests.operations.world import AT
from tests.village import happens

NUMBER = "3712345678901234567"
LATER = AT + timedelta(minutes=1)
READ = Fields(number=NUMBER, paid_fen=9_900, placed_at=AT, paid_at=AT, shops=("M-10",), sure=0.97)


def sent(seed: str = "1", hash64: int | None = None, outline: bytes | None = None) -> Sent:
    """A picture unlike any other seed's."""
    digest = hashlib.sha512(seed.encode()).digest()
    return Sent(
        picture=f"{seed}.jpg", sha256=digest[:32], width=720, height=1_600, outline=outline or digest * 2,
        hash64=hash64 if hash64 is not None else int.from_bytes(digest[:8], "big"),
    )  # fmt: skip


@pytest.fixture
def candidate(session):
    """A candidate of a network whose first task is M-10's showcase."""
    happens("policy", preset="plan")
    world.network()
    return world.joins("W1", "M-10")


def submitted(member, n: int = 1, seed: str = "1", **how) -> Proof:
    return proof.submit(member_id=member.id, n=n, sent=sent(seed, **how), at=AT, by=f"member:{member.code}")


def bought(buyer: str = "W1", number: str = NUMBER, seller: str = "M-10", kind: Kind = Kind.ADMISSION, **facts):
    return order.place(purchase=world.purchase(number, seller, buyer=buyer, kind=kind, **facts), at=AT)


def judged(made: Proof, **read) -> tuple[str, str | None]:
    found = proof.judge(proof_id=made.id, read=replace(READ, **read), at=LATER)
    return found.state, found.code


def rejected(member) -> Proof:
    made = submitted(member)
    judged(made, number=None)
    return made


def emitted(name: str) -> list[int]:
    return list(db.session.scalars(sa.select(Event.payload["proof_id"].as_integer()).where(Event.name == name)))


class TestSubmit:
    def test_keeps_the_picture_for_its_task_and_tells_the_reader(self, candidate):
        made = submitted(candidate)
        assert (made.state, made.code, made.picture) == ("waiting", None, "1.jpg")
        assert queries.task_number(made) == 1
        assert emitted("proof.submitted") == [made.id]

    def test_refuses_a_task_that_is_not_there(self, candidate):
        for n in (0, 11, 99):
            with pytest.raises(proof.NoTask):
                submitted(candidate, n=n)

    def test_refuses_a_task_that_is_passed_by_its_order(self, candidate):
        bought()
        order.ship(number=NUMBER, at=AT)
        order.complete(number=NUMBER, at=AT)
        with pytest.raises(rules.AlreadyPassed, match="不需要再上传"):
            submitted(candidate)

    def test_takes_one_picture_at_a_time(self, candidate):
        submitted(candidate)
        with pytest.raises(rules.StillLooking):
            submitted(candidate, seed="2")


class TestJudge:
    def test_passes_what_agrees_with_the_candidates_order_of_record(self, candidate):
        bought()
        made = submitted(candidate)
        assert judged(made) == ("passed", "agrees")
        assert (made.number, made.decided_by, made.order_id is not None) == (NUMBER, "system:judge", True)
        assert emitted("proof.decided") == [made.id]

    def test_grants_nothing_by_itself(self, candidate):
        bought()
        judged(submitted(candidate))
        assert [line.is_passed for line in admission.sheet(candidate.id)][0] is False

    def test_hands_over_what_has_no_record(self, candidate):
        made = submitted(candidate)
        assert judged(made) == ("manual", "record_missing")
        assert emitted("proof.manual") == [made.id]

    def test_hands_over_what_nothing_could_read(self, candidate):
        made = submitted(candidate)
        proof.judge(proof_id=made.id, read=None, at=LATER)
        assert (made.state, made.code) == ("manual", "no_reader")

    def test_rejects_anothers_order(self, candidate):
        world.joins("W2", "M-10")
        bought("W2")
        assert judged(submitted(candidate)) == ("rejected", "other_buyer")

    def test_rejects_an_order_of_another_task(self, candidate):
        bought(seller="M-9")
        assert judged(submitted(candidate)) == ("rejected", "other_showcase")

    def test_rejects_an_ordinary_order(self, candidate):
        bought(kind=Kind.NORMAL)
        assert judged(submitted(candidate)) == ("rejected", "not_admission")

    def test_rejects_an_edited_amount(self, candidate):
        bought()
        assert judged(submitted(candidate), paid_fen=4_900) == ("rejected", "amount_differs")

    def test_sees_a_number_that_is_nearly_the_candidates_own(self, candidate):
        bought()
        assert judged(submitted(candidate), number="3712345678901234568") == ("manual", "number_near")

    def test_decides_again_when_the_record_has_come(self, candidate):
        made = submitted(candidate)
        judged(made)
        assert queries.recorded_since(10) == []
        bought()
        assert queries.recorded_since(10) == [made.id]
        assert judged(made) == ("passed", "agrees")

    def test_leaves_what_is_decided_as_it_is(self, candidate):
        made = rejected(candidate)
        assert judged(made) == ("rejected", "no_number")
        assert len(queries.steps([made.id])) == 2

    def test_asked_twice_says_it_once(self, candidate):
        made = submitted(candidate)
        judged(made)
        judged(made)
        assert [step.kind for step in queries.steps([made.id])] == ["submitted", "judged"]
        assert emitted("proof.manual") == [made.id]


class TestNumber:
    def test_serves_one_task_ever(self, candidate):
        other = world.joins("W2", "M-10")
        first = submitted(candidate)
        judged(first)
        proof.accept(proof_id=first.id, number=NUMBER, note="", at=LATER, by="staff:1")
        second = submitted(other, seed="2")
        assert judged(second) == ("rejected", "number_used")

    def test_cannot_be_accepted_again_by_a_person(self, candidate):
        other = world.joins("W2", "M-10")
        for member, seed in ((candidate, "1"), (other, "2")):
            judged(submitted(member, seed=seed), number=f"{seed}11111111111")
        first, second = db.session.scalars(sa.select(Proof).order_by(Proof.id)).all()
        proof.accept(proof_id=first.id, number=NUMBER, note="", at=LATER, by="staff:1")
        with pytest.raises(rules.NumberServed, match="不能再次使用"):
            proof.accept(proof_id=second.id, number=NUMBER, note="", at=LATER, by="staff:1")

    def test_is_told_when_two_claim_it(self, candidate):
        other = world.joins("W2", "M-10")
        first = submitted(candidate)
        judged(first)
        second = submitted(other, seed="2")
        judged(second)
        assert (second.state, second.twin_id) == ("manual", first.id)


class TestTwin:
    def test_is_the_same_file_for_another_task(self, candidate):
        bought()
        first = submitted(candidate, n=2, seed="1")
        judged(first, number=None)
        second = submitted(candidate, n=1, seed="1")
        assert judged(second) == ("manual", "twin")
        assert second.twin_id == first.id

    def test_is_a_picture_that_looks_nearly_the_same(self, candidate):
        bought()
        outline = bytes(range(128))
        first = submitted(candidate, n=2, seed="1", hash64=0x1111_2222_3333_4444, outline=outline)
        judged(first, number=None)
        near = bytes([outline[0] ^ 0xFF, *outline[1:]])
        second = submitted(candidate, n=1, seed="2", hash64=0xFFFF_2222_0000_0000, outline=near)
        assert judged(second) == ("manual", "twin")

    @pytest.mark.parametrize(
        "apart",
        [{"number": "3799999999999999999"}, {"number": None, "placed_at": LATER}, {"number": None, "paid_at": LATER}],
    )
    def test_is_no_other_order_that_looks_nearly_the_same(self, candidate, apart):
        bought()
        judged(submitted(candidate, n=2, seed="1", hash64=7, outline=bytes(128)), **apart)
        assert judged(submitted(candidate, n=1, seed="2", hash64=7, outline=bytes(128))) == ("passed", "agrees")

    def test_is_none_that_still_waits_to_be_read(self, candidate):
        bought()
        submitted(candidate, n=2, seed="1", hash64=7, outline=bytes(128))
        assert judged(submitted(candidate, n=1, seed="2", hash64=7, outline=bytes(128))) == ("passed", "agrees")

    def test_is_no_picture_that_shares_a_band_by_chance(self, candidate):
        bought()
        judged(submitted(candidate, n=2, seed="1", hash64=7), number=None)
        assert judged(submitted(candidate, n=1, seed="2", hash64=7)) == ("passed", "agrees")

    def test_is_not_the_candidates_own_try_for_the_same_task(self, candidate):
        bought()
        rejected(candidate)
        assert judged(submitted(candidate, seed="1")) == ("passed", "agrees")


class TestAppeal:
    def test_brings_a_rejected_picture_to_a_person(self, candidate):
        made = rejected(candidate)
        proof.appeal(member_id=candidate.id, n=1, words=" 是我\n的订单 ", at=LATER, by="member:W1")
        assert (made.state, made.code, made.appeal, made.decided_at) == ("manual", "appealed", "是我 的订单", None)
        assert emitted("proof.appealed") == [made.id]

    def test_is_never_decided_by_the_machine(self, candidate):
        made = rejected(candidate)
        proof.appeal(member_id=candidate.id, n=1, words="请看", at=LATER, by="member:W1")
        bought()
        assert judged(made) == ("manual", "appealed")
        assert queries.recorded_since(10) == []

    def test_finds_nothing_of_anybody_else(self, candidate):
        rejected(candidate)
        other = world.joins("W2", "M-10")
        with pytest.raises(proof.NoProof):
            proof.appeal(member_id=other.id, n=1, words="请看", at=LATER, by="member:W2")

    def test_leaves_another_picture_possible_after_the_second_no(self, candidate):
        made = rejected(candidate)
        proof.appeal(member_id=candidate.id, n=1, words="请看", at=LATER, by="member:W1")
        proof.reject(proof_id=made.id, code="unreadable", note="太暗", at=LATER, by="staff:1")
        with pytest.raises(rules.AlreadyAppealed):
            proof.appeal(member_id=candidate.id, n=1, words="再看", at=LATER, by="member:W1")
        assert submitted(candidate, seed="2").state == "waiting"


class TestPerson:
    def test_accepts_with_the_number_that_was_checked(self, candidate):
        made = submitted(candidate)
        judged(made, number=None, paid_fen=9_900)
        proof.appeal(member_id=candidate.id, n=1, words="请看", at=LATER, by="member:W1")
        proof.accept(proof_id=made.id, number=" 3712345678901234567 ", note="核对", at=LATER, by="staff:1")
        assert (made.state, made.code, made.number, made.decided_by) == ("passed", "looked_at", NUMBER, "staff:1")

    def test_accepts_nothing_without_a_number(self, candidate):
        made = submitted(candidate)
        judged(made)
        with pytest.raises(rules.NoWords):
            proof.accept(proof_id=made.id, number=" ", note="", at=LATER, by="staff:1")

    def test_rejects_with_a_reason_the_candidate_reads(self, candidate):
        made = submitted(candidate)
        judged(made)
        proof.reject(proof_id=made.id, code="forged", note="字体不一", at=LATER, by="staff:1")
        assert (made.state, made.code, made.note) == ("rejected", "forged", "字体不一")

    def test_decides_once(self, candidate):
        made = submitted(candidate)
        judged(made)
        proof.reject(proof_id=made.id, code="forged", note="", at=LATER, by="staff:1")
        with pytest.raises(rules.NotManual):
            proof.accept(proof_id=made.id, number=NUMBER, note="", at=LATER, by="staff:2")


class TestLog:
    def test_has_a_row_for_every_step(self, candidate):
        made = rejected(candidate)
        proof.appeal(member_id=candidate.id, n=1, words="请看", at=LATER, by="member:W1")
        proof.accept(proof_id=made.id, number=NUMBER, note="", at=LATER, by="staff:1")
        rows = db.session.scalars(sa.select(ProofStep).order_by(ProofStep.n)).all()
        assert [(row.kind, row.state, row.by) for row in rows] == [
            ("submitted", "waiting", "member:W1"),
            ("judged", "rejected", "system:judge"),
            ("appealed", "manual", "member:W1"),
            ("decided", "passed", "staff:1"),
        ]
