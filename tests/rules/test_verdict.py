"""The first verdict on a case."""

from dataclasses import replace
from datetime import date

import pytest

from models.rules.after_sale import Kind
from models.rules.verdict import Advice, Facts, first_verdict

FACTS = Facts(
    kind=Kind.QUALITY, today=date(2026, 3, 9), received_on=date(2026, 3, 2), has_left=True, is_delivered=True,
    is_held=False, buyer_orders=1, buyer_returns=0,
)  # fmt: skip


def advice(**facts) -> Advice:
    return first_verdict(replace(FACTS, **facts)).advice


class TestAdvice:
    def test_pays_back_what_never_left(self):
        assert advice(has_left=False, is_delivered=False, received_on=None) is Advice.PAY_BACK

    @pytest.mark.parametrize("received", [None, date(2026, 3, 2)])
    def test_accepts_a_return_without_reason_to_the_last_day(self, received):
        assert advice(kind=Kind.NO_REASON, received_on=received) is Advice.ACCEPT

    def test_accepts_it_from_whoever_returns_often_or_stands_on_hold(self):
        often = {"kind": Kind.NO_REASON, "buyer_orders": 10, "buyer_returns": 9, "is_held": True}
        assert advice(**often) is Advice.ACCEPT

    def test_pays_back_what_nobody_signed_for(self):
        assert advice(kind=Kind.NOT_RECEIVED, is_delivered=False, received_on=None) is Advice.PAY_BACK

    def test_looks_at_what_was_signed_for(self):
        assert advice(kind=Kind.NOT_RECEIVED) is Advice.LOOK

    def test_accepts_faulty_goods_within_the_days_and_looks_after(self):
        assert advice() is Advice.ACCEPT
        assert advice(today=date(2026, 3, 10)) is Advice.LOOK

    @pytest.mark.parametrize(
        ("orders", "returns", "expected"),
        [(5, 2, Advice.LOOK), (4, 4, Advice.ACCEPT), (10, 3, Advice.LOOK), (10, 2, Advice.ACCEPT)],
    )
    def test_looks_at_faulty_goods_of_whoever_returns_often(self, orders, returns, expected):
        assert advice(buyer_orders=orders, buyer_returns=returns) is expected


class TestReasons:
    def test_tell_the_last_day(self):
        assert "2026-03-09" in first_verdict(replace(FACTS, kind=Kind.NO_REASON)).reasons[0]

    def test_tell_of_a_hold_and_of_many_returns_beside(self):
        told = first_verdict(replace(FACTS, is_held=True, buyer_orders=10, buyer_returns=4)).reasons
        assert [words for words in told if "风控" in words]
        assert [words for words in told if "10 单中有 4 单" in words]
