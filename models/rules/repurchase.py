"""Whether enough buyers come back (rules 7.1): looked at over thirty days, and only where a rate says something."""

DAYS = 30
TARGET_BPS = 4_000
BUYERS_MIN = 30


def rate_bps(*, buyers: int, returning: int) -> int:
    """Buyers with paid orders on two or more distinct days, of those with any; rounded down, 0 without buyers."""
    return returning * 10_000 // buyers if buyers else 0


def is_low(*, buyers: int, returning: int) -> bool:
    """Below the target, among buyers enough to tell."""
    return buyers >= BUYERS_MIN and rate_bps(buyers=buyers, returning=returning) < TARGET_BPS
