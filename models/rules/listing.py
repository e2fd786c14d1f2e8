"""Products in windows: who put them there, what taking them away can meet, and when to ask again."""

from enum import StrEnum

from models.errors import Conflict

TRIES_A_ROUND = 3
"""How often one round of a delisting asks a window that does not answer."""


class ListingState(StrEnum):
    ASKED = "asked"
    LISTED = "listed"
    REFUSED = "refused"
    REMOVED = "removed"


class Source(StrEnum):
    """Who put a product into a window, which decides who may take it away."""

    AGENCY = "agency"
    SHOP = "shop"
    PROMOTER = "promoter"


class Outcome(StrEnum):
    """The four ends that taking a product out of a window can have."""

    REMOVED = "removed"
    AUTO_SYNCED = "auto_synced"
    NOT_OURS = "not_ours"
    UNAUTHORISED = "unauthorised"


class Shown(StrEnum):
    """How the shop's interface says that a product stands in a window."""

    ON = "on"
    OFF = "off"
    BANNED = "banned"
    GONE = "gone"


GONE = frozenset({Outcome.REMOVED, Outcome.AUTO_SYNCED})
"""Outcomes after which the product is no longer sold there."""


class NowhereToList(Conflict):
    """No open window is left that the product could go into."""


class UnderWay(Conflict):
    """The product is being taken down already, or is not yet."""


def end_of(source: Source, *, is_authorised: bool) -> Outcome:
    """What the shop's interface does with a request to take a product away."""
    if source is Source.SHOP:
        return Outcome.AUTO_SYNCED
    if not is_authorised:
        return Outcome.UNAUTHORISED
    return Outcome.REMOVED if source is Source.AGENCY else Outcome.NOT_OURS
