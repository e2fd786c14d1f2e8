"""Money is an integer number of fen; rates are integer basis points (1/10,000)."""

BPS = 10_000


def share(amount_fen: int, bps: int) -> int:
    """The part of an amount that a rate gives, rounded down to the fen."""
    return amount_fen * bps // BPS


def yuan(fen: int) -> str:
    """Fen as ¥1,234.56."""
    whole, part = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}¥{whole:,}.{part:02d}"


def bps_text(bps: int) -> str:
    """Basis points as a percentage: 1,250 is 12.50%."""
    return f"{bps / 100:.2f}%"
