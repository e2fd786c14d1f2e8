"""Holds of orders whose review has ended already."""

import pytest

from models.operations import hold, order
from tests.operations.tale import Tale


@pytest.mark.usefixtures("session")
class TestHold:
    @pytest.fixture
    def confirmed(self):
        """A completed order that was confirmed as fraud; its share lies with the house."""
        return Tale().sell("o", "M-10").do("hold", order="o").do("confirm_fraud", order="o")

    def test_of_a_confirmed_fraud_is_refused(self, confirmed):
        with pytest.raises(hold.FraudAlready, match="规则 8.2"):
            hold.hold(number="o", at=confirmed.at)

    def test_of_many_leaves_a_confirmed_fraud_as_it_is(self, confirmed):
        before = confirmed.balances("M-10"), confirmed.balance("platform:house")
        hold.hold_many(ids=[order.by_number("o").id], at=confirmed.at)
        assert (order.by_number("o").is_held, order.by_number("o").is_fraud) == (False, True)
        confirmed.do("tick")
        assert (confirmed.balances("M-10"), confirmed.balance("platform:house")) == before
