"""What a posting says of itself: its legs with their accounts, each explained, and who got nothing of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from models.base import db
from models.queries import ledger as books
from models.queries import policy as policies
from models.queries.ledger import LegRow
from models.rules import why as rules
from models.rules.commission import Kind
from models.rules.why import Booked, Booking, Settled, Why
from models.tables.ledger import Posting
from models.tables.member import Member
from models.tables.order import Order

REVERSALS = 50


@dataclass(frozen=True)
class Explained:
    """A leg with its reason, and the member whose account it is."""

    leg: LegRow
    why: Why
    member: str
    member_id: int | None


@dataclass(frozen=True)
class Story:
    """A posting told whole."""

    posting: Posting
    order: Order | None
    legs: Sequence[Explained]
    zeros: Sequence[Why]
    reverses: Posting | None
    reversed_by: Sequence[Posting]
    upline: Sequence[tuple[str, int | None]]


def of(posting: Posting) -> Story:
    """Tell a posting; nothing is read twice and nothing per leg."""
    order = order_of(posting.subject)
    booked = _booked(posting, order)
    legs = books.legs(posting.id)
    bookings = [_booking(leg) for leg in legs]
    ids = member_ids([*(one.member for one in bookings if one.member), *booked.upline])
    told = [
        Explained(leg, rules.explain(booked, one), one.member, ids.get(one.member))
        for leg, one in zip(legs, bookings, strict=True)
    ]
    zeros = list(_zeros(booked, order, bookings)) if posting.kind == "settle" and order is not None else []
    return Story(
        posting, order, told, zeros, reversed_of(posting), reversals_of(posting),
        [(code, ids.get(code)) for code in booked.upline],
    )  # fmt: skip


def order_of(subject: str) -> Order | None:
    """The order that a posting is about, if it is about one."""
    kind, _, number = subject.partition(":")
    if kind != "order":
        return None
    return db.session.scalars(sa.select(Order).where(Order.number == number)).one_or_none()


def _booked(posting: Posting, order: Order | None) -> Booked:
    facts: dict[str, Any] = posting.facts
    version = facts.get("policy") or (order.policy_id if order is not None else None)
    return Booked(
        kind=posting.kind,
        order=order.number if order is not None else "",
        version=version,
        policy=policies.of(version) if version is not None else None,
        upline=facts.get("upline") or (),
        distance=facts.get("distance"),
        region=order.region_code if order is not None else None,
        stood_for={stand_in: gap for gap, stand_in in (facts.get("stand_ins") or {}).items()},
        facts={name: str(facts[name]) for name in ("of_month", "rank") if name in facts},
    )


def _booking(leg: LegRow) -> Booking:
    return Booking(
        account=leg.code, amount_fen=leg.amount_fen, cause=leg.cause, level=leg.level, rate_bps=leg.rate_bps,
        base_fen=leg.base_fen, reason=leg.reason,
    )  # fmt: skip


def _zeros(booked: Booked, order: Order, legs: Sequence[Booking]) -> Sequence[Why]:
    if booked.policy is None or order.settled_fen is None:
        return []
    settled = Settled(
        policy=booked.policy,
        commission_fen=order.commission_fen * order.settled_fen // order.paid_fen,
        paid_fen=order.settled_fen,
        is_admission=order.kind == Kind.ADMISSION,
        legs=legs,
    )
    return list(rules.nothing(booked, settled))


def member_ids(codes: Sequence[str]) -> dict[str, int]:
    """The ids of members by their codes."""
    found = db.session.execute(sa.select(Member.code, Member.id).where(Member.code.in_(set(codes))))
    return {row.code: row.id for row in found}


def reversed_of(posting: Posting) -> Posting | None:
    """The posting that this one takes back, if it takes one back."""
    named = posting.facts.get("reverses")
    if named is None:
        return None
    chosen = Posting.id == named if isinstance(named, int) else Posting.key == str(named)
    return db.session.scalars(sa.select(Posting).where(chosen)).one_or_none()


def reversals_of(posting: Posting) -> Sequence[Posting]:
    """The postings about the same subject that take this one back."""
    named = Posting.facts["reverses"].astext.in_([str(posting.id), posting.key])
    return db.session.scalars(
        sa.select(Posting).where(Posting.subject == posting.subject, Posting.id > posting.id, named)
        .order_by(Posting.id).limit(REVERSALS)
    ).all()  # fmt: skip
