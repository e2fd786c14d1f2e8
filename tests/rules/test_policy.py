from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules import policy
from models.rules.policy import PLAN, STEADY, BadPolicy, FindingOpen, OpinionMissing, SameHands, UnknownKey, Version

LEVEL_KEYS = ["levels", "split_bps", "levels_by", "dividend_bps", "region_bps", "seed_bonus_bps", "seed_bonus_days"]
GATE_KEYS = ["admission.orders", "admission.refund_effect", "unlock.directs", "revive.orders"]
ASSESS_KEYS = ["assess.metric", "assess.target", "assess.effect", "rank.by", "rank.team_size", "rank.sales_fen"]
DAY_KEYS = ["return_days", "auto_confirm_days", "candidate_days", "cycle_days"]
MONEY_KEYS = ["reserve_bps", "high_earner.mode", "high_earner.step_fen", "withdraw.min", "withdraw.second_approval"]
KEYS = [*LEVEL_KEYS, *GATE_KEYS, *ASSESS_KEYS, *DAY_KEYS, *MONEY_KEYS, "risk.enabled", "tax.method"]


def day(number: int) -> datetime:
    return datetime(2026, 1, number, tzinfo=UTC)


class TestPresets:
    def test_plan_is_the_table(self):
        assert policy.plain(PLAN) == {
            "levels": 3,
            "split_bps": [7000, 2000, 1000],
            "levels_by": "placement",
            "admission.orders": 10,
            "admission.refund_effect": "close_showcase",
            "unlock.directs": 3,
            "assess.metric": "recruits",
            "assess.target": 3,
            "assess.effect": "freeze",
            "revive.orders": 10,
            "rank.by": "team",
            "rank.team_size": [13, 121, 1093, 9841],
            "rank.sales_fen": [500000, 5000000, 50000000, 500000000],
            "dividend_bps": [300, 300],
            "region_bps": [50, 100, 200],
            "seed_bonus_bps": 500,
            "seed_bonus_days": 30,
            "high_earner.mode": "hold",
            "high_earner.step_fen": 500000,
            "flow.pays": True,
            "return_days": 7,
            "auto_confirm_days": 10,
            "candidate_days": 7,
            "cycle_days": 30,
            "reserve_bps": 100,
            "withdraw.min": 100,
            "withdraw.second_approval": 500000,
            "risk.enabled": True,
            "tax.method": "cumulative",
        }

    def test_steady_differs_where_the_table_says(self):
        plan, steady = policy.plain(PLAN), policy.plain(STEADY)
        assert {key: steady[key] for key in plan if plan[key] != steady[key]} == {
            "levels": 1,
            "split_bps": [10000, 0, 0],
            "levels_by": "sponsor",
            "admission.orders": 0,
            "admission.refund_effect": "none",
            "unlock.directs": 0,
            "assess.metric": "orders",
            "assess.effect": "remind",
            "revive.orders": 0,
            "rank.by": "own",
            "dividend_bps": [0, 0],
            "high_earner.mode": "remind",
            "flow.pays": False,
        }

    def test_another_name_is_refused(self):
        with pytest.raises(BadPolicy, match="规则 10.*plan 或 steady"):
            policy.preset("bold")


class TestChanged:
    def test_takes_every_key_of_scenario_files(self):
        values = policy.plain(PLAN)
        assert policy.changed(STEADY, {key: values[key] for key in [*KEYS, "flow.pays"]}) == PLAN

    @pytest.mark.parametrize(
        ("key", "value", "rule"),
        [
            ("levels", 4, "5.3"),
            ("levels", 0, "5.3"),
            ("levels", True, "5.3"),
            ("levels", "3", "5.3"),
            ("levels", None, "5.3"),
            ("split_bps", [7000, 2000], "5.2"),
            ("split_bps", [7000, 2000, 1001], "5.2"),
            ("split_bps", [7000, -1, 0], "5.2"),
            ("split_bps", 7000, "5.2"),
            ("levels_by", "team", "5.2"),
            ("levels_by", ["placement"], "5.2"),
            ("admission.orders", 11, "3.2"),
            ("rank.team_size", [4, 3, 2, 1], "4.6"),
            ("rank.by", "own sales", "4.6"),
            ("cycle_days", 0, "4.2"),
            ("cycle_days", 1.5, "4.2"),
            ("high_earner.step_fen", 0, "5.8"),
            ("tax.method", "yearly", "5.9"),
            ("risk.enabled", 1, "8.1"),
            ("withdraw.min", 10**16, "5.9"),
        ],
    )
    def test_refuses_with_the_number_of_the_rule(self, key, value, rule):
        with pytest.raises(BadPolicy, match=f"规则 {rule}：{key} "):
            policy.changed(PLAN, {key: value})

    def test_refuses_an_unknown_key(self):
        with pytest.raises(UnknownKey, match="width"):
            policy.changed(PLAN, {"width": 4})


class TestDigest:
    def test_is_the_same_for_equal_policies_and_differs_by_one_value(self):
        assert policy.digest(policy.changed(STEADY, policy.plain(PLAN))) == policy.digest(PLAN)
        assert policy.digest(policy.changed(PLAN, {"reserve_bps": 101})) != policy.digest(PLAN)

    @given(st.integers(1, 3), st.integers(1, 400))
    def test_survives_the_way_through_plain_values(self, levels, days):
        one = policy.changed(PLAN, {"levels": levels, "cycle_days": days})
        assert policy.changed(STEADY, policy.plain(one)) == one


class TestInForce:
    versions = [
        Version(number=1, policy=STEADY, effective_at=day(1)),
        Version(number=2, policy=PLAN, effective_at=day(10), needs_opinion=True, opinion_until=day(20)),
    ]

    @pytest.mark.parametrize(
        ("at", "expected"), [(day(9), STEADY), (day(10), PLAN), (day(19), PLAN), (day(20), STEADY), (day(25), STEADY)]
    )
    def test_is_the_newest_begun_and_steady_once_the_opinion_lapsed(self, at, expected):
        assert policy.in_force(self.versions, at) is expected

    def test_is_steady_in_a_new_installation(self):
        assert policy.in_force([], day(1)) is STEADY

    def test_the_higher_number_wins_at_one_instant(self):
        later = Version(number=3, policy=PLAN, effective_at=day(1))
        assert policy.in_force([later, self.versions[0]], day(2)) is PLAN


class TestApproval:
    def approve(self, **changes):
        given_values = {
            "maker": 1,
            "checker": 2,
            "red": ["R02", "R05"],
            "acknowledged": ["R05", "R02"],
            "opinion_until": day(20),
            "at": day(10),
        }
        policy.check_approval(**{**given_values, **changes})

    def test_takes_a_second_person_every_finding_and_an_opinion(self):
        self.approve()
        self.approve(red=[], acknowledged=[], opinion_until=None)

    @pytest.mark.parametrize(
        ("changes", "error"),
        [
            ({"checker": 1}, SameHands),
            ({"acknowledged": ["R05"]}, FindingOpen),
            ({"opinion_until": None}, OpinionMissing),
            ({"opinion_until": day(10)}, OpinionMissing),
        ],
    )
    def test_refuses_less(self, changes, error):
        with pytest.raises(error, match="规则 10"):
            self.approve(**changes)
