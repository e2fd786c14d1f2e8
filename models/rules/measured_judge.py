"""How well the judge of evidence judges: measured by ``tests.bench.proof``, never claimed."""

import csv
from dataclasses import dataclass
from functools import cache
from importlib import resources

FILE = "proof_figures.csv"


@dataclass(frozen=True, slots=True)
class Line:
    """The pictures of one kind, what came of them, and milliseconds a picture: by the clock, and of processors.

    A busy machine makes the clock's longer, and the processors' hardly.
    """

    kind: str
    is_genuine: bool
    n: int
    passed: int
    manual: int
    rejected: int
    p50_ms: int
    p95_ms: int
    cpu_p50_ms: int = 0
    cpu_p95_ms: int = 0


@dataclass(frozen=True, slots=True)
class Figures:
    """One measurement: its day, what it ran on, its lines."""

    measured_on: str
    machine: str
    lines: tuple[Line, ...]

    @property
    def n(self) -> int:
        return sum(line.n for line in self.lines)

    @property
    def passed(self) -> int:
        return sum(line.passed for line in self.lines)

    @property
    def genuine(self) -> int:
        return sum(line.n for line in self.lines if line.is_genuine)

    @property
    def forged(self) -> int:
        return self.n - self.genuine

    @property
    def right(self) -> int:
        """Genuine pictures that passed without a person."""
        return sum(line.passed for line in self.lines if line.is_genuine)

    @property
    def wrong(self) -> int:
        """Forgeries that passed."""
        return self.passed - self.right

    @property
    def precision_bps(self) -> int:
        """Of what passed, how much was genuine; rounded down."""
        return self.right * 10_000 // self.passed if self.passed else 0

    @property
    def recall_bps(self) -> int:
        """Of the genuine, how much passed; rounded down."""
        return self.right * 10_000 // self.genuine if self.genuine else 0


@cache
def figures() -> Figures | None:
    """The newest measurement that was committed; None before there is one."""
    file = resources.files("models.rules").joinpath(FILE)
    if not file.is_file():
        return None
    rows = list(csv.DictReader(file.read_text("utf-8").splitlines()))
    return Figures(rows[0]["measured_on"], rows[0]["machine"], tuple(_line(row) for row in rows))


def _line(row: dict[str, str]) -> Line:
    counts = (int(row[name]) for name in ("n", "passed", "manual", "rejected", "p50_ms", "p95_ms"))
    processors = (int(row.get(name) or 0) for name in ("cpu_p50_ms", "cpu_p95_ms"))
    return Line(row["kind"], row["is_genuine"] == "1", *counts, *processors)
