"""What a rule may look at: each name with how far it looks back, how it is read and at which events, literally."""

import pytest

from models.rules.risk_feature import DAY, FEATURES, HOUR, WINDOW_MAX_DAYS, named_in

PLACED = "place"
BOUGHT = "place refund"
SEEN = "place register payout sign_in showcase refund"
# name: days back, unit, kinds of event.
LITERAL = {
    "ip_buyers_1d": (1, "count", PLACED),
    "ip_joins_1d": (1, "count", "register place"),
    "address_buyers_7d": (7, "count", PLACED),
    "device_actors_30d": (30, "count", SEEN),
    "device_orders_1d": (1, "count", PLACED),
    "payer_actors_30d": (30, "count", SEEN),
    "phone_actors_30d": (30, "count", SEEN),
    "payee_actors_90d": (90, "count", "payout"),
    "picture_actors_90d": (90, "count", "proof"),
    "picture_uses_90d": (90, "count", "proof"),
    "buyer_orders_1h": (1, "count", PLACED),
    "buyer_orders_1d": (1, "count", PLACED),
    "buyer_orders_30d": (30, "count", BOUGHT),
    "buyer_returns_30d": (30, "count", BOUGHT),
    "buyer_return_bps_30d": (30, "bps", BOUGHT),
    "buyer_fast_returns_30d": (30, "count", BOUGHT),
    "seller_orders_1d": (1, "count", PLACED),
    "seller_orders_before_30d": (31, "count", PLACED),
    "seller_return_bps_30d": (30, "bps", BOUGHT),
    "pair_orders_30d": (30, "count", PLACED),
    "pair_back_30d": (30, "count", PLACED),
    "seller_kin_30d": (30, "count", PLACED),
    "seller_address_buyers_30d": (30, "count", PLACED),
    "self_links": (0, "count", PLACED),
    "soft_links": (0, "count", PLACED),
    "is_own": (0, "flag", PLACED),
    "is_admission": (0, "flag", BOUGHT),
    "agent_links": (0, "count", PLACED),
    "agent_orders_30d": (30, "count", PLACED),
    "sponsor_joins_10m": (1, "count", "register"),
    "sponsor_device_joins_1d": (1, "count", "register"),
    "seat_depth": (0, "count", "register"),
    "account_age_s": (0, "seconds", SEEN),
    "qualified_age_h": (0, "hours", SEEN),
    "amount_fen": (0, "fen", "place refund payout"),
    "hour": (0, "clock", "register place refund payout sign_in showcase proof"),
}


class TestFeatures:
    @pytest.mark.parametrize("name", LITERAL)
    def test_are_what_the_rules_were_set_on(self, name):
        days, unit, kinds = LITERAL[name]
        found = FEATURES[name]
        assert (found.name, found.days, found.unit, " ".join(found.kinds)) == (name, days, unit, kinds)

    def test_are_these_and_no_others(self):
        assert list(FEATURES) == list(LITERAL)

    def test_look_back_ninety_days_at_most(self):
        assert WINDOW_MAX_DAYS == 90
        assert max(one.days for one in FEATURES.values()) == 90

    def test_have_hours_and_days_in_seconds(self):
        assert (HOUR, DAY) == (3_600, 86_400)


class TestNamedIn:
    @pytest.mark.parametrize(
        ("text", "names"),
        [
            ("", []),
            ("没有", []),
            ("{ip_buyers_1d} 个买家", ["ip_buyers_1d"]),
            ("前 {a} 中 {b}后", ["a", "b"]),
            ("{a}{b}", ["a", "b"]),
        ],
    )
    def test_reads_the_names_in_braces_in_their_order(self, text, names):
        assert named_in(text) == names
