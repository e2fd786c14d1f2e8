"""The simulated windows: seeded, alike in every process, with all four ends."""

from collections import Counter

import pytest

from jobs.gateways.showcase import Known, Refused, Silent, Unauthorised
from jobs.gateways.showcase_simulator import WindowsSimulator

WINDOWS = [f"W-{n}" for n in range(400)]


def ends(seed: int) -> list[str]:
    simulator = WindowsSimulator(seed=seed, silent_in=0)
    return [simulator.remove(window=window, product=f"P{n % 20}") for n, window in enumerate(WINDOWS)]


class TestSimulator:
    def test_tells_the_same_story_by_the_same_seed(self):
        assert ends(7) == ends(7)
        assert ends(7) != ends(8)

    def test_ends_in_all_four_ways_and_mostly_well(self):
        counted = Counter(ends(1))
        assert set(counted) == {"removed", "auto_synced", "not_ours", "unauthorised"}
        assert counted["removed"] > 200

    def test_is_silent_once_and_then_answers(self):
        simulator = WindowsSimulator(seed=1, silent_in=1)
        with pytest.raises(Silent):
            simulator.remove(window="W-1", product="P1")
        simulator.remove(window="W-1", product="P1")
        assert simulator.calls["remove", "W-1", "P1"] == 2

    def test_refuses_some_and_lets_nobody_into_the_unauthorised(self):
        simulator, met = WindowsSimulator(seed=1, silent_in=0), Counter()
        for window in WINDOWS:
            try:
                met[simulator.add(window=window, product="P1")] += 1
            except (Refused, Unauthorised) as error:
                met[type(error).__name__] += 1
        assert {"Refused", "Unauthorised", "promoter"} <= set(met)

    def test_shows_a_few_products_otherwise_than_we_know_them(self):
        simulator, otherwise = WindowsSimulator(seed=1, silent_in=0), 0
        known = Known(product="P1", stock=5, price_fen=9_900)
        for window in (one for one in WINDOWS if simulator.is_authorised(one)):
            (one,) = simulator.look(window=window, products=[known])
            otherwise += (one.shown, one.stock, one.price_fen) != ("on", 5, 9_900)
        assert 5 < otherwise < 60
