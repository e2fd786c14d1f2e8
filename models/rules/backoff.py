"""How long a job waits before it is tried again."""

FIRST_SECONDS = 5.0
CAP_SECONDS = 900.0
LOST_FREELY = 2


def after_failure(*, attempt: int, jitter: float) -> float:
    """Seconds until the next try after ``attempt`` failed ones: doubled each time, capped, half of it left to chance.

    ``jitter`` in [0, 1) keeps a thousand jobs that failed together from coming back together.
    """
    # Beyond thirty doublings the cap has long been reached and the power would only overflow.
    whole = min(CAP_SECONDS, FIRST_SECONDS * 2.0 ** min(attempt - 1, 30))
    return whole * (1 + jitter) / 2


def after_loss(*, attempt: int, jitter: float) -> float:
    """Seconds until the next try when the worker vanished: none at first, as the job is rarely to blame."""
    if attempt <= LOST_FREELY:
        return 0.0
    return after_failure(attempt=attempt - LOST_FREELY, jitter=jitter)
