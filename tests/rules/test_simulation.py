import pytest

from models.rules import simulation
from models.rules.compliance import Unlabelled
from models.rules.policy import PLAN, STEADY, changed
from models.rules.simulation import BadTree


class TestProject:
    def test_the_plans_figures_beside_what_the_cap_pays(self):
        found = simulation.project(depth=10, fen=2_000)
        assert found.orders == 88_572
        assert found.theoretical_fen == 177_144_000
        assert found.widest == 59_049
        assert (found.capped_orders, found.capped_fen) == (39, 78_000)
        assert found.mean_fen == 6_000
        assert found.median_fen == 0
        assert found.alone_bps == 6_667
        assert found.paid_fen == 531_402_000

    @pytest.mark.parametrize(("depth", "orders"), [(1, 3), (2, 12), (3, 39), (4, 120), (10, 88_572)])
    def test_orders_of_a_full_tree(self, depth, orders):
        assert simulation.project(depth=depth).orders == orders

    @pytest.mark.parametrize(("levels", "orders", "fen", "mean"), [(1, 3, 6_000, 2_000), (2, 12, 24_000, 4_000)])
    def test_a_lower_cap_pays_less(self, levels, orders, fen, mean):
        found = simulation.project(policy=changed(PLAN, {"levels": levels}))
        assert (found.capped_orders, found.capped_fen, found.mean_fen) == (orders, fen, mean)

    def test_a_shallow_tree_stays_below_the_cap(self):
        found = simulation.project(depth=2)
        assert (found.capped_orders, found.capped_fen) == (12, 24_000)

    def test_steady_pays_one_level(self):
        assert simulation.project(policy=STEADY).capped_fen == 6_000

    @pytest.mark.parametrize(("depth", "fen"), [(0, 2_000), (11, 2_000), (10, 0), (10, 10**13)])
    def test_refuses_what_is_no_tree(self, depth, fen):
        with pytest.raises(BadTree, match="规则 9"):
            simulation.project(depth=depth, fen=fen)


class TestExport:
    def test_refuses_without_the_disclaimers(self):
        with pytest.raises(Unlabelled, match="规则 9"):
            simulation.export(simulation.project(), shown=["D-01"])

    def test_carries_the_texts_with_the_figures(self):
        found = simulation.export(simulation.project(), shown=["D-01", "D-02"])
        assert set(found["disclaimers"]) == {"D-01", "D-02"}
        assert "复购" in found["statement"]
