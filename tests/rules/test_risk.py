"""Risk rules: read whole or refused, true at their exact boundary, added up under caps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules import risk, risk_shipped, risk_text
from models.rules.risk import GROUPS, Action, BadRule, Because, evaluate, parse, ready, total
from models.rules.risk_feature import FEATURES, WINDOW_MAX_DAYS, Kind

SHIPPED = [ready(parse(terms), 1) for terms in risk_shipped.RULES]
BY_CODE = {rule.terms.code: rule for rule in SHIPPED}


def terms(**changes: object) -> dict:
    return {
        "code": "some_rule", "on": ["place"], "group": "burst", "weight": 40,
        "reason": "一小时内下了 {buyer_orders_1h} 单",
        "when": {"feature": "buyer_orders_1h", "op": ">=", "value": 10}, "hits": [{"buyer_orders_1h": 10}],
        "misses": [{"buyer_orders_1h": 9}],
    } | changes  # fmt: skip


def codes(kind: str, **values: int) -> set[str]:
    return {hit.code for hit in evaluate(SHIPPED, kind, values).hits}


class TestShippedRules:
    @pytest.mark.parametrize("code", sorted(BY_CODE))
    def test_pass_their_own_cases(self, code):
        assert risk.failing(BY_CODE[code].terms) == []

    def test_have_a_code_each(self):
        assert len(BY_CODE) == len(risk_shipped.RULES) == 37

    @pytest.mark.parametrize(
        ("code", "kind", "hit", "miss"),
        [
            ("same_ip", "place", {"ip_buyers_1d": 3}, {"ip_buyers_1d": 2}),
            ("same_address", "place", {"address_buyers_7d": 3}, {"address_buyers_7d": 2}),
            ("same_device", "place", {"device_actors_30d": 2}, {"device_actors_30d": 1}),
            (
                "return_rate", "place", {"buyer_orders_30d": 5, "buyer_return_bps_30d": 3000},
                {"buyer_orders_30d": 5, "buyer_return_bps_30d": 2999},
            ),
            (
                "return_rate", "refund", {"buyer_orders_30d": 5, "buyer_return_bps_30d": 10000},
                {"buyer_orders_30d": 4, "buyer_return_bps_30d": 10000},
            ),
            ("self_deal", "place", {"self_links": 1}, {"self_links": 0}),
            ("burst", "place", {"buyer_orders_1h": 10}, {"buyer_orders_1h": 9}),
            ("proof_reuse", "proof", {"picture_uses_90d": 2}, {"picture_uses_90d": 1}),
            ("join_burst", "register", {"sponsor_joins_10m": 10}, {"sponsor_joins_10m": 9}),
        ],
    )  # fmt: skip
    def test_of_the_written_rules_turn_at_the_written_number(self, code, kind, hit, miss):
        assert code in codes(kind, **hit)
        assert code not in codes(kind, **miss)

    def test_keep_to_their_kind_of_event(self):
        assert "burst" not in codes("refund", buyer_orders_1h=50)

    def test_never_reach_the_threshold_by_shared_place_alone(self):
        household = {"ip_buyers_1d": 9, "address_buyers_7d": 9}
        assert evaluate(SHIPPED, "place", household).score == 50

    def test_hold_for_a_shared_place_and_a_shared_device(self):
        found = evaluate(SHIPPED, "place", {"ip_buyers_1d": 3, "device_actors_30d": 2})
        assert (found.score, found.action) == (70, Action.HOLD)

    def test_know_nothing_where_nothing_is_known(self):
        assert evaluate(SHIPPED, "place", {}).score == 0


class TestScore:
    def test_adds_weights_within_a_group_up_to_its_cap(self):
        assert total([("place", 35), ("place", 30)]) == (50, {"place": 50})

    def test_adds_groups(self):
        assert total([("place", 35), ("burst", 20)]) == (55, {"place": 35, "burst": 20})

    @pytest.mark.parametrize(
        ("group", "cap"),
        [
            ("place", 50), ("identity", 70), ("self", 80), ("return", 60), ("burst", 60), ("proof", 60), ("join", 70),
            ("cycle", 60), ("region", 60),
        ],
    )  # fmt: skip
    def test_keeps_each_group_under_its_own_cap(self, group, cap):
        assert total([(group, 99), (group, 99)]) == (cap, {group: cap})
        assert total([(group, cap - 1)]) == (cap - 1, {group: cap - 1})

    def test_knows_these_groups_and_the_guards_of_a_publication(self):
        assert list(GROUPS) == ["place", "identity", "self", "return", "burst", "proof", "join", "cycle", "region"]
        assert (risk.HELD_MAX_BPS, risk.SHADOW_HOURS, risk.BACKTEST_DAYS) == (200, 24, 30)
        assert (risk.COMPARE_DAYS, risk.BAND, risk.SUSPICIOUS) == (7, 3, 60)

    def test_ends_at_a_hundred(self):
        assert total([("self", 80), ("burst", 60)])[0] == 100

    def test_of_nothing_is_nothing(self):
        assert total([]) == (0, {})

    @pytest.mark.parametrize(
        ("kind", "score", "action"),
        [
            ("place", 59, "allow"), ("place", 60, "hold"), ("payout", 59, "allow"), ("payout", 60, "block_payout"),
            ("register", 60, "review"), ("refund", 100, "review"), ("sign_in", 0, "allow"),
        ],
    )  # fmt: skip
    def test_turns_into_an_action_at_sixty(self, kind, score, action):
        assert risk.action_of(kind, score) == action

    @given(st.lists(st.tuples(st.sampled_from(sorted(GROUPS)), st.integers(1, 100)), max_size=12))
    def test_never_falls_when_a_rule_is_added(self, weights):
        assert all(total(weights[:n])[0] <= total(weights[: n + 1])[0] <= 100 for n in range(len(weights)))

    @given(st.permutations([("place", 35), ("place", 30), ("burst", 60), ("self", 15), ("self", 70)]))
    def test_does_not_depend_on_the_order_of_the_rules(self, weights):
        assert total(weights) == (100, {"place": 50, "burst": 60, "self": 80})


class TestExplanation:
    def test_names_value_and_threshold_of_each_comparison_that_came_true(self):
        (hit,) = evaluate([BY_CODE["return_rate"]], "place", {"buyer_orders_30d": 8, "buyer_return_bps_30d": 5000}).hits
        assert hit.because == (
            Because("buyer_orders_30d", 8, ">=", 5),
            Because("buyer_return_bps_30d", 5000, ">=", 3000),
        )

    def test_is_a_sentence_with_the_values_in_it(self):
        (hit,) = evaluate([BY_CODE["burst"]], "place", {"buyer_orders_1h": 12}).hits
        assert hit.reason == "一小时内同一买家下了 12 单"

    def test_says_which_version_spoke(self):
        (hit,) = evaluate([ready(parse(terms()), 7)], "place", {"buyer_orders_1h": 10}).hits
        assert (hit.code, hit.version, hit.group, hit.weight) == ("some_rule", 7, "burst", 40)


class TestCondition:
    @pytest.mark.parametrize(
        ("op", "below", "equal", "above"),
        [
            (">=", False, True, True), (">", False, False, True), ("<=", True, True, False), ("<", True, False, False),
            ("==", False, True, False), ("!=", True, False, True),
        ],
    )  # fmt: skip
    def test_compares(self, op, below, equal, above):
        test = risk.compiled(parse(terms(when={"feature": "buyer_orders_1h", "op": op, "value": 5})).when)
        assert [test({"buyer_orders_1h": value}) for value in (4, 5, 6)] == [below, equal, above]

    def test_of_an_unknown_value_is_false_both_ways(self):
        for op in (">=", "<=", "!="):
            when = {"feature": "buyer_orders_1h", "op": op, "value": 0}
            assert not risk.compiled(parse(terms(when=when)).when)({})

    def test_combines(self):
        when = risk_text.read("buyer_orders_1h >= 5 且 (hour == 1 或 非 is_own == 0)")
        test = risk.compiled(parse(terms(when=when)).when)
        assert test({"buyer_orders_1h": 5, "hour": 1, "is_own": 0})
        assert test({"buyer_orders_1h": 5, "hour": 9, "is_own": 1})
        assert not test({"buyer_orders_1h": 5, "hour": 9, "is_own": 0})
        assert not test({"buyer_orders_1h": 4, "hour": 1, "is_own": 1})


class TestTerms:
    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"group": "luck"}, "没有名为 luck 的分组"),
            ({"on": ["party"]}, "没有名为 party 的事件"),
            ({"when": {"feature": "mood", "op": ">=", "value": 1}}, "没有名为 mood 的指标"),
            ({"reason": "因为 {mood}，所以"}, "没有名为 mood 的指标"),
            ({"hits": [{"mood": 1}]}, "没有名为 mood 的指标"),
            ({"when": {"feature": "seat_depth", "op": ">", "value": 1}}, "不适用于事件 place"),
            ({"weight": 0}, "weight 填写有误"),
            ({"weight": 101}, "weight 填写有误"),
            ({"weight": "40"}, "weight 填写有误（应为整数）"),
            ({"hits": []}, "hits 填写有误（至少一项）"),
            ({"code": "No"}, "code 填写有误"),
            ({"when": {"feature": "buyer_orders_1h", "op": "like", "value": 1}}, "when"),
            ({"when": "__import__('os')"}, "when"),
            ({"extra": 1}, "extra 填写有误（不认识）"),
        ],
    )
    def test_are_refused_with_a_sentence(self, changes, says):
        with pytest.raises(BadRule, match=says):
            parse(terms(**changes))

    def test_may_be_as_large_as_forty_comparisons(self):
        one = {"feature": "buyer_orders_1h", "op": ">=", "value": 1}
        parse(terms(when={"all": [one] * 40}))
        with pytest.raises(BadRule, match="条件过大"):
            parse(terms(when={"all": [{"any": [one] * 21}, {"any": [one] * 20}]}))

    def test_may_be_five_layers_deep(self):
        when: dict = {"feature": "buyer_orders_1h", "op": ">=", "value": 1}
        for _ in range(4):
            when = {"not": when}
        parse(terms(when=when))
        with pytest.raises(BadRule, match="条件过大"):
            parse(terms(when={"not": when}))

    def test_tell_which_case_fails(self):
        wrong = parse(terms(hits=[{"buyer_orders_1h": 9}], misses=[{}, {"buyer_orders_1h": 11}]))
        assert risk.failing(wrong) == [
            "应命中的例 1 没有命中：buyer_orders_1h = 9",
            "不应命中的例 2 命中了：buyer_orders_1h = 11",
        ]


class TestRefusal:
    @pytest.mark.parametrize(
        ("changes", "words"),
        [
            ({"weight": None}, "weight 填写有误（应为整数）"), ({"more": 1}, "more 填写有误（不认识）"),
            ({"hits": []}, "hits 填写有误（至少一项）"),
        ],
    )  # fmt: skip
    def test_says_in_chinese_what_is_wrong_where(self, changes, words):
        with pytest.raises(BadRule, match=words):
            parse(terms(**changes))

    def test_says_what_is_missing(self):
        with pytest.raises(BadRule, match="weight 填写有误（缺少）"):
            parse({key: value for key, value in terms().items() if key != "weight"})


class TestFeatures:
    def test_look_back_no_further_than_their_bound(self):
        assert max(feature.days for feature in FEATURES.values()) == WINDOW_MAX_DAYS == 90

    def test_serve_known_kinds_of_events(self):
        assert {kind for feature in FEATURES.values() for kind in feature.kinds} == set(Kind)


NODES = st.recursive(
    st.builds(
        lambda name, op, value: {"feature": name, "op": op, "value": value},
        st.sampled_from(["buyer_orders_1h", "hour", "is_own"]), st.sampled_from(sorted(risk.OPS)), st.integers(0, 99),
    ),
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=2, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=6,
)  # fmt: skip


class TestText:
    def test_binds_and_closer_than_or(self):
        assert risk_text.read("hour == 1 或 hour == 2 且 非 is_own == 1") == {
            "any": [
                {"feature": "hour", "op": "==", "value": 1},
                {
                    "all": [
                        {"feature": "hour", "op": "==", "value": 2},
                        {"not": {"feature": "is_own", "op": "==", "value": 1}},
                    ]
                },
            ]
        }

    def test_takes_english_words_too(self):
        assert risk_text.read("hour == 1 and not hour == 2") == risk_text.read("hour == 1 且 非 hour == 2")

    @given(NODES)
    def test_comes_back_as_it_was_written(self, when):
        try:
            node = parse(terms(when=when)).when
        except BadRule:
            return
        again = parse(terms(when=risk_text.read(risk_text.written(node)))).when
        assert risk_text.written(again) == risk_text.written(node)
        for values in ({"hour": 1, "is_own": 1, "buyer_orders_1h": 50}, {"hour": 60}, {}):
            assert risk.compiled(again)(values) == risk.compiled(node)(values)

    @pytest.mark.parametrize(
        ("text", "says"),
        [
            ("", "还差一个比较"), ("hour", "还差一个比较"), ("hour == ", "还差一个比较"),
            ("hour == 1 且", "还差一个比较"),
            ("(hour == 1", r"缺少 \)"), ("hour == 1)", "多余"), ("hour = 1", "无法读取"), ("1 == hour", "应写成"),
            ("hour == hour", "应为整数"), ("hour == 1; drop", "无法读取"), ("(" * 30 + "hour == 1", "括号层数过多"),
            ("x" * 2001, "最多 2000"),
        ],
    )  # fmt: skip
    def test_is_refused_with_a_sentence(self, text, says):
        with pytest.raises(BadRule, match=says):
            risk_text.read(text)

    def test_reads_cases(self):
        assert risk_text.cases("hour=1, is_own=0 | hour=2\n") == [{"hour": 1, "is_own": 0}, {"hour": 2}, {}]
        assert risk_text.cased([{"hour": 1, "is_own": 0}, {"hour": 2}]) == "hour=1, is_own=0\nhour=2"
        with pytest.raises(BadRule, match="应写成 指标=整数"):
            risk_text.cases("hour=soon")
