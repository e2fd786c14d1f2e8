"""The arithmetic of the boards on frames written out by hand."""

from datetime import date

import pandas as pd
import pytest

from reports import metrics
from reports.definitions import METRICS
from reports.slices import Grain, Period


def _totals(**columns: int) -> pd.DataFrame:
    row = {
        "paid_fen": 0,
        "refund_fen": 0,
        "quantity": 0,
        "orders": 0,
        "known_orders": 0,
        "buyers": 0,
        "repeat_buyers": 0,
    }
    return pd.DataFrame([row | columns])


BUSY = {
    "paid_fen": 100_000,
    "refund_fen": 25_000,
    "quantity": 50,
    "orders": 20,
    "known_orders": 20,
    "buyers": 10,
    "repeat_buyers": 4,
}


class TestMeasures:
    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("gmv", 100_000),
            ("net_gmv", 75_000),
            ("refund", 25_000),
            ("refund_rate", 0.25),
            ("orders", 20),
            ("buyers", 10),
            ("pieces", 50),
            ("repurchase", 0.4),
            ("average_order", 5_000),
            ("average_piece", 2_000),
            ("orders_per_buyer", 2),
        ],
    )
    def test_follows_the_definition(self, key, value):
        assert metrics.measures(_totals(**BUSY))[key].iloc[0] == value

    def test_has_a_definition_for_every_measure(self):
        found = metrics.measures(_totals(**BUSY, sellers=5, first_sellers=1))
        # Who passed the admission is counted among the members, not from rows of orders.
        assert {*found.columns, "qualified"} == set(METRICS)

    def test_knows_no_buyers_where_no_order_names_one(self):
        found = metrics.measures(_totals(paid_fen=500, orders=2)).iloc[0]
        assert found[["buyers", "repeat_buyers", "repurchase", "orders_per_buyer"]].isna().all()

    def test_counts_zero_buyers_where_there_was_no_order(self):
        found = metrics.measures(_totals()).iloc[0]
        assert found["buyers"] == 0
        assert pd.isna(found["repurchase"])

    def test_keeps_to_sums_where_the_frame_has_no_orders(self):
        frame = pd.DataFrame({"category": ["面膜"], "paid_fen": [300], "refund_fen": [100], "quantity": [2]})
        found = metrics.measures(frame)
        assert found["net_gmv"].tolist() == [200]
        assert "orders" not in found


class TestTiles:
    def test_sets_each_figure_beside_the_period_before(self):
        gmv, repurchase = metrics.tiles(
            _totals(**BUSY), _totals(**BUSY | {"paid_fen": 80_000, "repeat_buyers": 5}), ["gmv", "repurchase"]
        )
        assert (gmv.value, gmv.before, gmv.change) == (100_000, 80_000, 0.25)
        assert (repurchase.value, repurchase.before, pytest.approx(repurchase.change)) == (0.4, 0.5, -0.1)

    def test_compares_with_nothing_where_the_period_before_sold_nothing(self):
        (gmv,) = metrics.tiles(_totals(**BUSY), _totals(), ["gmv"])
        assert (gmv.before, gmv.change, gmv.is_good) == (None, None, None)

    def test_takes_more_refunds_for_bad_news(self):
        refund, gmv = metrics.tiles(
            _totals(**BUSY), _totals(**BUSY | {"refund_fen": 1, "paid_fen": 1}), ["refund", "gmv"]
        )
        assert (refund.is_good, gmv.is_good) == (False, True)


class TestCoverage:
    def test_is_the_share_of_orders_with_a_buyer(self):
        assert metrics.coverage(_totals(orders=4, known_orders=3)) == 0.75

    def test_is_unknown_without_orders(self):
        assert metrics.coverage(_totals()) is None


class TestDegenerate:
    def test_is_a_crowd_that_all_came_back(self):
        assert metrics.is_degenerate(_totals(buyers=1084, repeat_buyers=1084))

    def test_is_not_a_handful_that_all_came_back(self):
        assert not metrics.is_degenerate(_totals(buyers=3, repeat_buyers=3))

    def test_is_not_a_crowd_of_which_some_stayed_away(self):
        assert not metrics.is_degenerate(_totals(buyers=100, repeat_buyers=98))


class TestOverTime:
    def test_leaves_a_gap_where_nothing_was_paid(self):
        frame = pd.DataFrame({"bucket": [date(2020, 2, 7), date(2020, 2, 9)], "gmv": [1.0, 2.0]})
        found = metrics.over_time(frame, Period(date(2020, 2, 7), date(2020, 2, 9)), Grain.DAY)
        assert found["bucket"].tolist() == [date(2020, 2, 7), date(2020, 2, 8), date(2020, 2, 9)]
        assert found["gmv"].isna().tolist() == [False, True, False]


class TestRanked:
    def test_puts_the_largest_first_with_its_share(self):
        found = metrics.ranked(pd.DataFrame({"name": ["a", "b"], "gmv": [1.0, 3.0]}), "gmv")
        assert found["name"].tolist() == ["b", "a"]
        assert found["share"].tolist() == [0.75, 0.25]


class TestRetention:
    def test_follows_each_cohort_and_leaves_the_future_open(self):
        january, march = date(2026, 1, 1), date(2026, 3, 1)
        frame = pd.DataFrame(
            [(january, january, 4), (january, march, 1), (march, march, 5)], columns=["cohort", "month", "buyers"]
        )
        found = metrics.retention(frame)
        assert found["size"].tolist() == [4, 5]
        assert found.loc[january, [0, 1, 2]].tolist() == [1, 0, 0.25]
        assert found.loc[march, [1, 2]].isna().all()

    def test_is_empty_without_buyers(self):
        assert metrics.retention(pd.DataFrame(columns=["cohort", "month", "buyers"])).empty
