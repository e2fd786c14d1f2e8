from datetime import UTC, datetime, timedelta

import pytest

from models.rules import lint, policy
from models.rules.lint import RULES, Facts, Severity
from models.rules.policy import PLAN, STEADY

NOW = datetime(2026, 12, 1, tzinfo=UTC)
CORE = ["R01", "R02", "R03", "R04", "R05", "R06", *(f"R{n:02}" for n in range(9, 18)), "R20", "R21", "R23", "R25",
        "R27", "R29", "R32", "R33", "R35", "R38", "R39", "R40"]  # fmt: skip


def found(one=STEADY, **facts):
    return {finding.rule: finding.severity for finding in lint.lint(one, Facts(**facts))}


class TestRules:
    def test_are_the_core_set_each_once_with_an_article_and_a_text(self):
        assert [rule.id for rule in RULES] == CORE
        assert all(rule.article and rule.text.endswith("。") for rule in RULES)


class TestPresets:
    def test_steady_is_clean(self):
        assert found(STEADY) == {}

    def test_plan_has_its_red_findings(self):
        assert lint.red(lint.lint(PLAN)) == ["R02", "R03", "R04", "R05", "R06", "R13", "R20", "R21"]


class TestPolicyRules:
    @pytest.mark.parametrize(
        ("key", "value", "rule"),
        [
            ("levels", 2, "R02"),
            ("unlock.directs", 1, "R04"),
            ("admission.orders", 10, "R05"),
            ("admission.refund_effect", "close_showcase", "R13"),
            ("return_days", 6, "R12"),
            ("assess.effect", "freeze", "R20"),
            ("revive.orders", 10, "R21"),
            ("high_earner.mode", "hold", "R21"),
            ("tax.method", "none", "R33"),
        ],
    )
    def test_each_key_has_its_finding(self, key, value, rule):
        assert list(found(policy.changed(STEADY, {key: value}))) == [rule]

    def test_exposure_grows_with_levels_and_without_an_opinion(self):
        two = policy.changed(STEADY, {"levels": 2})
        three = policy.changed(STEADY, {"levels": 3})
        valid = {"at": NOW, "opinion_until": NOW + timedelta(days=1)}
        assert found(two)["R02"] is Severity.WARN
        assert found(three)["R02"] is Severity.BLOCK
        assert found(three, **valid)["R02"] is Severity.CRIT
        assert found(three, at=NOW, opinion_until=NOW)["R02"] is Severity.BLOCK

    def test_pay_on_placement_needs_more_than_the_own_sale(self):
        assert "R03" not in found(policy.changed(STEADY, {"levels_by": "placement"}))
        assert "R03" in found(policy.changed(STEADY, {"levels_by": "placement", "levels": 2}))


class TestFactRules:
    @pytest.mark.parametrize(
        ("facts", "rule", "severity"),
        [
            ({"paid_level_max": 4}, "R01", Severity.BLOCK),
            ({"experience_first_bps": 9_200}, "R05", Severity.CRIT),
            ({"people": 40, "chain_levels": 4}, "R09", Severity.CRIT),
            ({"override_bps": 3_001}, "R10", Severity.WARN),
            ({"refund_wait_days": 5}, "R14", Severity.WARN),
            ({"refund_wait_days": 8}, "R14", Severity.CRIT),
            ({"unconfirmed_exclusions": 1}, "R15", Severity.BLOCK),
            ({"banned_phrases": 2}, "R16", Severity.BLOCK),
            ({"unlabelled_estimates": 1}, "R17", Severity.BLOCK),
            ({"fake_trade_open": 1}, "R23", Severity.FREEZE),
            ({"tree_anomalies": 1}, "R25", Severity.FREEZE),
            ({"deposit_sets_rate": True}, "R27", Severity.BLOCK),
            ({"pooled_payments": 1}, "R29", Severity.BLOCK),
            ({"unnamed_payees": 1}, "R32", Severity.BLOCK),
            ({"untaxed_payouts": 1}, "R33", Severity.BLOCK),
            ({"bare_exports": 1}, "R35", Severity.BLOCK),
            ({"broken_chains": 1}, "R38", Severity.CRIT),
            ({"unanswered_hours": 20}, "R39", Severity.WARN),
            ({"unanswered_hours": 24}, "R39", Severity.CRIT),
            ({"published_at": NOW, "effective_at": NOW + timedelta(days=9)}, "R40", Severity.BLOCK),
        ],
    )
    def test_each_fact_has_its_finding(self, facts, rule, severity):
        assert found(**facts) == {rule: severity}

    @pytest.mark.parametrize(
        "facts",
        [
            {"people": 29, "chain_levels": 9},
            {"people": 300, "chain_levels": 2},
            {"experience_first_bps": 8_000},
            {"refund_wait_days": 4},
            {"unanswered_hours": 19},
            {"published_at": NOW, "effective_at": NOW + timedelta(days=15)},
        ],
    )
    def test_stays_silent_below_the_line(self, facts):
        assert found(**facts) == {}

    def test_the_worst_stack_of_a_cheap_product_is_a_loss(self):
        plan = policy.changed(STEADY, {"region_bps": [0, 0, 500], "dividend_bps": [300, 0], "seed_bonus_bps": 0})
        finding = lint.lint(plan, Facts(price_fen=4_900, unit_margin_fen=1_960, unit_commission_fen=2_000))[0]
        assert (finding.rule, finding.evidence) == ("R11", "-432")
