"""Whether enough buyers come back (rules 7.1): looked at over some days, and only where a rate says something."""


def rate_bps(*, buyers: int, returning: int) -> int:
    """Buyers with paid orders on two or more distinct days, of those with any; rounded down, 0 without buyers."""
    return returning * 10_000 // buyers if buyers else 0


def is_low(*, buyers: int, returning: int, target_bps: int, buyers_min: int) -> bool:
    """Below the target, among buyers enough to tell."""
    return buyers >= buyers_min and rate_bps(buyers=buyers, returning=returning) < target_bps
