import pytest

from models.rules import dividend, policy
from models.rules.policy import PLAN, STEADY
from models.rules.share import Person
from models.rules.standing import Rank, Showcase, Standing


def person(now=Standing.ACTIVE, showcase=Showcase.OPEN, *, unlocked=True, preset=False):
    return Person(code="a", standing=now, showcase=showcase, unlocked=unlocked, preset=preset)


class TestRate:
    def test_founders_and_centers_are_paid(self):
        one = policy.changed(PLAN, {"dividend_bps": [300, 450]})
        rates = [dividend.rate_bps(rank, one) for rank in (None, Rank.EXPERT, Rank.LEADER, Rank.FOUNDER, Rank.CENTER)]
        assert rates == [0, 0, 0, 300, 450]
        assert dividend.rate_bps(Rank.CENTER, STEADY) == 0


class TestIsBilled:
    @pytest.mark.parametrize(
        ("who", "expected"),
        [
            (person(), True),
            (person(showcase=Showcase.PENDING), True),
            (person(Standing.FROZEN), False),
            (person(Standing.EXITED), False),
            (person(unlocked=False), False),
            (person(showcase=Showcase.CLOSED), False),
            (person(preset=True), False),
        ],
    )
    def test_active_unlocked_and_not_closed(self, who, expected):
        assert dividend.is_billed(who) is expected


class TestAmounts:
    def test_are_floors(self):
        assert dividend.amount_fen(33_321, 300) == 999

    def test_a_correction_is_what_the_smaller_base_pays_less(self):
        assert dividend.correction_fen(base_fen=18_307, bps=300, booked_fen=849) == -300
        assert dividend.correction_fen(base_fen=18_328, bps=300, booked_fen=850) == -301
        assert dividend.correction_fen(base_fen=28_321, bps=300, booked_fen=849) == 0
