"""The simulated WeChat's own time: the machine's, put forward by hand, or standing still until it is."""

import time


class Clock:
    """Unix seconds. With ``at`` time stands there and moves by `advance` alone; signatures keep the machine's time."""

    def __init__(self, at: float | None = None) -> None:
        self._at, self._ahead = at, 0.0

    def now(self) -> float:
        return (time.time() if self._at is None else self._at) + self._ahead

    def advance(self, seconds: float) -> None:
        self._ahead += seconds
