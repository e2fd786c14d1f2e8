"""How long a job waits before it is tried again."""

from hypothesis import given
from hypothesis import strategies as st

from models.rules.backoff import after_failure, after_loss


class TestAfterFailure:
    def test_doubles_until_the_cap(self):
        waits = [after_failure(attempt=attempt, jitter=1) for attempt in range(1, 10)]
        assert waits == [5, 10, 20, 40, 80, 160, 320, 640, 900]

    @given(attempt=st.integers(1, 10_000), jitter=st.floats(0, 1, exclude_max=True))
    def test_leaves_half_of_it_to_chance(self, attempt, jitter):
        whole = after_failure(attempt=attempt, jitter=1)
        assert whole / 2 <= after_failure(attempt=attempt, jitter=jitter) <= whole


class TestAfterLoss:
    def test_costs_nothing_twice(self):
        assert [after_loss(attempt=attempt, jitter=1) for attempt in (1, 2, 3, 4)] == [0, 0, 5, 10]
