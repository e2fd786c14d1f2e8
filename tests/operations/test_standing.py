"""Revival by own orders."""

import pytest

from tests.operations.tale import Tale

QUICK = {"admission__orders": 0, "revive__orders": 1, "cycle_days": 12, "assess__target": 1}


@pytest.mark.usefixtures("session")
class TestRevive:
    def test_counts_an_order_that_its_buyer_paid_before_registering(self):
        tale = Tale(**QUICK).join("s").order("o1", "s", buyer="b").join("b").wait(days=13).tick()
        assert tale.member("b")["standing"] == "frozen"
        assert tale.do("complete", order="o1").member("b")["standing"] == "active"
