from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules import policy, withdrawal
from models.rules.compliance import BadAmount
from models.rules.policy import PLAN, STEADY
from models.rules.standing import Standing
from models.rules.withdrawal import (
    BelowMinimum,
    InDebt,
    NameMissing,
    NotActive,
    NotEnough,
    Obligation,
    OrderOnHold,
    PurchaseOverdue,
    Purse,
)

START = datetime(2026, 1, 1, tzinfo=UTC)
FULL = Purse(
    standing=Standing.ACTIVE, available_fen=1_000, owed_fen=0, on_hold=False, real_name=True, overdue=False
)  # fmt: skip


class TestCheckWithdrawal:
    def test_takes_everything_there_is(self):
        withdrawal.check_withdrawal(1_000, FULL, PLAN)
        withdrawal.check_withdrawal(100, FULL, PLAN)

    @pytest.mark.parametrize(
        ("amount", "changes", "error"),
        [
            (99, {}, BelowMinimum),
            (1_001, {}, NotEnough),
            (100, {"standing": Standing.FROZEN}, NotActive),
            (100, {"standing": Standing.EXITED}, NotActive),
            (100, {"standing": Standing.CANDIDATE}, NotActive),
            (100, {"owed_fen": 1}, InDebt),
            (100, {"on_hold": True}, OrderOnHold),
            (100, {"real_name": False}, NameMissing),
            (100, {"overdue": True}, PurchaseOverdue),
            (-100, {}, BadAmount),
            (10**15, {}, BadAmount),
        ],
    )
    def test_refuses_with_the_rule(self, amount, changes, error):
        with pytest.raises(error, match="规则"):
            withdrawal.check_withdrawal(amount, replace(FULL, **changes), PLAN)

    def test_an_overdue_purchase_only_reminds_under_steady(self):
        withdrawal.check_withdrawal(100, replace(FULL, overdue=True), STEADY)

    def test_a_second_person_approves_from_five_thousand_yuan(self):
        assert not withdrawal.needs_second_approval(499_999, PLAN)
        assert withdrawal.needs_second_approval(500_000, PLAN)


class TestPassed:
    step = policy.changed(PLAN, {"high_earner.step_fen": 1_000})

    @pytest.mark.parametrize(
        ("before", "after", "expected"),
        [
            (0, 999, 0),
            (0, 1_000, 1),
            (999, 1_000, 1),
            (1_000, 1_999, 0),
            (400, 3_100, 3),
            (1_500, 900, 0),
            (900, 1_000, 1),
        ],
    )
    def test_counts_full_multiples_on_the_way_up(self, before, after, expected):
        assert withdrawal.passed(before, after, self.step) == expected

    @given(st.lists(st.integers(0, 5_000)))
    def test_many_small_earnings_pass_what_one_large_one_does(self, amounts):
        total, times = 0, 0
        for amount in amounts:
            times += withdrawal.passed(total, total + amount, self.step)
            total += amount
        assert times == withdrawal.passed(0, total, self.step)


class TestObligations:
    def test_each_order_meets_the_oldest(self):
        owed = [Obligation(since=START), Obligation(since=START + timedelta(days=1))]
        once = withdrawal.meet(owed, START + timedelta(days=2))
        twice = withdrawal.meet(once, START + timedelta(days=3))
        assert [one.met_at is None for one in once] == [False, True]
        assert [one.met_at is None for one in twice] == [False, False]
        assert withdrawal.meet(twice, START) == twice

    def test_are_overdue_after_thirty_days_unless_met(self):
        due = START + timedelta(days=30)
        assert not withdrawal.any_overdue([Obligation(since=START)], due - timedelta(seconds=1))
        assert withdrawal.any_overdue([Obligation(since=START)], due)
        assert not withdrawal.any_overdue([Obligation(since=START, met_at=due)], due + timedelta(days=90))

    def test_are_overdue_as_soon_as_one_is(self):
        owed = [Obligation(since=START), Obligation(since=START + timedelta(days=29))]
        assert withdrawal.any_overdue(owed, START + timedelta(days=30))

    def test_are_asked_for_in_numbers_a_person_could_meet(self):
        tiny = replace(PLAN, high_earner_step_fen=1)
        assert [withdrawal.passed(0, fen, tiny) for fen in (0, 999, 1_000, 10**11)] == [0, 999, 1_000, 1_000]


class TestChecks:
    def test_name_their_rules_in_the_order_in_which_a_person_can_act(self):
        found = list(withdrawal.checks(100, FULL, PLAN))
        assert [one.rule for one in found] == ["5.9", "4.3", "5.9", "5.9", "5.9", "5.8"]
        assert [one.refusal for one in found] == [None] * 6


class TestMaySend:
    def test_sends_once_and_again_only_what_is_lost_for_ten_minutes(self):
        lost = START + timedelta(minutes=10)
        assert withdrawal.may_send(sent_at=None, at=START)
        assert not withdrawal.may_send(sent_at=START, at=START)
        assert not withdrawal.may_send(sent_at=START, at=lost - timedelta(seconds=1))
        assert withdrawal.may_send(sent_at=START, at=lost)


class TestTransferState:
    def test_is_written_as_the_channel_writes_it(self):
        assert [str(one) for one in withdrawal.TransferState] == [
            "ACCEPTED", "PROCESSING", "WAIT_USER_CONFIRM", "TRANSFERING", "SUCCESS", "FAIL", "CANCELING", "CANCELLED",
        ]  # fmt: skip


class TestBill:
    def test_is_refused_over_another_amount_and_taken_over_ours_or_none(self):
        withdrawal.check_amount_told(told_fen=0, net_fen=900, number="W1")
        withdrawal.check_amount_told(told_fen=900, net_fen=900, number="W1")
        with pytest.raises(withdrawal.WrongAmount, match="W1 的转账单金额为 ¥9.01，应为 ¥9.00"):
            withdrawal.check_amount_told(told_fen=901, net_fen=900, number="W1")

    def test_that_nobody_confirms_closes_a_day_after_it_was_made(self):
        assert withdrawal.confirm_by(datetime(2026, 1, 1, tzinfo=UTC)) == datetime(2026, 1, 2, tzinfo=UTC)
