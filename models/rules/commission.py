"""Who earns what of an order: the rows of a settlement, each with its reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import chain

from models.money import share
from models.rules import flow, region_share
from models.rules.compliance import LEVELS_MAX
from models.rules.policy import Policy
from models.rules.share import Bucket, House, Marks, Person, bucket_new, bucket_region
from models.rules.standing import Showcase, Standing


class Kind(StrEnum):
    NORMAL = "normal"
    ADMISSION = "admission"
    PRESALE = "presale"


class RowKind(StrEnum):
    COST = "cost"
    LEVEL = "level"
    REGION = "region"
    SEED = "seed"
    HOUSE = "house"
    RESERVE = "reserve"
    MARGIN = "margin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """An order as it is settled: amounts in fen as they stood at payment, and what was refunded before completion."""

    kind: Kind
    paid_fen: int
    cost_fen: int
    commission_fen: int
    paid_at: datetime
    refunded_fen: int = 0
    region: str | None = None
    marks: Marks = Marks()

    @property
    def settled_fen(self) -> int:
        """P': what is settled."""
        return self.paid_fen - self.refunded_fen

    @property
    def settled_commission_fen(self) -> int:
        """C' (rules 5.6)."""
        return self.commission_fen * self.settled_fen // self.paid_fen

    @property
    def settled_cost_fen(self) -> int:
        """K' (rules 5.6)."""
        return self.cost_fen - self.cost_fen * self.refunded_fen // self.paid_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One leg of a settlement; a member's row lies in a bucket, a house row has its reason."""

    kind: RowKind
    amount_fen: int
    member: str | None = None
    level: int | None = None
    bucket: Bucket | None = None
    reason: House | None = None
    region: str | None = None
    rate_bps: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Upline:
    """Who stands above an order: the seller, its parent, its parent's parent, as far as they exist.

    ``distance``, of admission orders alone, is how far above the buyer the seller is placed; None if it is not above.
    """

    people: Sequence[Person]
    distance: int | None = None
    stand_ins: Mapping[str, Person] = field(default_factory=dict)
    """Who stands in for whom among them, by the code of the broken node (rules 7.3)."""


def settle(terms: Terms, upline: Upline, agents: Mapping[str, str], policy: Policy) -> list[Row]:
    """Every row of a settlement; together they are what was paid and not refunded (rules 5.2)."""
    commission = terms.settled_commission_fen
    levels = _admission(terms, upline, policy) if terms.kind is Kind.ADMISSION else _levels(terms, upline, policy)
    levels = _stood_in(levels, terms, upline, policy)
    regions = _regions(terms, agents, policy)
    seeds = [] if terms.kind is Kind.ADMISSION else _seeds(terms, upline, policy)
    extras = sum(row.amount_fen for row in chain(regions, seeds))
    rest = terms.settled_fen - terms.settled_cost_fen - commission - extras
    reserve = share(rest, policy.reserve_bps) if rest > 0 else 0
    rows = [
        Row(kind=RowKind.COST, amount_fen=terms.settled_cost_fen),
        *levels,
        *regions,
        *seeds,
        Row(kind=RowKind.RESERVE, amount_fen=reserve, rate_bps=policy.reserve_bps),
        Row(kind=RowKind.MARGIN, amount_fen=rest - reserve),
    ]
    return [row for row in rows if row.amount_fen or row.kind is RowKind.MARGIN]


def _levels(terms: Terms, upline: Upline, policy: Policy) -> list[Row]:
    commission = terms.settled_commission_fen
    rows = [
        _level(share(commission, bps), level, bps, upline.people, terms.marks, policy)
        for level, bps in enumerate(policy.split_bps, 1)
    ]
    return [*rows, _house(commission - sum(row.amount_fen for row in rows), House.ROUNDING)]


def _level(amount: int, level: int, bps: int, people: Sequence[Person], marks: Marks, policy: Policy) -> Row:
    if level > min(policy.levels, LEVELS_MAX):
        return _house(amount, House.OVER_CAP)
    if level > len(people):
        return _house(amount, House.NO_UPLINE)
    return _member(RowKind.LEVEL, amount, people[level - 1], level, bps, marks)


def _admission(terms: Terms, upline: Upline, policy: Policy) -> list[Row]:
    commission = terms.settled_commission_fen
    if upline.distance is None:
        return [_house(commission, House.NOT_UPLINE)]
    if upline.distance > min(policy.levels, LEVELS_MAX):
        return [_house(commission, House.OVER_CAP)]
    return [_member(RowKind.LEVEL, commission, upline.people[0], upline.distance, None, terms.marks)]


def _stood_in(rows: list[Row], terms: Terms, upline: Upline, policy: Policy) -> list[Row]:
    """The levels' rows with stand-ins in place of broken nodes, where the policy pays them (rules 7.3)."""
    if not policy.flow_pays or not upline.stand_ins:
        return rows
    is_admission = terms.kind is Kind.ADMISSION
    shares = [
        flow.LevelShare(level, row.amount_fen, owner.code, _lies(row))
        for row, (level, owner) in zip(rows, enumerate(upline.people, 1), strict=False)
    ]
    if is_admission and upline.distance is not None:
        shares = [replace(one, level=upline.distance) for one in shares]
    moved = flow.diverted(shares, upline.stand_ins, terms.marks)
    rates = [None] if is_admission else policy.split_bps
    told = [
        row if new == old else _of(new, bps) for row, old, new, bps in zip(rows, shares, moved, rates, strict=False)
    ]
    return [*told, *rows[len(told) :]]


def _lies(row: Row) -> Bucket | House:
    where = row.bucket or row.reason
    assert where is not None
    return where


def _of(share: flow.LevelShare, bps: int | None) -> Row:
    if isinstance(share.where, House):
        return _house(share.amount_fen, share.where)
    name = share.receiver or share.owner
    return Row(
        kind=RowKind.LEVEL, amount_fen=share.amount_fen, member=name, level=share.level, bucket=share.where,
        rate_bps=bps,
    )  # fmt: skip


def _member(kind: RowKind, amount: int, person: Person, level: int, bps: int | None, marks: Marks) -> Row:
    where = bucket_new(person, level, marks)
    if isinstance(where, House):
        return Row(kind=RowKind.HOUSE, amount_fen=amount, reason=where)
    return Row(kind=kind, amount_fen=amount, member=person.code, level=level, bucket=where, rate_bps=bps)


def _house(amount: int, reason: House) -> Row:
    return Row(kind=RowKind.HOUSE, amount_fen=amount, reason=reason)


def _regions(terms: Terms, agents: Mapping[str, str], policy: Policy) -> list[Row]:
    where = bucket_region(terms.marks)
    found = region_share.shares(address=terms.region, paid_fen=terms.settled_fen, agents=agents, policy=policy)
    if isinstance(where, House):
        return [Row(kind=RowKind.HOUSE, amount_fen=one.amount_fen, reason=where, region=one.region) for one in found]
    return [
        Row(kind=RowKind.REGION, amount_fen=one.amount_fen, member=one.agent, bucket=where, region=one.region)
        for one in found
    ]


def earns_seed_bonus(person: Person, paid_at: datetime, policy: Policy) -> bool:
    """An active seed promoter, showcase not closed, order paid in its first days, [start, end) (rules 5.2)."""
    if person.seed_at is None or person.standing is not Standing.ACTIVE or person.showcase is Showcase.CLOSED:
        return False
    return person.seed_at <= paid_at < person.seed_at + timedelta(days=policy.seed_bonus_days)


def _seeds(terms: Terms, upline: Upline, policy: Policy) -> list[Row]:
    amount = share(terms.settled_commission_fen, policy.seed_bonus_bps)
    people = upline.people[: min(policy.levels, LEVELS_MAX)]
    return [
        _member(RowKind.SEED, amount, person, level, policy.seed_bonus_bps, terms.marks)
        for level, person in enumerate(people, 1)
        if amount and earns_seed_bonus(person, terms.paid_at, policy)
    ]
