"""Agents, dividends, withdrawals and the orders of high earners as stories."""

import pytest

from tests.model.story import Story


def earner(**values):
    """A member with 5,600 fen available."""
    story = Story(cycle_days=300, **values).join("a")
    return story.sell("o", "a", paid=40_000, cost=1_000, commission=8_000).wait(days=7)


class TestAgents:
    def test_pay_the_deposit_and_exclude_each_other(self):
        story = Story().join("a", "b").do("agent", member="a", region="330100").do("agent", member="a", region="330106")
        assert (story.balance("custody"), story.balance("deposit:330100")) == (-2_500_000, 2_000_000)
        story.refuse("agent", "规则 6", member="b", region="330100").refuse(
            "agent", "规则 6", member="b", region="999999"
        )

    def test_only_the_active_and_the_frozen_are_appointed(self):
        story = Story().join("a").do("register", member="c", inviter="a")
        story.refuse("agent", "规则 6", member="c", region="330106").wait(days=30).do(
            "agent", member="a", region="330106"
        )
        story.wait(days=30).refuse("agent", "规则 6", member="a", region="330100")

    def test_an_exited_agent_still_has_the_share(self):
        story = Story().join("a").do("agent", member="a", region="330106").wait(days=61)
        assert story.sell("o", "M-1", region="330106").balances("a") == {"pending": 198}


class TestDividends:
    limits = {"rank__team_size": [1, 1, 2, 9], "rank__sales_fen": [1, 1, 1, 1], "cycle_days": 300, "unlock__directs": 1}

    def team(self, **values):
        return Story(**{**self.limits, **values}).chain("a", "b")

    def dividends(self, story, month="2026-01"):
        story.tick()
        before = {code: story.balances(code).get("available", 0) for code in "ab"}
        story.do("dividend", month=month)
        return {code: story.balances(code).get("available", 0) - before[code] for code in "ab"}

    def test_three_percent_of_the_net_sales_of_three_levels(self):
        story = self.team().sell("o1", "b").sell("o2", "a", kind="presale").sell("o3", "b")
        story.do("refund", order="o3", amount=900).wait(days=31)
        assert self.dividends(story) == {"a": 864, "b": 0}
        story.refuse("dividend", "规则 5.7", month="2026-01")

    def test_admission_orders_and_other_months_do_not_count(self):
        story = self.team(admission__orders=1).do("register", member="n", inviter="b")
        story.sell("o1", "b", paid=5_000, buyer="n", kind="admission").order("o2", "b").wait(days=31)
        story.do("complete", order="o2")
        assert self.dividends(story) == {"a": 0, "b": 0}
        assert self.dividends(story.wait(days=31), "2026-02") == {"a": 297, "b": 297}

    def test_a_month_ends_at_midnight_in_shanghai(self):
        story = self.team().wait(days=30, hours=14, minutes=59).sell("in", "b").wait(minutes=1).sell("out", "b")
        assert self.dividends(story) == {"a": 297, "b": 0}

    def test_a_month_that_has_not_ended_is_refused(self):
        story = self.team().wait(days=30, hours=14, minutes=59).refuse("dividend", "规则 5.7", month="2026-01")
        story.wait(minutes=1).do("dividend", month="2026-01")

    def test_the_levels_cap_the_base(self):
        story = self.team(levels=1).sell("o1", "b").wait(days=31)
        assert self.dividends(story) == {"a": 0, "b": 0}

    @pytest.mark.parametrize("values", [{"unlock__directs": 2}, {"cycle_days": 20, "assess__target": 9}])
    def test_the_locked_and_the_frozen_are_in_no_bill(self, values):
        story = self.team(**values).sell("o1", "b").wait(days=31)
        assert self.dividends(story)["a"] == 0

    def test_refunds_after_a_bill_are_negative_lines_in_the_next_and_may_make_debt(self):
        story = self.team().sell("o1", "b").wait(days=31)
        assert self.dividends(story) == {"a": 297, "b": 0}
        story.do("refund", order="o1", amount=4_950).wait(days=31)
        available = story.balances("a")["available"]
        story.do("withdraw", withdrawal="w", member="a", amount=available).do("dividend", month="2026-02")
        assert story.balances("a")["debt"] == -149


class TestWithdrawals:
    def test_all_there_is_and_then_nothing(self):
        story = earner().do("withdraw", withdrawal="w", member="a", amount=5_600)
        assert story.balances("a") == {"payout": 5_600}
        story.refuse("withdraw", "规则 5.9", withdrawal="v", member="a", amount=100)
        assert story.do("payout", withdrawal="w", state="SUCCESS").balances("a") == {}

    def test_the_same_request_twice_is_one_and_another_body_is_refused(self):
        story = earner().do("withdraw", withdrawal="w", member="a", amount=100)
        story.do("withdraw", withdrawal="w", member="a", amount=100)
        assert story.balances("a") == {"available": 5_500, "payout": 100}
        story.refuse("withdraw", withdrawal="w", member="a", amount=200)

    def test_an_end_is_final_and_may_be_told_twice(self):
        story = earner().do("withdraw", withdrawal="w", member="a", amount=100)
        story.do("payout", withdrawal="w", state="FAIL").do("payout", withdrawal="w", state="FAIL")
        assert story.balances("a") == {"available": 5_600}
        story.refuse("payout", "规则 5.9", withdrawal="w", state="SUCCESS")
        story.refuse("payout", withdrawal="unknown", state="SUCCESS")

    def test_the_amount_and_the_person_must_be_right(self):
        story = earner().do("register", member="c", inviter="a")
        for member, amount in (("a", 99), ("a", 5_601), ("a", -5), ("c", 100), ("nobody", 100)):
            story.refuse("withdraw", withdrawal="w", member=member, amount=amount)

    def test_a_hold_on_an_own_sale_waits(self):
        story = earner().order("p", "a").do("hold", order="p")
        story.refuse("withdraw", "规则 5.9", withdrawal="w", member="a", amount=100)
        story.do("clear", order="p").do("withdraw", withdrawal="w", member="a", amount=100)

    @pytest.mark.parametrize(("method", "tax"), [("none", 0), ("monthly", 1_600 * 100), ("cumulative", 90 * 100)])
    def test_tax_leaves_with_the_withdrawal_and_comes_back_with_a_failure(self, method, tax):
        story = Story(cycle_days=300, tax__method=method, high_earner__step_fen=10**12).join("a")
        story.sell("o", "a", paid=10**7, cost=0, commission=2_000_000).wait(days=7)
        story.do("withdraw", withdrawal="w", member="a", amount=1_000_000)
        assert (story.balance("tax:withheld"), story.balances("a")["payout"]) == (tax, 1_000_000 - tax)
        story.do("payout", withdrawal="w", state="FAIL")
        assert (story.balance("tax:withheld"), story.balances("a")) == (0, {"available": 1_400_000})

    def test_a_failed_withdrawal_leaves_no_trace_in_the_cumulation(self):
        story = Story(cycle_days=300, high_earner__step_fen=10**12).join("a")
        story.sell("o", "a", paid=10**8, cost=0, commission=20_000_000).wait(days=7)
        story.do("withdraw", withdrawal="w1", member="a", amount=2_000_000)
        story.do("payout", withdrawal="w1", state="FAIL").do("withdraw", withdrawal="w2", member="a", amount=2_000_000)
        assert story.balance("tax:withheld") == 33_000


class TestHighEarners:
    def test_owe_an_order_for_each_full_multiple(self):
        story = earner(high_earner__step_fen=2_000).wait(days=22, hours=23)
        story.do("withdraw", withdrawal="w1", member="a", amount=100).wait(hours=1)
        story.refuse("withdraw", "规则 5.8", withdrawal="w2", member="a", amount=100)
        story.sell("p1", "M-1", buyer="a").refuse("withdraw", "规则 5.8", withdrawal="w2", member="a", amount=100)
        story.sell("p2", "M-1", buyer="a").do("withdraw", withdrawal="w2", member="a", amount=100)

    def test_presales_and_orders_of_before_do_not_meet_it(self):
        story = Story(cycle_days=300, high_earner__step_fen=1_000).join("a").sell("p0", "M-1", buyer="a")
        story.sell("o", "a").sell("p1", "M-1", buyer="a", kind="presale").wait(days=30)
        story.refuse("withdraw", "规则 5.8", withdrawal="w", member="a", amount=100)

    def test_are_only_reminded_under_steady(self):
        story = Story("steady", high_earner__step_fen=1_000).join("a").sell("o", "a").wait(days=31)
        story.do("withdraw", withdrawal="w", member="a", amount=100)

    def test_region_shares_and_dividends_count_and_reversals_do_not(self):
        story = Story(cycle_days=300, high_earner__step_fen=1_500).join("a").do("agent", member="a", region="330106")
        story.sell("o", "a", region="330106")
        assert len(story.world.members["a"].obligations) == 1
        story.do("refund", order="o", amount=9_900)
        assert story.world.members["a"].earnings_fen == 0
