"""Where a share of an order lies: the bucket at settlement, what releases it, and what a debt takes first."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from models.rules.policy import Policy
from models.rules.standing import Showcase, Standing


class Bucket(StrEnum):
    """Parts of a member's account; the two last are not of a single share."""

    PENDING = "pending"
    LOCKED = "locked"
    FROZEN = "frozen"
    HELD = "held"
    AVAILABLE = "available"
    PAYOUT = "payout"
    DEBT = "debt"


class House(StrEnum):
    """Why a share went to the platform."""

    NO_UPLINE = "no_upline"
    OVER_CAP = "over_cap"
    NOT_UPLINE = "not_upline"
    EXITED = "exited"
    CLOSED = "closed"
    NOT_QUALIFIED = "not_qualified"
    ROUNDING = "rounding"
    FRAUD = "fraud"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A member as the money sees one."""

    code: str
    standing: Standing
    showcase: Showcase
    unlocked: bool
    preset: bool = False
    seed_at: datetime | None = None
    """Since when a seed promoter, if one."""


class Marks(NamedTuple):
    """What risk and after-sale service say of the order."""

    held: bool = False
    fraud: bool = False
    after_sale: bool = False


def matures_at(completed_at: datetime, policy: Policy) -> datetime:
    """The instant at which pending shares of an order become available (rules 5.5)."""
    return completed_at + timedelta(days=policy.return_days)


def is_mature(completed_at: datetime, at: datetime, marks: Marks, policy: Policy) -> bool:
    """Whether shares of an order may be available: the days are over, no hold and no after-sale is open (rules 5.5)."""
    return not marks.held and not marks.after_sale and matures_at(completed_at, policy) <= at


def bucket_new(person: Person, level: int, marks: Marks) -> Bucket | House:
    """The bucket of a new level share or bonus; the first that applies (rules 5.4)."""
    if not person.preset:
        if person.standing in (Standing.CANDIDATE, Standing.LAPSED):
            return House.NOT_QUALIFIED
        if person.standing is Standing.EXITED:
            return House.EXITED
        if person.showcase is Showcase.CLOSED:
            return House.CLOSED
    if marks.fraud:
        return House.FRAUD
    return release(person, level, marks, matured=False)


def bucket_region(marks: Marks) -> Bucket | House:
    """The bucket of a new region share, whatever the standing (rules 5.4)."""
    if marks.fraud:
        return House.FRAUD
    return Bucket.HELD if marks.held else Bucket.PENDING


def release(person: Person, level: int | None, marks: Marks, *, matured: bool) -> Bucket:
    """Where a share goes that leaves locked, frozen or held; ``level`` is None for a region share (rules 5.5).

    What somebody earned before exiting or being closed stays theirs: those two are not asked again.
    """
    if level is None or person.preset:
        bucket = Bucket.HELD if marks.held else Bucket.PENDING
    else:
        bucket = _live(person, level, marks)
    return Bucket.AVAILABLE if bucket is Bucket.PENDING and matured else bucket


def _live(person: Person, level: int, marks: Marks) -> Bucket:
    if marks.held:
        return Bucket.HELD
    if person.standing in (Standing.FROZEN, Standing.EXITED):
        return Bucket.FROZEN
    if level >= 2 and not person.unlocked:
        return Bucket.LOCKED
    return Bucket.PENDING


class Credit(NamedTuple):
    """How an amount that becomes available is divided."""

    debt_fen: int
    available_fen: int


def credit(amount_fen: int, *, owed_fen: int) -> Credit:
    """Whatever becomes available pays the debt first (rules 5.6); ``owed_fen`` is positive."""
    paid = min(amount_fen, owed_fen)
    return Credit(paid, amount_fen - paid)


class Debit(NamedTuple):
    """How an amount that is taken back is divided."""

    available_fen: int
    debt_fen: int


def debit(amount_fen: int, *, available_fen: int) -> Debit:
    """A reversal takes what is available as far as that reaches; the rest makes debt (rules 5.6)."""
    taken = min(amount_fen, max(available_fen, 0))
    return Debit(taken, amount_fen - taken)
