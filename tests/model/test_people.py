"""Registration, lapse, cycles, freeze, exit, revival and ranks as stories."""

from tests.model.story import Story


class TestRegistration:
    def test_a_sponsor_that_does_not_fit_is_replaced_by_the_nearest_one_above(self):
        story = Story().chain("a", "b")
        story.do("register", member="c", inviter="b").do("register", member="d", inviter="c")
        assert story.member("d")["sponsor"] == "b"

    def test_an_unknown_inviter_and_a_known_member_are_refused(self):
        story = Story().join("a")
        story.refuse("register", member="b", inviter="nobody").refuse("register", "规则 2.5", member="a", inviter=None)
        story.refuse("register", "规则 2.5", member="M-1", inviter=None)

    def test_a_full_network_refuses(self):
        story = Story(revive__orders=1).join("a", "b", "c").wait(days=61)
        story.tick().refuse("register", "规则 2.3", member="d", inviter="a")

    def test_a_second_matrix_of_the_same_name_is_refused(self):
        Story().refuse("matrix", "规则 2.1", matrix="M", merchant="other", template="triple")

    def test_without_an_inviter_the_first_network_takes_the_newcomer(self):
        story = Story().do("matrix", matrix="N", merchant="mall", template="triple")
        story.do("register", member="x", inviter=None).do("register", member="y", inviter="N-4")
        assert [story.member(code)["parent"] for code in "xy"] == ["M-10", "N-4"]


class TestLapse:
    def test_at_the_seventh_day_and_not_before(self):
        story = Story().do("register", member="a", inviter=None)
        assert story.wait(days=6, hours=23, minutes=59).tick().member("a")["standing"] == "candidate"
        assert story.wait(minutes=1).tick().member("a")["standing"] == "lapsed"

    def test_frees_an_empty_node_and_keeps_one_with_somebody_below(self):
        story = Story().do("register", member="a", inviter="M-10").do("register", member="b", inviter="M-10")
        story.do("register", member="c", inviter="M-10").do("register", member="d", inviter="a")
        assert story.member("d")["parent"] == "a"
        story.wait(days=1).do("qualify", member="d").wait(days=7).tick()
        assert [story.member(code)["parent"] for code in "abc"] == ["M-10", None, None]
        story.do("register", member="e", inviter="a")
        assert (story.member("e")["parent"], story.member("e")["slot"]) == ("M-10", 2)

    def test_a_kept_node_is_reopened_by_registering_again(self):
        story = Story().do("register", member="a", inviter="M-10").do("register", member="b", inviter="M-10")
        story.do("register", member="c", inviter="M-10").do("register", member="d", inviter="a")
        story.do("qualify", member="d").do("qualify", member="b").do("qualify", member="c")
        story.wait(days=7).do("register", member="e", inviter=None)
        assert story.member("e")["parent"] == "b"
        story.do("register", member="a", inviter="b").do("register", member="f", inviter=None)
        assert (story.member("a")["parent"], story.member("a")["sponsor"]) == ("M-10", "M-10")
        assert (story.member("f")["parent"], story.member("f")["slot"]) == ("a", 2)

    def test_parent_before_child_at_one_instant_leaves_the_parent_kept(self):
        story = Story().do("register", member="a", inviter=None).do("register", member="b", inviter=None)
        story.do("register", member="c", inviter=None).do("register", member="d", inviter=None)
        story.wait(days=7).tick()
        assert [story.member(code)["parent"] for code in "abcd"] == ["M-10", None, None, None]

    def test_the_days_begin_anew_with_a_new_registration(self):
        story = Story().do("register", member="a", inviter=None).wait(days=8)
        story.do("register", member="a", inviter=None).wait(days=6, hours=23).tick()
        assert story.member("a")["standing"] == "candidate"
        assert story.wait(hours=1).tick().member("a")["standing"] == "lapsed"

    def test_a_sponsor_that_left_no_longer_decides_the_place(self):
        story = Story().join("a").wait(days=55).do("register", member="x", inviter="a")
        story.wait(days=10).do("register", member="x", inviter=None)
        assert (story.member("a")["standing"], story.member("x")["parent"]) == ("exited", "M-10")


class TestAdmission:
    def buy(self, story, *codes):
        for code in codes:
            usual = {"seller": code, "paid": 5_000, "cost": 2_000, "commission": 2_000}
            story.do("order", order=f"o-{code}", buyer="n", kind="admission", **usual)
        return story

    def test_the_last_task_qualifies_and_starts_the_first_cycle(self):
        story = Story(admission__orders=2).join("up").do("register", member="n", inviter="up")
        self.buy(story, "up", "M-10").do("complete", order="o-up")
        assert story.member("n")["standing"] == "candidate"
        story.wait(days=1).do("complete", order="o-M-10")
        assert (story.member("n")["standing"], story.member("n")["showcase"]) == ("active", "open")
        assert story.member("up")["directs"] == 1
        assert story.wait(days=29, hours=23).tick().member("n")["standing"] == "active"
        assert story.wait(hours=1).tick().member("n")["standing"] == "frozen"

    def test_receipts_that_confirm_themselves_qualify_too(self):
        story = Story(admission__orders=1, candidate_days=30).do("register", member="n", inviter="M-10")
        self.buy(story, "M-10").do("ship", order="o-M-10").wait(days=10).tick()
        assert story.member("n")["standing"] == "active"

    def test_a_lapse_at_the_same_instant_comes_first_and_the_order_counts_for_the_next_registration(self):
        story = Story(admission__orders=1, candidate_days=10).do("register", member="n", inviter="M-10")
        self.buy(story, "M-10").do("ship", order="o-M-10").wait(days=10).tick()
        assert story.member("n")["standing"] == "lapsed"
        assert story.do("register", member="n", inviter=None).member("n")["standing"] == "active"

    def test_a_partial_refund_leaves_the_task_and_a_whole_one_closes(self):
        story = Story(admission__orders=1).do("register", member="n", inviter="M-10")
        self.buy(story, "M-10").do("complete", order="o-M-10").do("refund", order="o-M-10", amount=4_999)
        assert story.member("n")["showcase"] == "open"
        story.do("refund", order="o-M-10", amount=1)
        assert (story.member("n")["showcase"], story.member("n")["standing"]) == ("closed", "active")

    def test_without_the_effect_nothing_closes(self):
        story = Story(admission__orders=1, admission__refund_effect="none").do("register", member="n", inviter="M-10")
        self.buy(story, "M-10").do("complete", order="o-M-10").do("refund", order="o-M-10", amount=5_000)
        assert story.member("n")["showcase"] == "open"

    def test_a_refund_undoes_the_task_of_a_candidate_who_may_buy_again(self):
        story = Story(admission__orders=2).do("register", member="n", inviter="M-10")
        self.buy(story, "M-10").do("complete", order="o-M-10").do("refund", order="o-M-10", amount=5_000)
        story.order("again", "M-10", paid=5_000, buyer="n", kind="admission").do("complete", order="again")
        self.buy(story, "M-9").do("complete", order="o-M-9")
        assert story.member("n")["standing"] == "active"

    def test_steady_qualifies_nobody_by_purchase(self):
        story = Story("steady").do("register", member="n", inviter="M-10")
        usual = {"seller": "M-10", "paid": 5_000, "cost": 0, "commission": 0, "buyer": "n", "kind": "admission"}
        story.refuse("order", "规则 3.2", order="o", **usual)


class TestCycles:
    def test_a_direct_who_qualifies_at_the_end_counts_for_the_next(self):
        story = Story(assess__target=1).join("a").wait(days=30).join("b", inviter="a")
        assert (story.member("a")["failures"], story.member("a")["standing"]) == (1, "frozen")
        story.wait(days=30).tick()
        assert (story.member("a")["failures"], story.member("a")["standing"]) == (0, "frozen")

    def test_two_failures_exit_and_there_are_no_more_cycles(self):
        story = Story().join("a").wait(days=60).tick()
        assert (story.member("a")["failures"], story.member("a")["standing"]) == (2, "exited")
        assert story.wait(days=300).tick().member("a")["failures"] == 2

    def test_presets_are_never_assessed(self):
        story = Story().wait(days=400).sell("o", "M-10")
        assert story.balances("M-10") == {"pending": 1_400}

    def test_by_orders_a_refunded_sale_does_not_count(self):
        story = Story("steady", assess__target=1, assess__effect="freeze").join("a").sell("o1", "a")
        story.wait(days=30).tick()
        assert story.member("a")["failures"] == 0
        story.sell("o2", "a").do("refund", order="o2", amount=9_900).wait(days=30).tick()
        assert (story.member("a")["failures"], story.member("a")["standing"]) == (1, "frozen")


class TestFrozen:
    def test_new_shares_freeze_and_old_ones_still_mature(self):
        story = Story().join("a").wait(days=29).sell("o1", "a").wait(days=2).sell("o2", "a")
        assert story.balances("a") == {"pending": 1_400, "frozen": 1_400}
        assert story.wait(days=8).tick().balances("a") == {"available": 1_400, "frozen": 1_400}

    def test_the_order_that_revives_is_settled_before(self):
        story = Story(revive__orders=1).chain("a").wait(days=60).sell("o", "a", buyer="a")
        assert story.member("a")["standing"] == "active"
        assert story.balances("a") == {}
        assert story.balance("platform:house") == 1_400

    def test_revival_releases_and_starts_a_cycle(self):
        story = Story(revive__orders=2).join("a").wait(days=30).sell("o1", "a").wait(days=3)
        story.sell("o2", "M-1", buyer="a").sell("o3", "M-1", buyer="a", kind="presale")
        assert story.member("a")["standing"] == "frozen"
        story.sell("o4", "M-1", buyer="a")
        assert (story.member("a")["standing"], story.member("a")["failures"]) == ("active", 0)
        assert story.balances("a") == {"pending": 1_400}
        assert story.wait(days=29).tick().member("a")["failures"] == 0
        assert story.wait(days=1).tick().member("a")["failures"] == 1

    def test_revival_after_the_return_days_makes_available_at_once(self):
        story = Story(revive__orders=1).join("a").wait(days=30).sell("o1", "a").wait(days=7)
        assert story.sell("o2", "M-1", buyer="a").balances("a") == {"available": 1_400}

    def test_an_order_completed_at_the_instant_of_the_freeze_counts_and_one_before_does_not(self):
        story = Story(revive__orders=1).join("a").wait(days=29).sell("early", "M-1", buyer="a")
        assert story.wait(days=1).tick().member("a")["standing"] == "frozen"
        assert story.sell("late", "M-1", buyer="a").member("a")["standing"] == "active"

    def test_a_refunded_purchase_does_not_count(self):
        story = Story(revive__orders=2).join("a").wait(days=30).sell("o1", "M-1", buyer="a")
        story.do("refund", order="o1", amount=9_900).sell("o2", "M-1", buyer="a")
        assert story.member("a")["standing"] == "frozen"
        assert story.sell("o3", "M-1", buyer="a").member("a")["standing"] == "active"

    def test_after_an_exit_only_purchases_since_the_exit_count(self):
        story = Story(revive__orders=2).join("a").wait(days=31).sell("o1", "M-1", buyer="a").wait(days=30)
        assert story.sell("o2", "M-1", buyer="a").member("a")["standing"] == "exited"
        assert story.sell("o3", "M-1", buyer="a").member("a")["standing"] == "active"


class TestUnlock:
    def test_releases_what_was_locked_once_and_for_all(self):
        story = Story(unlock__directs=2).chain("a", "b").sell("o", "b")
        assert story.balances("a") == {"locked": 400}
        story.join("c", inviter="a")
        assert story.balances("a") == {"pending": 400}
        story.wait(days=90).tick()
        assert story.member("a")["unlocked"]

    def test_under_a_freeze_the_unlocked_share_freezes(self):
        story = Story(unlock__directs=2, assess__target=9).chain("a", "b").sell("o", "b").wait(days=31)
        assert story.tick().balances("a") == {"locked": 400}
        assert story.join("c", inviter="a").balances("a") == {"frozen": 400}


class TestRanks:
    limits = {"rank__team_size": [2, 3, 4, 5], "rank__sales_fen": [1, 2, 10_000, 40_000], "cycle_days": 90}

    def test_need_people_and_sales_and_are_kept(self):
        story = Story(**self.limits).chain("a", "b", "c")
        assert story.member("a")["rank"] is None
        story.sell("o1", "c")
        assert [story.member(code)["rank"] for code in "abc"] == ["leader", "expert", None]
        story.do("refund", order="o1", amount=9_900).sell("o2", "M-10")
        assert [story.member(code)["rank"] for code in "abc"] == ["leader", "expert", None]

    def test_a_qualification_is_enough_to_rise(self):
        story = Story(**self.limits).chain("a").sell("o1", "a")
        assert story.member("a")["rank"] is None
        assert story.join("b", inviter="a").member("a")["rank"] == "expert"

    def test_an_exit_takes_the_rank_and_a_revival_lets_it_come_back(self):
        values = {**self.limits, "cycle_days": 30, "revive__orders": 1}
        story = Story(**values).chain("a", "b").sell("o1", "b").wait(days=30).tick()
        assert (story.member("a")["standing"], story.member("a")["rank"]) == ("frozen", "expert")
        assert story.wait(days=30).tick().member("a")["rank"] is None
        assert story.sell("o2", "M-1", buyer="a").member("a")["rank"] == "expert"

    def test_closed_showcases_below_are_not_counted_and_the_own_is(self):
        story = Story(admission__orders=1).chain("a").do("register", member="n", inviter="a")
        story.sell("o", "a", paid=5_000, buyer="n", kind="admission")
        assert story.member("a")["team_size"] == 2
        story.do("refund", order="o", amount=5_000)
        assert [story.member(code)["team_size"] for code in "an"] == [1, 1]

    def test_eleven_levels_below_is_too_deep(self):
        story = Story(cycle_days=90).chain(*[f"m{number:02}" for number in range(13)])
        assert story.member("m00")["team_size"] == 11

    def test_by_own_sales_alone(self):
        story = Story("steady", **self.limits).chain("a", "b").sell("o1", "b", paid=30_000)
        assert [story.member(code)["rank"] for code in "ab"] == [None, "founder"]
