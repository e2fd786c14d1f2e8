"""Money is an integer number of fen; rates are integer basis points (1/10,000)."""

BPS = 10_000


def share(amount_fen: int, bps: int) -> int:
    """The part of an amount that a rate gives, rounded down to the fen."""
    return amount_fen * bps // BPS
