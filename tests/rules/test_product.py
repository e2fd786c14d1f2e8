"""The waterfall from a price to its margin, and the refusal of a loss."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import DomainError
from models.rules import policy as policies
from models.rules import product
from models.rules.policy import PLAN, STEADY
from models.rules.product import BadProduct, Loss, Step, Terms


def terms(**changes: int) -> Terms:
    return Terms(**{"price_fen": 9_900, "cost_fen": 3_000, "commission_fen": 2_000} | changes)


def amounts(asked: Terms, policy=PLAN) -> dict[str, int]:
    return {str(fall.step): fall.worst_fen for fall in product.waterfall(asked, policy)}


class TestWaterfall:
    def test_takes_every_share_there_can_be_under_the_plan(self):
        assert amounts(terms(freight_fen=500)) == {
            "price": 9_900, "cost": 3_000, "commission": 2_000, "region": 49 + 99 + 198, "seed": 3 * 100,
            "dividend": 3 * 297, "freight": 500, "fee": 59, "reserve": 42, "margin": 2_762,
        }  # fmt: skip

    def test_pays_one_level_and_no_dividend_under_steady(self):
        found = amounts(terms(), STEADY)
        assert (found["seed"], found["dividend"], found["margin"]) == (100, 0, 4_351)

    def test_shows_what_leaves_with_every_sale_beside_the_worst(self):
        certain = {fall.step: fall.certain_fen for fall in product.waterfall(terms(), PLAN)}
        assert (certain[Step.REGION], certain[Step.SEED], certain[Step.DIVIDEND]) == (0, 0, 0)
        assert certain[Step.MARGIN] == 9_900 - 3_000 - 2_000 - 59 - 49

    @given(
        st.integers(1, 10**7), st.integers(0, 10**7), st.integers(0, 10**7), st.integers(0, 10**5),
        st.sampled_from([PLAN, STEADY]),
    )  # fmt: skip
    def test_loses_no_fen_on_the_way(self, price, cost, commission, freight, policy):
        falls = product.waterfall(
            terms(price_fen=price, cost_fen=cost, commission_fen=commission, freight_fen=freight), policy
        )
        assert falls[0].worst_fen == sum(fall.worst_fen for fall in falls[1:])
        assert falls[0].certain_fen == sum(fall.certain_fen for fall in falls[1:])
        assert falls[-1].worst_fen <= falls[-1].certain_fen


class TestLoss:
    def test_is_refused_with_the_amounts_and_the_ways_out(self):
        with pytest.raises(Loss) as refusal:
            product.check_terms(terms(cost_fen=6_000, commission_fen=4_000), PLAN)
        text = str(refusal.value)
        assert "售价 ¥99.00 付不起最坏情况下的 ¥118.96" in text
        assert "成本 ¥60.00、佣金 ¥40.00、区域分成 ¥3.46、种子奖励 ¥6.00、月度分红 ¥8.91" in text
        assert "每件亏 ¥19.96" in text

    @given(st.integers(100, 10**6), st.integers(0, 10**6), st.integers(0, 10**6), st.sampled_from([PLAN, STEADY]))
    def test_names_ways_out_that_hold(self, price, cost, commission, policy):
        asked = {"price_fen": price, "cost_fen": cost, "commission_fen": commission}
        if product.margin_fen(terms(**asked), policy) >= 0:
            product.check_no_loss(terms(**asked), policy)
            return
        with pytest.raises(Loss) as refusal:
            product.check_no_loss(terms(**asked), policy)
        for word, key in (("佣金降到", "commission_fen"), ("售价提到", "price_fen")):
            if found := re.search(rf"{word} ¥([\d,.]+)", str(refusal.value)):
                fen = int(found[1].replace(",", "").replace(".", ""))
                product.check_no_loss(terms(**asked | {key: fen}), policy)

    def test_is_no_loss_at_exactly_nothing(self):
        free = policies.changed(STEADY, {"region_bps": [0, 0, 0], "seed_bonus_bps": 0})
        at_cost = terms(price_fen=100, cost_fen=100, commission_fen=0, fee_bps=0)
        assert product.margin_fen(at_cost, free) == 0
        product.check_no_loss(at_cost, free)


class TestTerms:
    @pytest.mark.parametrize(
        ("changes", "says"),
        [
            ({"price_fen": 0}, "售价"),
            ({"cost_fen": -1}, "成本"),
            ({"fee_bps": 10_001}, "手续费率"),
            ({"deposit_fen": 9_900, "balance_days": 3}, "定金须少于售价"),
            ({"deposit_fen": 100}, "同时填写定金和尾款期限"),
            ({"balance_days": 3}, "同时填写定金和尾款期限"),
            ({"deposit_fen": 100, "balance_days": 181}, "1 到 180 天"),
        ],
    )
    def test_are_refused_when_they_cannot_be(self, changes, says):
        with pytest.raises(DomainError, match=says):
            product.check_terms(terms(**changes), STEADY)

    def test_of_a_presale_have_deposit_and_days(self):
        product.check_terms(terms(deposit_fen=1_000, balance_days=7), STEADY)


class TestWords:
    def test_lose_the_blanks_around_them(self):
        found = product.cleaned(product.Words(code=" A1 ", title="茶 ", category=" 饮品"))
        assert (found.code, found.title, found.category) == ("A1", "茶", "饮品")

    def test_are_refused_when_missing_or_too_long(self):
        with pytest.raises(BadProduct, match="请填写商品名称"):
            product.cleaned(product.Words(code="A1", title=" ", category="饮品"))
        with pytest.raises(BadProduct, match="最多 64 个字"):
            product.cleaned(product.Words(code="A" * 65, title="茶", category="饮品"))
