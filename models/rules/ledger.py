"""The ledger's grammar: which accounts exist, what a posting must be, what its digest and the chain cover."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.errors import Conflict, Invalid

AMOUNT_MAX_FEN = 10**12
GENESIS = hashlib.sha256(b"qianxing ledger").digest()

MEMBER_BUCKETS = ("pending", "locked", "frozen", "held", "available", "payout", "debt")
HOT = {
    "custody": "custody",
    "clearing": "clearing",
    "platform:margin": "margin",
    "platform:house": "house",
    "platform:reserve": "reserve",
    "tax:withheld": "withheld",
}


class UnknownAccount(Invalid):
    """No account of the chart is written like this."""


class Unbalanced(Invalid):
    """The legs of a posting do not sum to zero, or are fewer than two."""


class AmountRefused(Invalid):
    """A leg of nothing, or of more than the ledger can hold."""


class KeyReused(Conflict):
    """The key names another posting already: the same key with another content is never a repeat."""


@dataclass(frozen=True)
class Leg:
    """One amount in fen on one account and the rule that gave it: ``rate_bps`` of ``base_fen``, at ``level`` 1..3."""

    account: str
    amount_fen: int
    cause: str
    level: int | None = None
    rate_bps: int | None = None
    base_fen: int | None = None
    reason: str = ""


def bucket(account: str) -> tuple[str, bool]:
    """The kind of an account and whether it is hot, from its code; refuses what the chart does not have."""
    if account in HOT:
        return HOT[account], True
    head, _, rest = account.partition(":")
    if head == "supplier" and rest:
        return "supplier", True
    if head == "deposit" and len(rest) == 6 and rest.isdigit():
        return "deposit", False
    code, _, last = rest.rpartition(":")
    if head == "member" and code and last in MEMBER_BUCKETS:
        return last, False
    raise UnknownAccount(f"账户 {account} 不在科目表里")


def checked(legs: Sequence[Leg]) -> None:
    """Refuse legs that do not make a posting: two at least, none empty or huge, zero in all."""
    for leg in legs:
        if leg.amount_fen == 0 or abs(leg.amount_fen) > AMOUNT_MAX_FEN:
            raise AmountRefused(f"{leg.account} 的金额 {leg.amount_fen} 分不能入账：须非零且不超过一百亿元")
    if len(legs) < 2 or sum(leg.amount_fen for leg in legs) != 0:
        raise Unbalanced("一笔账至少两条分录，且合计为零")


def text(legs: Sequence[Leg]) -> str:
    """The legs as the digest covers them, one a line; the database writes the same text from its rows."""
    return "\n".join(
        "\x1f".join(
            "" if value is None else str(value)
            for value in (leg.account, leg.amount_fen, leg.cause, leg.level, leg.rate_bps, leg.base_fen, leg.reason)
        )
        for leg in legs
    )


def chained(previous: bytes, rows: Iterable[str]) -> bytes:
    """The hash of a block: SHA-256 over the block before and, line by line, what is sealed now."""
    chain = hashlib.sha256(previous)
    for row in rows:
        chain.update(row.encode() + b"\n")
    return chain.digest()
