"""Boards: what each counts and over how long. Income stands on none with a name: it is told in bands over everybody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from statistics import median

MOST = 100
"""Places on a board of names."""


class Board(StrEnum):
    """Orders sold, buyers who came back, orders of those new in the period; and how income is spread."""

    SALES = "sales"
    RETURNING = "returning"
    NEWCOMERS = "newcomers"
    EARNINGS = "earnings"


OF_NAMES = (Board.SALES, Board.RETURNING, Board.NEWCOMERS)
DAYS: Mapping[Board, int] = {Board.SALES: 30, Board.RETURNING: 90, Board.NEWCOMERS: 30, Board.EARNINGS: 90}
BOUNDS = (1, 10_000, 50_000, 100_000, 500_000)
"""Where the bands of income begin, in fen, after the one that had nothing."""


@dataclass(frozen=True, slots=True)
class Band:
    """So many promoters earned from ``from_fen`` to below ``to_fen`` in the period."""

    from_fen: int
    to_fen: int | None
    people: int


@dataclass(frozen=True, slots=True)
class Spread:
    """How income was spread over all promoters, those who sold nothing among them (D-04)."""

    people: int
    zero_bps: int
    median_fen: int
    p90_fen: int
    bands: tuple[Band, ...]


def span(board: Board) -> timedelta:
    """The period a board looks back over."""
    return timedelta(days=DAYS[board])


def spread(earned: Sequence[int], people: int) -> Spread:
    """The spread of what ``people`` earned, of whom those with anything earned so much each, in fen.

    The ninetieth percentile is the amount that nine in ten do not exceed.
    """
    paid = sorted(fen for fen in earned if fen > 0)
    whole = [0] * (people - len(paid)) + paid
    ends = (*BOUNDS[1:], None)
    bands = [Band(0, 1, len(whole) - len(paid))] + [
        Band(begin, end, sum(begin <= fen and (end is None or fen < end) for fen in paid))
        for begin, end in zip(BOUNDS, ends, strict=True)
    ]
    if not whole:
        return Spread(0, 0, 0, 0, tuple(bands))
    return Spread(
        people=len(whole), zero_bps=10_000 * (len(whole) - len(paid)) // len(whole), median_fen=int(median(whole)),
        p90_fen=whole[-(-len(whole) * 9 // 10) - 1], bands=tuple(bands),
    )  # fmt: skip
