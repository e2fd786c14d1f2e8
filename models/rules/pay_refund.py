"""A refund through Pay: its one number, and Pay's states of it."""

from enum import StrEnum


class State(StrEnum):
    """Due and sent are ours; the others Pay's, one to one."""

    DUE = "due"
    SENT = "sent"
    PROCESSING = "PROCESSING"
    SUCCESS = "SUCCESS"
    CLOSED = "CLOSED"
    ABNORMAL = "ABNORMAL"


FINAL = frozenset({State.SUCCESS, State.CLOSED})
"""What ends a refund. ABNORMAL waits for a person at the merchant platform and may still succeed [H]."""


def number_of(order_number: str, n: int) -> str:
    """The n-th refund of an order has this number for ever: `[0-9A-Za-z_-|*@]`, 64 at most [H]."""
    return f"{order_number}-R{n}"
