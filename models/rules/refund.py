"""What a refund after settlement takes back."""

from collections.abc import Iterable


def reversals_fen(rows: Iterable[tuple[int, int]], *, settled_fen: int, refunded_fen: int) -> list[int]:
    """What a refund takes back of each row (amount, already reversed) but margin, so that floor(row × R / P) is back.

    ``refunded_fen`` is R, everything refunded since the settlement, this refund included (rules 5.6).
    """
    return [amount * refunded_fen // settled_fen - already for amount, already in rows]
