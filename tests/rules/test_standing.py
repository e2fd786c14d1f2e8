from datetime import UTC, datetime, timedelta

import pytest

from models.rules import policy, standing
from models.rules.policy import PLAN, STEADY
from models.rules.standing import Cycle, NotACandidate, NotLapsed, Rank, Standing, Verdict

START = datetime(2026, 1, 1, 9, tzinfo=UTC)


def days(number: float) -> datetime:
    return START + timedelta(days=number)


class TestRegistering:
    def test_takes_the_new_and_the_lapsed(self):
        standing.check_registers(None)
        standing.check_registers(Standing.LAPSED)

    @pytest.mark.parametrize("now", [Standing.CANDIDATE, Standing.ACTIVE, Standing.FROZEN, Standing.EXITED])
    def test_refuses_everybody_else(self, now):
        with pytest.raises(NotLapsed, match=r"规则 2\.5"):
            standing.check_registers(now)

    def test_lapses_after_the_candidate_days(self):
        assert standing.lapses_at(START, PLAN) == days(7)


class TestQualifying:
    @pytest.mark.parametrize("now", [Standing.LAPSED, Standing.ACTIVE, Standing.FROZEN, Standing.EXITED])
    def test_is_for_candidates(self, now):
        standing.check_qualifies(Standing.CANDIDATE)
        with pytest.raises(NotACandidate, match=r"规则 3\.4"):
            standing.check_qualifies(now)


class TestUnlocks:
    def test_at_the_third_direct(self):
        assert [standing.unlocks(directs, PLAN) for directs in (0, 2, 3, 4)] == [False, False, True, True]

    def test_from_the_start_where_none_is_asked(self):
        assert standing.unlocks(0, STEADY)


class TestCycle:
    def test_covers_its_start_and_not_its_end(self):
        cycle = standing.cycle_from(START, PLAN)
        assert cycle == Cycle(START, days(30))
        assert cycle.count([days(-0.1), START, days(29.9), days(30), days(31)]) == 2


class TestAssess:
    @pytest.mark.parametrize(
        ("reached", "failures", "now", "expected"),
        [
            (3, 0, Standing.ACTIVE, Verdict(True, 0, Standing.ACTIVE)),
            (4, 1, Standing.ACTIVE, Verdict(True, 0, Standing.ACTIVE)),
            (2, 0, Standing.ACTIVE, Verdict(False, 1, Standing.FROZEN)),
            (3, 1, Standing.FROZEN, Verdict(True, 0, Standing.FROZEN)),
            (0, 0, Standing.FROZEN, Verdict(False, 1, Standing.FROZEN)),
            (0, 1, Standing.FROZEN, Verdict(False, 2, Standing.EXITED)),
        ],
    )
    def test_by_recruits_freezes_once_and_exits_at_two(self, reached, failures, now, expected):
        assert standing.assess(reached=reached, failures=failures, standing=now, policy=PLAN) == expected

    def test_reminding_counts_and_does_no_more(self):
        verdict = standing.assess(reached=2, failures=7, standing=Standing.ACTIVE, policy=STEADY)
        assert verdict == Verdict(False, 8, Standing.ACTIVE)


class TestRevives:
    def test_at_the_tenth_order_from_the_instant_on(self):
        nine = [days(10)] * 8 + [days(0)]
        given = {"standing": Standing.FROZEN, "since": START, "policy": PLAN}
        assert not standing.revives(bought=[*nine, days(-1)], **given)
        assert standing.revives(bought=[*nine, days(11)], **given)

    @pytest.mark.parametrize("now", [Standing.ACTIVE, Standing.CANDIDATE, Standing.LAPSED])
    def test_is_for_the_frozen_and_the_exited(self, now):
        bought = [days(1)] * 20
        assert not standing.revives(standing=now, since=START, bought=bought, policy=PLAN)
        assert standing.revives(standing=Standing.EXITED, since=START, bought=bought, policy=PLAN)


class TestRank:
    @pytest.mark.parametrize(
        ("people", "fen", "expected"),
        [
            (12, 10**12, None),
            (13, 499_999, None),
            (13, 500_000, Rank.EXPERT),
            (121, 4_999_999, Rank.EXPERT),
            (121, 5_000_000, Rank.LEADER),
            (1_093, 50_000_000, Rank.FOUNDER),
            (9_841, 500_000_000, Rank.CENTER),
            (9_840, 500_000_000, Rank.FOUNDER),
        ],
    )
    def test_needs_people_and_sales(self, people, fen, expected):
        assert standing.rank_for(team_size=people, team_sales_fen=fen, own_sales_fen=0, policy=PLAN) is expected

    def test_by_own_sales_counts_no_heads(self):
        ranked = standing.rank_for(team_size=9_841, team_sales_fen=10**9, own_sales_fen=5_000_000, policy=STEADY)
        assert ranked is Rank.LEADER

    def test_full_trees_of_two_four_six_and_eight_levels(self):
        sizes = [sum(3**level for level in range(depth + 1)) for depth in (2, 4, 6, 8)]
        assert tuple(sizes) == policy.PLAN.rank_team_size

    def test_is_kept_once_reached(self):
        assert standing.higher(Rank.LEADER, Rank.EXPERT) is Rank.LEADER
        assert standing.higher(None, Rank.EXPERT) is Rank.EXPERT
        assert standing.higher(Rank.EXPERT, None) is Rank.EXPERT
        assert standing.higher(None, None) is None

    @pytest.mark.parametrize(
        ("now", "expected"),
        [
            (Standing.ACTIVE, True),
            (Standing.FROZEN, True),
            (Standing.EXITED, False),
            (Standing.CANDIDATE, False),
            (Standing.LAPSED, False),
        ],
    )
    def test_is_evaluated_for_the_active_and_the_frozen(self, now, expected):
        assert standing.is_ranked(now) is expected
