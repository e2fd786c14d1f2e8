"""The monthly team dividend: who is in a bill, what a month pays, and what later refunds take back."""

from models.money import share
from models.rules.policy import Policy
from models.rules.share import Person
from models.rules.standing import Rank, Showcase, Standing

PAYING = (Rank.FOUNDER, Rank.CENTER)
"""联创 and 运营中心, in the order of ``dividend_bps``."""


def rate_bps(rank: Rank | None, policy: Policy) -> int:
    """The monthly rate that a rank pays (rules 5.7)."""
    return policy.dividend_bps[PAYING.index(rank)] if rank in PAYING else 0


def is_billed(person: Person) -> bool:
    """Active, unlocked, showcase not closed; presets are in no bill (rules 5.7)."""
    active = person.standing is Standing.ACTIVE and person.unlocked
    return active and not person.preset and person.showcase is not Showcase.CLOSED


def amount_fen(base_fen: int, bps: int) -> int:
    """What a month's net sales pay a member (rules 5.7)."""
    return share(base_fen, bps)


def correction_fen(*, base_fen: int, bps: int, booked_fen: int) -> int:
    """The negative line of the next bill, once refunds have made the base of a billed month smaller (rules 5.7)."""
    return amount_fen(base_fen, bps) - booked_fen
