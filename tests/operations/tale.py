"""A story told to the model and to the operations at once: after each event both must show the same world."""

from datetime import datetime
from typing import Any

from console import replay
from models.base import db
from models.queries import integrity, world
from models.rules import scenario
from tests.model.story import Story
from tests.model.world import show


class Tale(Story):
    """Needs the ``session`` fixture."""

    def __init__(self, preset: str = "plan", template: str = "linear", **values: Any) -> None:
        self.now: datetime | None = None
        self.played = 0
        super().__init__(preset, template, **values)

    def do(self, do: str, **values: Any) -> "Tale":
        super().do(do, **values)
        for line in self.lines[self.played :]:
            self.played += 1
            self.now = replay.play_line(scenario.load(line), self.now, self.played)
        db.session.expire_all()
        assert world.shown() == show(self.world)
        assert list(integrity.differences()) == []
        return self
