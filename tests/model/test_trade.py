"""Orders, settlement, refunds, holds and fraud as stories."""

from itertools import permutations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.model.story import Story


class TestOrders:
    def test_the_same_payment_twice_is_one_and_another_body_is_refused(self):
        story = Story().order("o", "M-10").order("o", "M-10")
        assert story.balance("clearing") == 9_900
        story.refuse("order", "规则 5.1", order="o", seller="M-10", paid=9_901, cost=5_000, commission=2_000)

    def test_unknown_sellers_orders_and_places_are_refused(self):
        story = Story().order("o", "M-10")
        usual = {"order": "p", "paid": 100, "cost": 0, "commission": 0}
        story.refuse("order", seller="nobody", **usual)
        story.refuse("order", "规则 6", seller="M-10", region="999999", **usual)
        for do in ("ship", "complete", "hold", "clear", "confirm_fraud"):
            story.refuse(do, order="nothing")
        story.refuse("refund", order="nothing", amount=1)

    def test_huge_and_negative_amounts_are_refused(self):
        story = Story()
        for paid, cost, commission in ((-1, 0, 0), (0, 0, 0), (1, -1, 0), (10**18, 0, 0), (1, 0, 10**18)):
            story.refuse("order", "规则 5.1", order="o", seller="M-10", paid=paid, cost=cost, commission=commission)

    def test_receipt_confirms_itself_ten_days_after_the_first_shipping(self):
        story = Story().order("o", "M-10").do("ship", order="o").wait(days=5).do("ship", order="o")
        story.wait(days=4, hours=23).tick()
        assert story.world.orders["o"].state == "shipped"
        assert story.wait(hours=1).tick().world.orders["o"].state == "completed"

    def test_completion_before_shipping_and_after_a_refund_change_nothing_more(self):
        story = Story().sell("o", "M-10").do("ship", order="o").do("complete", order="o").wait(days=20).tick()
        assert story.balances("M-10") == {"available": 1_400}
        story.order("p", "M-10").do("refund", order="p", amount=9_900).do("complete", order="p").do("ship", order="p")
        assert (story.world.orders["p"].state, story.balance("clearing")) == ("refunded", 0)

    def test_an_exited_sellers_open_showcase_still_sells_and_the_house_has_its_share(self):
        story = Story().join("a").wait(days=60).sell("o", "a")
        assert (story.balances("a"), story.balance("platform:house")) == ({}, 1_400)


class TestLevels:
    def test_by_sponsor_pays_the_sponsors_and_not_the_places(self):
        story = Story(levels_by="sponsor", unlock__directs=0, split_bps=[7_000, 2_000, 1_000])
        story.join("a").join("b", "c", "d", "e", inviter="a").sell("o", "e")
        assert story.member("e")["parent"] == "b"
        assert [story.balances(code) for code in ("e", "b", "a")] == [{"pending": 1_400}, {}, {"pending": 400}]
        assert story.balances("M-10") == {"pending": 200}

    def test_nothing_is_ever_paid_below_the_third_level(self):
        story = Story(unlock__directs=0).chain("a", "b", "c", "d", "e").sell("o", "e")
        paid = {code for code in ("a", "b", "c", "d", "e", "M-10", "M-9") if story.balances(code)}
        assert paid == {"c", "d", "e"}

    def test_a_candidate_between_leaves_its_share_to_the_house(self):
        story = Story(unlock__directs=0).chain("a").do("register", member="x", inviter="a")
        story.do("register", member="y", inviter="a").do("register", member="z", inviter="a")
        story.join("q", inviter="x").sell("o", "q")
        assert story.member("q")["parent"] == "x"
        assert (story.balance("platform:house"), story.balances("a")) == (400, {"pending": 200})

    def test_an_order_keeps_its_seed_bonus_if_paid_in_the_days_and_completed_later(self):
        story = Story(cycle_days=300).join("a").do("seed_promoter", member="a").wait(days=29, hours=23).order("o", "a")
        story.wait(days=5).do("complete", order="o")
        assert story.balances("a") == {"pending": 1_500}
        story.do("seed_promoter", member="a").sell("p", "a")
        assert story.balances("a") == {"pending": 2_900}


class TestMaturing:
    def test_on_the_seventh_day_and_not_before(self):
        story = Story().sell("o", "M-10").wait(days=6, hours=23, minutes=59).tick()
        assert story.balances("M-10") == {"pending": 1_400}
        assert story.wait(minutes=1).tick().balances("M-10") == {"available": 1_400}

    def test_with_no_days_it_is_available_at_the_next_event(self):
        assert Story(return_days=0).sell("o", "M-10").tick().balances("M-10") == {"available": 1_400}


class TestRefunds:
    def test_after_payout_becomes_a_debt_that_the_next_money_pays_first(self):
        story = Story(cycle_days=300).join("a").sell("o", "a").wait(days=7)
        story.do("withdraw", withdrawal="w", member="a", amount=1_000)
        story.do("payout", withdrawal="w", state="SUCCESS").do("refund", order="o", amount=9_900)
        assert story.balances("a") == {"debt": -1_000}
        story.sell("p", "a").wait(days=7).tick()
        assert story.balances("a") == {"available": 400}

    def test_money_back_from_a_failed_payout_pays_the_debt_first(self):
        story = Story(cycle_days=300).join("a").sell("o", "a").wait(days=7)
        story.do("withdraw", withdrawal="w", member="a", amount=1_000).do("refund", order="o", amount=9_900)
        assert story.balances("a") == {"payout": 1_000, "debt": -1_000}
        assert story.do("payout", withdrawal="w", state="FAIL").balances("a") == {}

    def test_leaves_the_bucket_that_holds_the_share(self):
        story = Story(unlock__directs=2).chain("a", "b").sell("o", "b").do("refund", order="o", amount=4_950)
        assert (story.balances("a"), story.balances("b")) == ({"locked": 200}, {"pending": 700})

    def test_more_than_is_left_is_refused(self):
        story = Story().sell("o", "M-10").do("refund", order="o", amount=9_000)
        story.refuse("refund", "还可退 ¥9.00", order="o", amount=901).refuse("refund", "规则 5.6", order="o", amount=0)
        story.do("refund", order="o", amount=900).refuse("refund", "规则 5.6", order="o", amount=1)

    @given(st.lists(st.integers(1, 3_000), min_size=1, max_size=3), st.integers(0, 2), st.booleans())
    @settings(max_examples=25)
    def test_whole_refunds_in_any_order_bring_custody_back_to_zero(self, parts, before, wait):
        worlds = []
        for order in permutations([*parts, 9_901 - sum(parts)]):
            story = Story(unlock__directs=1).chain("a", "b", "c")
            story.do("agent", member="c", region="330106").do("seed_promoter", member="b")
            story.order("o", "c", paid=9_901, cost=4_999, commission=2_003, region="330106")
            for part in order[:before]:
                story.do("refund", order="o", amount=part)
            story.do("complete", order="o").wait(days=8 if wait else 0)
            for part in order[before:]:
                story.do("refund", order="o", amount=part)
            worlds.append(story.world.ledger.shown())
        assert all(world == {"custody": -500_000, "deposit:330106": 500_000} for world in worlds)

    @given(st.permutations([1, 700, 1_234, 33, 2_000, 999]))
    @settings(max_examples=25)
    def test_the_same_parts_in_any_order_end_at_the_same_balances(self, parts):
        story = Story(unlock__directs=1).chain("a", "b", "c").sell("o", "c", paid=9_901, cost=4_999, commission=2_003)
        for part in parts:
            story.do("refund", order="o", amount=part)
        assert story.world.ledger.shown() == {
            "custody": -4_934,
            "member:a:pending": 100,
            "member:b:pending": 200,
            "member:c:pending": 699,
            "platform:house": 1,
            "platform:margin": 1_428,
            "platform:reserve": 14,
            "supplier:shop": 2_492,
        }


class TestHolds:
    def test_hold_the_pending_and_those_still_to_come(self):
        story = Story().sell("o", "M-10").order("p", "M-10").do("hold", order="o").do("hold", order="p")
        story.do("complete", order="p")
        assert story.balances("M-10") == {"held": 2_800}
        story.do("clear", order="o")
        assert story.balances("M-10") == {"pending": 1_400, "held": 1_400}
        assert story.wait(days=8).do("clear", order="p").balances("M-10") == {"available": 2_800}

    def test_what_is_available_stays_and_what_is_locked_is_held_when_released(self):
        story = Story(unlock__directs=2).chain("a", "b").sell("o", "b").wait(days=8).do("hold", order="o")
        assert (story.balances("a"), story.balances("b")) == ({"locked": 400}, {"available": 1_400})
        assert story.join("c", inviter="a").balances("a") == {"held": 400}
        assert story.do("clear", order="o").balances("a") == {"available": 400}

    def test_cleared_while_frozen_it_freezes_and_a_region_share_does_not(self):
        story = Story().join("a").do("agent", member="a", region="330106").sell("o", "a", region="330106")
        story.do("hold", order="o").wait(days=31).do("clear", order="o")
        assert story.balances("a") == {"frozen": 1_400, "available": 198}

    def test_held_twice_is_held_once(self):
        story = Story().sell("o", "M-10").do("hold", order="o").do("hold", order="o").do("clear", order="o")
        assert story.balances("M-10") == {"pending": 1_400}
        story.refuse("clear", "规则 8.2", order="o").refuse("confirm_fraud", "规则 8.2", order="o")


class TestFraud:
    def test_takes_pending_locked_and_region_shares_to_the_house(self):
        story = Story().chain("a", "b").do("agent", member="a", region="330106").sell("o", "b", region="330106")
        story.do("hold", order="o").do("confirm_fraud", order="o")
        assert (story.balances("a"), story.balances("b"), story.balances("M-10")) == ({}, {}, {})
        assert story.balance("platform:house") == 2_198

    def test_takes_what_was_withdrawn_as_a_debt(self):
        story = Story(cycle_days=300).join("a").sell("o", "a").wait(days=7)
        story.do("withdraw", withdrawal="w", member="a", amount=1_400).do("hold", order="o")
        story.do("confirm_fraud", order="o")
        assert story.balances("a") == {"payout": 1_400, "debt": -1_400}

    def test_before_completion_sends_every_member_share_to_the_house(self):
        story = Story(unlock__directs=0).chain("a", "b").order("o", "b").do("hold", order="o")
        story.do("confirm_fraud", order="o").do("complete", order="o")
        assert (story.balances("a"), story.balances("b"), story.balance("platform:house")) == ({}, {}, 2_000)

    def test_a_refund_afterwards_takes_it_back_from_the_house(self):
        story = Story().join("a").sell("o", "a").do("hold", order="o").do("confirm_fraud", order="o")
        story.do("refund", order="o", amount=9_900)
        assert story.world.ledger.shown() == {}

    def test_is_not_held_again(self):
        story = Story().join("a").sell("o", "a").do("hold", order="o").do("confirm_fraud", order="o")
        story.refuse("hold", "规则 8.2", order="o")

    def test_three_strikes_close_the_showcase(self):
        story = Story().join("a")
        for code in ("o1", "o2", "o3"):
            assert story.member("a")["showcase"] == "open"
            story.sell(code, "a").do("hold", order=code).do("confirm_fraud", order=code)
        assert story.member("a")["showcase"] == "closed"
        story.refuse("order", "规则 5.2", order="o4", seller="a", paid=100, cost=0, commission=0)
        story.do("register", member="x", inviter="a")
        assert (story.member("x")["sponsor"], story.member("x")["parent"]) == ("M-10", "M-10")

    def test_what_the_closed_one_earned_before_stays(self):
        story = Story().join("a").sell("o", "a").order("late", "a")
        for code in ("o1", "o2", "o3"):
            story.sell(code, "a").do("hold", order=code).do("confirm_fraud", order=code)
        story.do("complete", order="late").wait(days=8).tick()
        assert story.balances("a") == {"available": 1_400}
