"""The life of an import: which state follows which."""

import pytest

from models.rules import intake
from models.rules.intake import NEXT, TITLES, State
from models.tables import importing as tables

ALLOWED = {
    ("uploaded", "staging"), ("uploaded", "cancelled"),
    ("staging", "staged"), ("staging", "failed"), ("staging", "cancelled"),
    ("staged", "staging"), ("staged", "publishing"), ("staged", "cancelled"),
    ("publishing", "done"), ("publishing", "staged"),
    ("done", "undoing"), ("undoing", "undone"), ("undoing", "done"),
    ("failed", "staging"), ("failed", "cancelled"),
}  # fmt: skip


class TestMove:
    @pytest.mark.parametrize("now", list(State))
    @pytest.mark.parametrize("then", list(State))
    def test_follows_the_life_of_an_import_and_nothing_else(self, now, then):
        if (now, then) in ALLOWED:
            assert intake.move(now, then) is then
        else:
            with pytest.raises(intake.NotNow, match=TITLES[now]):
                intake.move(now, then)

    def test_knows_every_state_the_table_knows(self):
        assert tuple(State) == tables.STATES
        assert set(NEXT) == set(TITLES) == set(State)
