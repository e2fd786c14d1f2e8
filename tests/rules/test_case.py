"""What review queues go by."""

from datetime import timedelta

import pytest

from models.rules import case
from models.rules.case import Hit, Queue

HOUR = timedelta(hours=1)


class TestPriority:
    def test_is_score_by_yuan_by_hours(self):
        assert case.priority(score=60, stake_fen=12_300, waited=timedelta(minutes=150), boosts=0) == 60 * 123 * 3

    def test_doubles_with_each_boost(self):
        assert case.priority(score=60, stake_fen=12_300, waited=timedelta(), boosts=2) == 60 * 123 * 4

    def test_keeps_what_has_no_money_in_line(self):
        assert case.priority(score=0, stake_fen=0, waited=5 * HOUR, boosts=0) == 6


class TestSubject:
    def test_is_a_kind_and_an_id(self):
        assert case.parsed("ring:R-7:b") == ("ring", "R-7:b")

    @pytest.mark.parametrize("subject", ["", "order", "order:", "rumour:1", "order: 1"])
    def test_is_refused_as_anything_else(self, subject):
        with pytest.raises(case.NoSubject, match="order:12"):
            case.parsed(subject)


class TestSecondLook:
    def test_takes_one_in_twenty_whoever_asks(self):
        drawn = [n for n in range(1, 10_001) if case.is_sampled(n, 500)]
        assert len(drawn) == 501
        assert drawn[:4] == [31, 49, 60, 105]

    def test_takes_none_or_all_at_the_ends(self):
        assert not any(case.is_sampled(n, 0) for n in range(100))
        assert all(case.is_sampled(n, 10_000) for n in range(100))


class TestAgreement:
    def test_is_nothing_without_second_looks(self):
        assert case.agreement([]) == (None, None)

    def test_counts_what_goes_beyond_chance(self):
        """Cohen's own shape: 20 and 15 of 50 agree, 5 and 10 do not; po = 0.7, pe = 0.5."""
        pairs = [("a", "a")] * 20 + [("a", "b")] * 5 + [("b", "a")] * 10 + [("b", "b")] * 15
        observed, kappa = case.agreement(pairs)
        assert (round(observed, 6), round(kappa, 6)) == (0.7, 0.4)

    def test_has_no_kappa_where_both_always_say_the_same_one_thing(self):
        assert case.agreement([("a", "a")] * 3) == (1.0, None)


class TestEvidence:
    def test_is_the_same_in_any_order(self):
        one, two = ("same_ip", 1, {"n": 3}), ("burst", 2, {"n": 12})
        assert case.evidence([one, two]) == case.evidence([two, one])
        assert case.evidence([one]) != case.evidence([("same_ip", 2, {"n": 3})])

    def test_tells_hits_apart_by_what_they_saw(self):
        assert Hit("same_ip", "x", features={"n": 3}).digest != Hit("same_ip", "x", features={"n": 4}).digest


class TestSkills:
    def test_come_with_the_roles(self):
        assert case.skills(["support"]) == {Queue.AFTER_SALE, Queue.COMPLAINT}
        assert case.skills(["finance"]) == frozenset()
        assert Queue.COMPLAINT in case.skills(["reviewer", "support"])
