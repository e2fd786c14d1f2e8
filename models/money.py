"""Money is an integer number of fen; rates are integer basis points (1/10,000)."""

BPS = 10_000


def share(amount_fen: int, bps: int) -> int:
    """The part of an amount that a rate gives, rounded down to the fen."""
    return amount_fen * bps // BPS


def split(amount_fen: int, weights: list[int]) -> list[int]:
    """Divide an amount by weights so that the parts sum to it exactly.

    Largest remainder (Hamilton's method): every part gets its floor, the fen left over go to the largest remainders,
    ties to the earlier part.
    """
    total = sum(weights)
    floors = [amount_fen * weight // total for weight in weights]
    remainders = [amount_fen * weight % total for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-remainders[i], i))
    for i in order[: amount_fen - sum(floors)]:
        floors[i] += 1
    return floors
