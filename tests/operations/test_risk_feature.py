"""Features at their exact boundary: the third buyer, the last second of the window, what was not observed yet."""

from datetime import timedelta

import pytest

from models.operations import admission, region_agent, risk_allow, risk_intake
from models.rules.risk_feature import FEATURES, Kind
from tests.operations import world
from tests.operations.suspects import AT, bought, decided, happened, member, returned, seen

SECOND = timedelta(seconds=1)
HOME = {"province": "浙江省", "city": "杭州市", "district": "西湖区", "detail": "文三路 90 号"}


pytestmark = pytest.mark.usefixtures("session")


@pytest.fixture(scope="module", autouse=True)
def matrix(stage):
    return world.network()


def codes(event_id: int) -> set[str]:
    return {hit["code"] for hit in decided(event_id).hits}


class TestSameIp:
    def test_hits_at_the_third_buyer_within_a_day(self):
        bought("o1", "a", AT - timedelta(days=1) + SECOND, ip="10.0.0.1")
        second = bought("o2", "b", AT - timedelta(hours=3), ip="10.0.0.1")
        third = bought("o3", "c", AT, ip="10.0.0.1")
        assert (seen(second)["ip_buyers_1d"], seen(third)["ip_buyers_1d"]) == (2, 3)
        assert "same_ip" in codes(third) - codes(second)

    def test_forgets_what_is_a_day_old_to_the_second(self):
        bought("o1", "a", AT - timedelta(days=1), ip="10.0.0.1")
        bought("o2", "b", AT - timedelta(hours=3), ip="10.0.0.1")
        assert seen(bought("o3", "c", AT, ip="10.0.0.1"))["ip_buyers_1d"] == 2

    def test_counts_a_buyer_once(self):
        for n in range(3):
            last = bought(f"o{n}", "a", AT + n * SECOND, ip="10.0.0.1")
        assert seen(last)["ip_buyers_1d"] == 1

    def test_leaves_another_address_alone(self):
        bought("o1", "a", ip="10.0.0.2")
        assert seen(bought("o2", "b", ip="10.0.0.1"))["ip_buyers_1d"] == 1

    def test_is_unknown_without_an_address(self):
        assert "ip_buyers_1d" not in seen(bought("o1", "a"))


class TestPointInTime:
    def test_a_decision_sees_nothing_that_was_observed_later(self):
        first = bought("o1", "a", AT, ip="10.0.0.1")
        for n in range(5):
            bought(f"late{n}", f"b{n}", AT, ip="10.0.0.1")
        assert seen(first)["ip_buyers_1d"] == 1

    def test_nor_what_happened_later_though_it_was_observed_before(self):
        bought("o1", "a", AT + SECOND, ip="10.0.0.1")
        assert seen(bought("o2", "b", AT, ip="10.0.0.1"))["ip_buyers_1d"] == 1

    def test_asked_again_gives_the_same_values(self):
        events = [bought(f"o{n}", f"b{n % 3}", AT + n * SECOND, ip="10.0.0.1", device="d") for n in range(6)]
        before = [seen(one) for one in events]
        bought("o9", "z", AT + timedelta(minutes=1), ip="10.0.0.1", device="d")
        assert [seen(one) for one in events] == before


class TestSameAddress:
    def test_hits_at_the_third_buyer_within_seven_days_however_it_is_typed(self):
        bought("o1", "a", AT - timedelta(days=7) + SECOND, address=HOME)
        bought("o2", "b", AT - timedelta(days=3), address=HOME | {"detail": "文三路90号"})
        third = bought("o3", "c", AT, address=HOME | {"detail": "文三路 ９０ 号"})
        assert seen(third)["address_buyers_7d"] == 3
        assert "same_address" in codes(third)

    def test_forgets_what_is_seven_days_old(self):
        bought("o1", "a", AT - timedelta(days=7), address=HOME)
        bought("o2", "b", AT - timedelta(days=3), address=HOME)
        third = bought("o3", "c", AT, address=HOME)
        assert seen(third)["address_buyers_7d"] == 2
        assert "same_address" not in codes(third)


class TestSameDevice:
    def test_hits_at_the_second_account_whatever_it_did(self):
        first = bought("o1", "a", AT, device="phone")
        newcomer = world.joins("W1", at=AT)
        happened(Kind.REGISTER, "r1", AT, actor=member(newcomer.id), device="phone")
        second = bought("o2", "a", AT + SECOND, device="phone")
        assert (seen(first)["device_actors_30d"], seen(second)["device_actors_30d"]) == (1, 2)
        assert "same_device" in codes(second) - codes(first)


class TestReturnRate:
    def orders(self, count: int, back: int) -> int:
        for n in range(count):
            bought(f"o{n}", "a", AT - timedelta(days=20) + n * timedelta(hours=2))
        events = [returned(f"o{n}", AT + n * SECOND) for n in range(back)]
        return events[-1]

    def test_hits_at_thirty_percent_of_ten(self):
        last = self.orders(10, 3)
        assert seen(last)["buyer_return_bps_30d"] == 3000
        assert "return_rate" in codes(last)

    def test_misses_below_thirty_percent(self):
        last = self.orders(7, 2)
        assert seen(last)["buyer_return_bps_30d"] == 2857
        assert "return_rate" not in codes(last)

    def test_hits_at_five_orders(self):
        assert "return_rate" in codes(self.orders(5, 2))

    def test_misses_at_four_orders_all_of_them_returned(self):
        assert "return_rate" not in codes(self.orders(4, 4))

    def test_counts_an_order_once_however_often_it_is_paid_back_in_parts(self):
        for n in range(5):
            bought(f"o{n}", "a", AT - timedelta(days=20) + n * timedelta(hours=2))
        returned("o0", AT, 100)
        assert seen(returned("o0", AT + SECOND, 100))["buyer_returns_30d"] == 1

    def test_knows_a_return_within_a_day_of_the_order(self):
        bought("o1", "a", AT)
        bought("o2", "a", AT)
        returned("o1", AT + timedelta(days=1))
        assert seen(returned("o2", AT + timedelta(days=1) + SECOND))["buyer_fast_returns_30d"] == 1


class TestSelfDeal:
    def test_hits_when_buyer_and_seller_share_a_payer(self):
        seller = world.member("W1", "M-10")
        happened(Kind.SIGN_IN, "s1", AT, actor=member(seller.id), payer="openid-1")
        own = bought("o1", "someone", AT + SECOND, seller="W1", payer="openid-1")
        assert seen(own)["self_links"] == 1
        assert "self_deal" in codes(own)

    def test_hits_when_the_buyer_shares_a_device_with_the_sellers_sponsor(self):
        sponsor = world.member("W1", "M-10")
        world.member("W2", "W1")
        happened(Kind.SIGN_IN, "s1", AT, actor=member(sponsor.id), device="phone")
        assert "self_deal" in codes(bought("o1", "someone", AT + SECOND, seller="W2", device="phone"))

    def test_misses_when_the_link_was_seen_only_later(self):
        seller = world.member("W1", "M-10")
        early = bought("o1", "someone", AT, seller="W1", payer="openid-1")
        happened(Kind.SIGN_IN, "s1", AT, actor=member(seller.id), payer="openid-1")
        assert seen(early)["self_links"] == 0

    def test_misses_when_only_the_network_is_shared(self):
        seller = world.member("W1", "M-10")
        happened(Kind.SIGN_IN, "s1", AT, actor=member(seller.id), ip="10.0.0.1")
        near = bought("o1", "someone", AT + SECOND, seller="W1", ip="10.0.0.1")
        assert (seen(near)["self_links"], seen(near)["soft_links"]) == (0, 1)

    def test_leaves_the_open_purchase_in_ones_own_showcase_below_the_threshold(self):
        world.member("W1", "M-10")
        own = bought("o1", "W1", seller="W1", device="phone")
        assert (seen(own)["is_own"], seen(own)["self_links"]) == (1, 0)
        assert decided(own).score == 15


class TestBurst:
    def test_hits_at_the_tenth_order_within_an_hour(self):
        for n in range(9):
            ninth = bought(f"o{n}", "a", AT + n * SECOND)
        tenth = bought("o9", "a", AT + timedelta(hours=1) - SECOND)
        assert (seen(ninth)["buyer_orders_1h"], seen(tenth)["buyer_orders_1h"]) == (9, 10)
        assert "burst" in codes(tenth) - codes(ninth)

    def test_misses_when_the_first_is_an_hour_old(self):
        for n in range(9):
            bought(f"o{n}", "a", AT + n * SECOND)
        assert seen(bought("o9", "a", AT + timedelta(hours=1)))["buyer_orders_1h"] == 9


class TestJoinBurst:
    def joined(self, count: int, step: timedelta) -> int:
        world.member("W0", "M-10")
        ids = [world.joins(f"J{n}", "W0", AT + n * step).id for n in range(count)]
        return risk_intake.joins(ids=ids, at=AT)[-1]

    def test_hits_at_the_tenth_within_ten_minutes(self):
        last = self.joined(10, timedelta(seconds=60))
        assert seen(last)["sponsor_joins_10m"] == 10
        assert "join_burst" in codes(last)

    def test_misses_when_the_first_is_ten_minutes_old(self):
        last = self.joined(10, timedelta(seconds=67))
        assert seen(last)["sponsor_joins_10m"] == 9
        assert "join_burst" not in codes(last)


class TestProofReuse:
    def test_hits_at_the_second_use_of_a_picture(self):
        one = world.joins("W1", at=AT)
        first = happened(Kind.PROOF, "1", AT, actor=member(one.id), picture="sha")
        second = happened(Kind.PROOF, "2", AT, actor=member(one.id), picture="sha")
        assert "proof_reuse" in codes(second) - codes(first)


class TestOtherPatterns:
    def test_an_agents_own_orders_in_the_region(self):
        agent = world.member("W1", "M-10")
        region_agent.appoint(code="W1", region="330100", at=AT - timedelta(days=9))
        happened(Kind.SIGN_IN, "s1", AT, actor=member(agent.id), payer="openid-1")
        for n in range(3):
            last = bought(f"o{n}", "someone", AT + n * SECOND, region="330106", payer="openid-1")
        assert (seen(last)["agent_links"], seen(last)["agent_orders_30d"]) == (1, 3)
        assert "agent_self" in codes(last)
        elsewhere = bought("o9", "someone", AT + timedelta(minutes=1), region="310115", payer="openid-1")
        assert seen(elsewhere)["agent_links"] == 0

    def test_two_showcases_that_buy_from_each_other(self):
        world.member("W1", "M-10")
        world.member("W2", "M-10")
        for n in range(2):
            bought(f"a{n}", "W1", AT + n * SECOND, seller="W2")
            last = bought(f"b{n}", "W2", AT + n * SECOND, seller="W1")
        assert (seen(last)["pair_orders_30d"], seen(last)["pair_back_30d"]) == (2, 2)
        assert "circular" in codes(last)

    def test_a_showcase_that_slept(self):
        for n in range(10):
            last = bought(f"o{n}", f"b{n}", AT + n * SECOND)
        assert (seen(last)["seller_orders_1d"], seen(last)["seller_orders_before_30d"]) == (10, 0)
        bought("old", "b", AT - timedelta(days=2))
        awake = bought("o10", "b10", AT + timedelta(minutes=1))
        assert seen(awake)["seller_orders_before_30d"] == 1

    def test_an_order_within_a_minute_of_the_registration(self):
        world.joins("W1", at=AT)
        quick = bought("o1", "W1", AT + timedelta(seconds=60))
        slow = bought("o2", "W1", AT + timedelta(seconds=61))
        assert "instant_order" in codes(quick) - codes(slow)

    def test_an_admission_order_given_back_soon_after_qualifying(self):
        bought("o1", None, AT)
        candidate = world.joins("W1", at=AT)
        bought("a1", "W1", AT, seller="M-10", kind="admission", paid_fen=9900)
        admission.qualify(member_id=candidate.id, at=AT + timedelta(hours=1))
        back = returned("a1", AT + timedelta(hours=73), 9900)
        assert (seen(back)["is_admission"], seen(back)["qualified_age_h"]) == (1, 72)
        assert "unlock_refund" in codes(back)

    def test_two_members_paid_to_one_account(self):
        one, other = world.member("W1", "M-10"), world.member("W2", "M-10")
        happened(Kind.PAYOUT, "p1", AT, actor=member(one.id), payee="account")
        second = happened(Kind.PAYOUT, "p2", AT, actor=member(other.id), payee="account")
        assert decided(second).action == "block_payout"

    def test_registrations_on_one_device_under_one_sponsor(self):
        world.member("W0", "M-10")
        ids = [world.joins(f"J{n}", "W0", AT + n * SECOND).id for n in range(3)]
        events = risk_intake.joins(ids=ids, at=AT, devices=dict.fromkeys(ids, "farm"))
        assert [seen(one)["sponsor_device_joins_1d"] for one in events] == [1, 2, 3]
        assert "join_device" in codes(events[2]) - codes(events[1])


class TestAllowList:
    def shared(self, at=AT) -> int:
        for n in range(3):
            last = bought(f"{at:%d%H}{n}", f"b{n}", at + n * SECOND, ip="10.0.0.1", address=HOME, device="tablet")
        return last

    def allow(self, kind: str, value: str, days: int = 30, at=AT) -> int:
        made = risk_allow.add(kind=kind, value=value, label="学生公寓", why="dormitory", days=days, at=at, by="staff:1")
        return made.id

    def test_makes_what_is_shared_there_count_for_nothing(self):
        self.allow("ip", "10.0.0.1")
        self.allow("address", "浙江省杭州市西湖区文三路90号")
        self.allow("device", "tablet")
        values = seen(self.shared())
        assert (values["ip_buyers_1d"], values["address_buyers_7d"], values["device_actors_30d"]) == (0, 0, 0)

    def test_lets_everything_else_count(self):
        self.allow("ip", "10.0.0.2")
        assert seen(self.shared())["ip_buyers_1d"] == 3

    def test_holds_from_its_first_instant_until_its_last(self):
        self.allow("ip", "10.0.0.1", days=1, at=AT)
        inside = bought("o1", "a", AT + timedelta(days=1) - SECOND, ip="10.0.0.1")
        outside = bought("o2", "b", AT + timedelta(days=1), ip="10.0.0.1")
        before = bought("o3", "c", AT - SECOND, ip="10.0.0.1")
        assert [seen(one)["ip_buyers_1d"] for one in (inside, outside, before)] == [0, 2, 1]

    def test_is_told_as_it_stood_even_after_it_ended(self):
        listed = self.allow("ip", "10.0.0.1")
        inside = bought("o1", "a", AT + SECOND, ip="10.0.0.1")
        risk_allow.end(allow_id=listed, at=AT + timedelta(hours=1), by="staff:1")
        outside = bought("o2", "b", AT + timedelta(hours=1), ip="10.0.0.1")
        assert (seen(inside)["ip_buyers_1d"], seen(outside)["ip_buyers_1d"]) == (0, 2)


class TestEveryFeature:
    def test_is_worked_out(self):
        admitted = world.joins("W1", at=AT)
        kinds = {
            Kind.PLACE: bought("o1", "W1", ip="10.0.0.1", device="d", payer="p", phone="13800000001", address=HOME,
                               region="330106"),
            Kind.REFUND: returned("o1", AT),
            Kind.REGISTER: happened(Kind.REGISTER, "r", AT, actor=member(admitted.id), sponsor=member(admitted.id),
                                    device="d", ip="10.0.0.1", facts={"depth": 3}),
            Kind.PAYOUT: happened(Kind.PAYOUT, "p", AT, actor=member(admitted.id), payee="x"),
            Kind.PROOF: happened(Kind.PROOF, "f", AT, actor=member(admitted.id), picture="x"),
        }  # fmt: skip
        known = {name for event in kinds.values() for name in seen(event)}
        assert set(FEATURES) - known == {"qualified_age_h"}


class TestShowcaseKin:
    def test_counts_those_who_share_a_purse_and_bought_in_the_same_window(self):
        bought("o1", "a", AT - timedelta(days=29), payer="purse")
        bought("o2", "b", payer="purse", seller="M-9")
        bought("o3", "c")
        third = bought("o4", "d", payer="purse")
        assert seen(third)["seller_kin_30d"] == 1
        assert seen(bought("o5", "e", AT + timedelta(days=2), payer="purse"))["seller_kin_30d"] == 1
        assert "showcase_kin" in codes(third)

    def test_counts_one_window_and_one_address(self):
        for n, seller in enumerate(("M-10", "M-10", "M-9")):
            bought(f"o{n}", f"b{n}", address=HOME, seller=seller)
        assert seen(bought("o9", "z", address=HOME))["seller_address_buyers_30d"] == 3
