"""The lint test vectors of the compliance research (appendix B), those of version 1, each by its number."""

from datetime import UTC, datetime, timedelta

import pytest

from models.errors import DomainError
from models.rules import compliance, lint, phrase, policy, tax, wording
from models.rules.lint import Facts, Severity
from models.rules.phrase import Kind
from models.rules.policy import PLAN, STEADY

NOW = datetime(2026, 12, 1, tzinfo=UTC)
VALID = {"at": NOW, "opinion_until": NOW + timedelta(days=90)}


def found(one=STEADY, **facts):
    return {finding.rule: finding.severity for finding in lint.lint(one, Facts(**facts))}


def test_01_a_fourth_paid_level_is_never_saved():
    with pytest.raises(DomainError):
        policy.changed(STEADY, {"levels": 4})
    assert found(paid_level_max=4)["R01"] is Severity.BLOCK
    with pytest.raises(compliance.TooDeep):
        compliance.check_level(4)


def test_02_three_levels_without_an_opinion_are_blocked():
    assert found(policy.changed(STEADY, {"levels": 3}), at=NOW)["R02"] is Severity.BLOCK


def test_03_with_an_opinion_headcount_ranks_stay_blocked():
    assert found(PLAN, **VALID)["R02"] is Severity.CRIT
    assert found(PLAN, **VALID)["R04"] is Severity.BLOCK


def test_04_ten_purchases_to_join_are_blocked():
    assert found(policy.changed(STEADY, {"admission.orders": 10}))["R05"] is Severity.BLOCK


def test_05_a_gate_in_fact_is_critical():
    assert found(experience_first_bps=9_200)["R05"] is Severity.CRIT
    assert "R05" not in found(experience_first_bps=8_000)


def test_06_a_purchase_to_join_pays_no_second_level():
    assert found(policy.changed(STEADY, {"admission.orders": 10, "levels": 2}))["R06"] is Severity.BLOCK


def test_08_a_share_is_not_available_before_the_days_of_return_are_over():
    assert found(policy.changed(STEADY, {"return_days": 6}))["R12"] is Severity.BLOCK
    assert "R12" not in found(policy.changed(STEADY, {"return_days": 7}))


def test_09_a_stack_above_the_margin_is_blocked_by_what_is_missing():
    """49 yuan at 40 %: 20 yuan, 3 % and 5 % cost 4.32 yuan more than there is."""
    stacked = policy.changed(STEADY, {"region_bps": [0, 300, 500], "seed_bonus_bps": 0})
    facts = Facts(price_fen=4_900, unit_margin_fen=1_960, unit_commission_fen=2_000)
    evidence = {one.rule: (one.severity, one.evidence) for one in lint.lint(stacked, facts)}
    assert evidence["R11"] == (Severity.BLOCK, "-432")


def test_10_a_refund_of_an_experience_order_touches_no_right():
    assert "R13" not in found(STEADY)


def test_11_a_refund_that_closes_the_showcase_is_blocked():
    closing = policy.changed(STEADY, {"admission.refund_effect": "close_showcase"})
    assert found(closing)["R13"] is Severity.BLOCK


def test_12_goods_back_for_eight_days_are_critical():
    assert found(refund_wait_days=8)["R14"] is Severity.CRIT
    assert found(refund_wait_days=5)["R14"] is Severity.WARN


def test_13_a_poster_with_a_persons_income_is_blocked():
    text = "达人A30天团队破百人，收益超2万元"
    assert phrase.red(phrase.scan(text)) != []
    assert {hit.rule for hit in wording.broken("poster:1", text, Kind.COPY)} == {"R16", "R17"}


def test_14_the_token_of_a_statement_passes():
    assert phrase.scan("{{D-01}}") == ()


def test_15_an_innocent_sentence_passes():
    assert phrase.scan("线上线下同价，新品上线") == ()


def test_16_a_projection_without_its_statement_is_refused():
    with pytest.raises(compliance.Unlabelled):
        compliance.check_labelled([])
    assert found(unlabelled_estimates=1)["R17"] is Severity.BLOCK


def test_17_freezing_what_was_earned_for_recruits_is_blocked():
    frozen = policy.changed(STEADY, {"assess.metric": "recruits", "assess.effect": "freeze"})
    assert {"R04", "R20"} <= set(found(frozen))


def test_18_buying_again_to_come_back_is_blocked():
    assert found(policy.changed(STEADY, {"revive.orders": 10}))["R21"] is Severity.BLOCK


def test_19_forty_people_four_levels_deep_are_critical():
    assert found(people=40, chain_levels=4)["R09"] is Severity.CRIT
    assert "R09" not in found(people=29, chain_levels=4)


def test_20_a_rate_that_follows_the_deposit_is_blocked():
    assert found(deposit_sets_rate=True)["R27"] is Severity.BLOCK


def test_23_an_unmasked_export_without_a_second_person_is_blocked():
    assert found(bare_exports=1)["R35"] is Severity.BLOCK


@pytest.mark.parametrize(("hours", "severity"), [(24, Severity.CRIT), (20, Severity.WARN)])
def test_24_a_complaint_without_a_human_answer_is_critical_after_a_day(hours, severity):
    assert found(unanswered_hours=hours)["R39"] is severity


def test_25_nine_days_of_notice_are_blocked():
    published = datetime(2026, 12, 1, tzinfo=UTC)
    assert found(published_at=published, effective_at=datetime(2026, 12, 10, tzinfo=UTC))["R40"] is Severity.BLOCK
    assert "R40" not in found(published_at=published, effective_at=datetime(2026, 12, 16, tzinfo=UTC))


def test_27_four_months_of_twenty_thousand_cumulate():
    taxed, months = [], []
    for month in range(1, 5):
        due = tax.cumulative_fen(2_000_000 * month, month)
        months.append(due - sum(taxed))
        taxed.append(months[-1])
    assert months == [33_000, 33_000, 33_000, 89_000]


def test_28_eight_hundred_and_one_yuan_owe_twenty_fen():
    assert tax.monthly_fen(80_100) == 20
