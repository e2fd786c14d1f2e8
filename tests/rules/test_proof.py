"""What follows from a picture and the order of record."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from models.rules import proof, proof_words
from models.rules.proof import Case, Code, Record, State, Verdict
from models.rules.reading import Fields

AT = datetime(2026, 1, 1, 1, tzinfo=UTC)
NUMBER = "3712345678901234567"
READ = Fields(number=NUMBER, paid_fen=9_900, placed_at=AT, paid_at=AT, shops=("小雅优选",), sure=0.97)
RECORD = Record(
    number=NUMBER, is_buyers=True, is_tasks=True, is_admission=True, is_paid=True, is_undone=False, paid_fen=9_900,
    placed_at=AT, paid_at=AT, names=("小雅优选", "M-10"),
)  # fmt: skip
CASE = Case(read=READ, record=RECORD)


def judged(seen: dict | None = None, kept: dict | None = None, **facts: object) -> tuple[State, Code]:
    case = Case(read=replace(READ, **seen or {}), record=replace(RECORD, **kept or {}))
    verdict = proof.judge(replace(case, **facts))
    return verdict.state, verdict.code


class TestPass:
    def test_is_given_when_every_field_agrees(self):
        assert proof.judge(CASE) == Verdict(State.PASSED, Code.AGREES)

    @pytest.mark.parametrize("shop", ["小雅优选", "M-10", "m-10", " 小雅 优选"])
    def test_knows_a_showcase_by_any_of_its_names(self, shop):
        assert judged({"shops": ("交易成功", shop)}) == (State.PASSED, Code.AGREES)

    def test_lets_two_clocks_be_two_minutes_apart(self):
        assert judged({"paid_at": AT + timedelta(minutes=2)}) == (State.PASSED, Code.AGREES)

    @pytest.mark.parametrize("gone", [{"paid_at": None}, {"placed_at": None}])
    def test_asks_for_one_of_both_moments(self, gone):
        assert judged(gone) == (State.PASSED, Code.AGREES)

    @pytest.mark.parametrize(
        "read",
        [{"number": None}, {"paid_fen": None}, {"placed_at": None, "paid_at": None}, {"shops": ()},
         {"paid_fen": 9_901}, {"paid_at": AT + timedelta(minutes=3)}, {"placed_at": AT - timedelta(days=1)},
         {"shops": ("大雅优选",)}, {"shops": ("别家",)}],
    )  # fmt: skip
    def test_is_never_given_when_one_field_does_not(self, read):
        assert judged(read)[0] is not State.PASSED

    @pytest.mark.parametrize(
        "record",
        [{"is_buyers": False}, {"is_buyers": None}, {"is_tasks": False}, {"is_admission": False}, {"is_paid": False},
         {"is_undone": True}],
    )  # fmt: skip
    def test_is_never_given_for_a_record_that_passes_no_task(self, record):
        assert judged(kept=record)[0] is not State.PASSED

    @pytest.mark.parametrize("facts", [{"record": None}, {"is_served": True}, {"has_twin": True}])
    def test_is_never_given_without_a_record_nor_twice_nor_beside_a_twin(self, facts):
        assert judged(None, None, **facts)[0] is not State.PASSED


class TestRejection:
    @pytest.mark.parametrize(
        ("read", "record", "facts", "code"),
        [
            ({"number": None, "paid_fen": None, "placed_at": None, "paid_at": None}, {}, {}, Code.NOT_AN_ORDER),
            ({"number": None}, {}, {}, Code.NO_NUMBER),
            ({}, {}, {"is_served": True}, Code.NUMBER_USED),
            ({}, {"is_buyers": False}, {}, Code.OTHER_BUYER),
            ({}, {"is_tasks": False}, {}, Code.OTHER_SHOWCASE),
            ({}, {"is_admission": False}, {}, Code.NOT_ADMISSION),
            ({}, {"is_undone": True}, {}, Code.REFUNDED),
            ({}, {"is_paid": False}, {}, Code.NOT_PAID),
            ({"paid_fen": 4_900}, {}, {}, Code.AMOUNT_DIFFERS),
            ({"paid_at": AT + timedelta(hours=1)}, {}, {}, Code.TIME_DIFFERS),
            ({"shops": ("别家",)}, {}, {}, Code.SHOP_DIFFERS),
        ],
    )
    def test_has_the_code_of_its_reason(self, read, record, facts, code):
        assert judged(read, record, **facts) == (State.REJECTED, code)

    @pytest.mark.parametrize("code", list(Code))
    def test_and_every_other_verdict_has_a_sentence(self, code):
        assert proof_words.SENTENCES[code].endswith("。")

    def test_says_that_a_person_may_be_asked(self):
        told = proof_words.sentence(State.REJECTED, Code.AMOUNT_DIFFERS, "实付 49 元")
        assert told == "截图上的实付金额与订单记录不一致。说明：实付 49 元。如有异议，可以申请人工复核。"


class TestPerson:
    @pytest.mark.parametrize(
        ("read", "record", "facts", "code"),
        [
            ({}, {}, {"record": None}, Code.RECORD_MISSING),
            ({}, {}, {"record": None, "expected": ("3712345678901234560",)}, Code.NUMBER_NEAR),
            ({}, {}, {"record": None, "expected": ("9912345678901234560",)}, Code.RECORD_MISSING),
            ({}, {"is_buyers": None}, {}, Code.NO_BUYER),
            ({"paid_fen": None}, {}, {}, Code.PARTLY_READ),
            ({"paid_fen": 4_900, "sure": 0.5}, {}, {}, Code.UNSURE),
            ({"shops": ("小推优选",)}, {}, {}, Code.UNSURE),
            ({}, {}, {"has_twin": True}, Code.TWIN),
        ],
    )
    def test_is_asked_where_the_machine_cannot_know(self, read, record, facts, code):
        assert judged(read, record, **facts) == (State.MANUAL, code)


class TestSteps:
    def test_a_picture_that_nobody_needs_is_refused(self):
        with pytest.raises(proof.AlreadyPassed):
            proof.check_submits(has_order=True, states=[])
        with pytest.raises(proof.AlreadyPassed):
            proof.check_submits(has_order=False, states=[State.REJECTED, State.PASSED])

    @pytest.mark.parametrize("state", [State.WAITING, State.MANUAL])
    def test_a_second_picture_waits_for_the_first(self, state):
        with pytest.raises(proof.StillLooking):
            proof.check_submits(has_order=False, states=[state])

    def test_a_rejected_task_may_send_another(self):
        proof.check_submits(has_order=False, states=[State.REJECTED, State.REJECTED])

    def test_a_rejection_is_appealed_once_in_words(self):
        proof.check_appeal(state=State.REJECTED, is_appealed=False, words="是我的订单")
        with pytest.raises(proof.AlreadyAppealed):
            proof.check_appeal(state=State.REJECTED, is_appealed=True, words="再看")
        with pytest.raises(proof.NotRejected):
            proof.check_appeal(state=State.PASSED, is_appealed=False, words="再看")
        with pytest.raises(proof.NoWords):
            proof.check_appeal(state=State.REJECTED, is_appealed=False, words=" ")

    @pytest.mark.parametrize("state", [State.WAITING, State.PASSED, State.REJECTED])
    def test_a_person_decides_what_waits_for_one(self, state):
        proof.check_decides(state=State.MANUAL)
        with pytest.raises(proof.NotManual):
            proof.check_decides(state=state)


class TestTaskWords:
    def test_put_the_order_of_record_before_the_picture(self):
        assert "不需要上传截图" in proof_words.of_task(is_passed=False, has_order=True, proof=State.REJECTED)
        assert proof_words.of_task(is_passed=True, has_order=False, proof=None) == "任务已完成。"
        assert "未通过" in proof_words.of_task(is_passed=False, has_order=False, proof=State.REJECTED)
