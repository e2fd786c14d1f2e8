"""Random stories told to the operations on a real database as well, which must come to the same world."""

from contextlib import ExitStack
from datetime import datetime

from flask import Flask

from console import replay
from models.base import db
from models.queries import integrity, ledger, world
from models.rules import scenario
from tests.conftest import isolated
from tests.model.machine import WorldMachine
from tests.model.world import show

EVERY = 6


class DatabaseMachine(WorldMachine):
    """Plays every event of the model through the line player; both must agree on the world and on refusals.

    Whether the database agrees with itself is asked after every few events and at the end: what breaks there stays
    broken, and asking takes as long as telling.
    """

    app: Flask

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        self.stack.enter_context(isolated(self.app))
        self.now: datetime | None = None
        self.played = self.agreed = 0

    def told(self, do: str, values: dict, *, refused: bool) -> None:
        self.catch_up()
        line = self.story.line(do, **values, **({"refused": True} if refused else {}))
        replay.advance(self.story.at)
        self.now = replay.play_line(scenario.load(line), self.now, 0)
        db.session.expire_all()
        self.agree()

    def catch_up(self) -> None:
        """Play what the story did on its own: its beginning."""
        for line in self.story.lines[self.played :]:
            self.played += 1
            self.now = replay.play_line(scenario.load(line), self.now, self.played)

    def agree(self) -> None:
        assert world.shown() == show(self.story.world)
        self.agreed += 1
        if self.agreed % EVERY == 0:
            self.whole()

    def whole(self) -> None:
        assert list(integrity.differences()) == []
        assert sum(ledger.balances().values()) == 0

    def teardown(self) -> None:
        try:
            super().teardown()
            self.whole()
        finally:
            self.stack.close()
