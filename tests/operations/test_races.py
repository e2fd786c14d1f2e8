"""Nothing is lost or doubled, whatever happens at once."""

import pytest

from tests.operations import races

ROUNDS = 4


class TestRaces:
    @pytest.mark.parametrize("race", races.RACES, ids=lambda race: race.__name__)
    def test_end_as_if_one_had_waited_for_the_other(self, own_app, race):
        races.set_up(own_app)
        for number in range(ROUNDS):
            race(own_app, number)
        with own_app.app_context():
            races.whole()

    def test_seat_200_sign_ups_under_one_sponsor_as_one_after_the_other(self, own_app):
        races.set_up(own_app)
        races.sign_ups(own_app, 0, count=200)
        with own_app.app_context():
            races.whole()
