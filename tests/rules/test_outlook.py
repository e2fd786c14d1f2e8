"""What comes next for a member, and how far the next rank is."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from models.rules import outlook
from models.rules.outlook import Outcome, Position, Step
from models.rules.policy import PLAN, STEADY
from models.rules.standing import Rank, Standing

END = datetime(2026, 2, 1, tzinfo=UTC)
ACTIVE = Position(standing=Standing.ACTIVE, cycle_end=END, is_unlocked=True)


class TestOutcome:
    @pytest.mark.parametrize(
        ("standing", "failures", "reached", "expected"),
        [
            (Standing.ACTIVE, 0, 3, Outcome.PASSED),
            (Standing.ACTIVE, 0, 2, Outcome.FROZEN),
            (Standing.FROZEN, 1, 2, Outcome.EXITED),
            (Standing.FROZEN, 0, 2, Outcome.FAILED),
            (Standing.FROZEN, 1, 3, Outcome.PASSED),
        ],
    )
    def test_is_what_the_assessment_would_say(self, standing, failures, reached, expected):
        found = outlook.outcome(reached=reached, failures=failures, standing=standing, policy=PLAN)
        assert found is expected

    def test_of_a_steady_policy_is_a_reminder(self):
        found = outlook.outcome(reached=0, failures=5, standing=Standing.ACTIVE, policy=STEADY)
        assert found is Outcome.REMINDED


class TestNextSteps:
    def test_say_how_many_people_are_missing(self):
        (one,) = outlook.next_steps(replace(ACTIVE, reached=1), PLAN)
        assert (one.step, one.at, one.outcome, one.missing, one.counts_orders) == (
            Step.CYCLE, END, Outcome.FROZEN, 2, False,
        )  # fmt: skip

    def test_say_how_many_orders_where_orders_count(self):
        (one,) = outlook.next_steps(replace(ACTIVE, reached=1), STEADY)
        assert (one.outcome, one.missing, one.counts_orders) == (Outcome.REMINDED, 2, True)

    def test_of_a_candidate_are_its_lapse(self):
        position = Position(standing=Standing.CANDIDATE, lapse_at=END, tasks=10, tasks_passed=7)
        (one,) = outlook.next_steps(position, PLAN)
        assert (one.step, one.at, one.missing) == (Step.LAPSE, END, 3)

    def test_of_the_frozen_are_the_cycle_and_then_the_revival(self):
        position = replace(ACTIVE, standing=Standing.FROZEN, failures=1, bought=4)
        cycle, revival = outlook.next_steps(position, PLAN)
        assert (cycle.step, cycle.outcome) == (Step.CYCLE, Outcome.EXITED)
        assert (revival.step, revival.missing) == (Step.REVIVE, 6)

    def test_of_the_locked_are_the_unlock_too(self):
        steps = outlook.next_steps(replace(ACTIVE, is_unlocked=False, directs=2), PLAN)
        assert [(one.step, one.missing) for one in steps] == [(Step.CYCLE, 3), (Step.UNLOCK, 1)]

    def test_of_a_preset_or_the_lapsed_are_none(self):
        assert outlook.next_steps(Position(standing=Standing.ACTIVE, is_preset=True), PLAN) == []
        assert outlook.next_steps(Position(standing=Standing.LAPSED), PLAN) == []


class TestNextRank:
    def far(self, kept, policy=PLAN, **figures):
        given = {"team_size": 13, "team_sales_fen": 400_000, "own_sales_fen": 100_000} | figures
        return outlook.next_rank(kept=kept, policy=policy, **given)

    def test_is_as_far_as_the_condition_further_off(self):
        found = self.far(None)
        assert (found.rank, found.people_missing, found.sales_missing_fen) == (Rank.EXPERT, 0, 100_000)
        assert found.share == pytest.approx(0.8)

    def test_follows_the_one_that_is_held(self):
        found = self.far(Rank.EXPERT)
        assert (found.rank, found.people_missing, found.sales_missing_fen) == (Rank.LEADER, 108, 4_600_000)

    def test_counts_no_heads_where_own_sales_count(self):
        found = self.far(None, STEADY)
        assert (found.people_missing, found.sales_missing_fen) == (0, 400_000)

    def test_ends_at_the_top(self):
        assert self.far(Rank.CENTER) is None
