"""What a completed order pays, row by row, and what a refund takes back."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from models.operations import ledger, share
from models.queries import member as members
from models.queries import switch as switches
from models.queries.party import Parties
from models.rules import commission as rules
from models.rules import refund
from models.rules.commission import Kind, Row, RowKind, Terms, Upline
from models.rules.ledger import Leg
from models.rules.policy import Policy
from models.rules.share import Marks
from models.rules.switch import MoneyJob
from models.tables.member import Member
from models.tables.order import Order


@dataclass(frozen=True)
class Settlement:
    """What one order's completion books: the posting's legs and facts, the shares, who earned how much."""

    legs: list[Leg]
    facts: dict[str, Any]
    shares: list[dict[str, Any]]
    earned: dict[int, int]


def settle(*, order: Order, policy: Policy, parties: Parties, people: Mapping[int, Member], at: datetime) -> None:
    """Empty clearing into every row of rules §5.2 in one posting, with what each rested on. ``settled_fen`` is set."""
    switches.check(MoneyJob.SETTLE)
    made = settlement(order, policy, parties, people, distance=_distance(order))
    ledger.post(**posting(order, made, at))
    share.book(made.shares)
    for member_id, amount_fen in made.earned.items():
        share.earn(member=people[member_id], amount_fen=amount_fen, policy=policy, at=at)


def posting(order: Order, made: Settlement, at: datetime) -> dict[str, Any]:
    """A settlement as the ledger takes it."""
    return {
        "key": f"settle:{order.number}",
        "kind": "settle",
        "subject": f"order:{order.number}",
        "at": at,
        "legs": made.legs,
        "facts": made.facts,
    }


def settlement(
    order: Order, policy: Policy, parties: Parties, people: Mapping[int, Member], *, distance: int | None
) -> Settlement:
    """Work an order out; the people are locked."""
    upline = Upline(people=[members.person(people[one]) for one in parties.uplines[order.seller_id]], distance=distance)
    holders = parties.holders_of(order)
    ids = {people[one].code: one for one in (*parties.uplines[order.seller_id], *holders.values())}
    incumbents = {region: people[member_id].code for region, member_id in holders.items()}
    rows = rules.settle(_terms(order), upline, incumbents, policy)
    supplier = f"supplier:{parties.merchants[order.seller_id]}"
    facts = {
        "policy": order.policy_id,
        "upline": [person.code for person in upline.people],
        "distance": distance,
        "held": order.is_held,
    }
    made = Settlement([Leg("clearing", -(order.settled_fen or 0), "settlement")], facts, [], defaultdict(int))
    for n, row in enumerate(rows, 1):
        name = _account(row, supplier)
        if row.amount_fen:
            made.legs.append(_leg(order, row, name))
        if row.kind is not RowKind.MARGIN:
            made.shares.append(_share(order, n, row, name, ids))
        if row.member is not None:
            made.earned[ids[row.member]] += row.amount_fen
    return made


def _leg(order: Order, row: Row, name: str) -> Leg:
    base = {RowKind.LEVEL: order.commission_fen, RowKind.SEED: order.commission_fen, RowKind.REGION: order.settled_fen}
    reason = str(row.reason or row.region or "")
    return Leg(name, row.amount_fen, row.kind, row.level, row.rate_bps, base.get(row.kind), reason)


def _share(order: Order, n: int, row: Row, name: str, ids: Mapping[str, int]) -> dict[str, Any]:
    return {
        "order_id": order.id,
        "n": n,
        "kind": row.kind,
        "account": name,
        "amount_fen": row.amount_fen,
        "member_id": ids[row.member] if row.member else None,
        "level": row.level,
        "bucket": row.bucket,
        "reason": row.reason,
        "region_code": row.region,
        "rate_bps": row.rate_bps,
    }


def _account(row: Row, supplier: str) -> str:
    if row.member is not None and row.bucket is not None:
        return share.account(row.member, row.bucket)
    if row.kind is RowKind.COST:
        return supplier
    return {RowKind.HOUSE: "platform:house", RowKind.RESERVE: "platform:reserve"}.get(row.kind, "platform:margin")


def _distance(order: Order) -> int | None:
    if order.kind != Kind.ADMISSION or order.buyer_id is None:
        return None
    return members.distance(below=order.buyer_id, above=order.seller_id)


def _terms(order: Order) -> Terms:
    return Terms(
        kind=Kind(order.kind),
        paid_fen=order.paid_fen,
        cost_fen=order.cost_fen,
        commission_fen=order.commission_fen,
        paid_at=order.paid_at or order.placed_at,
        refunded_fen=order.refunded_fen,
        region=order.region_code,
        marks=Marks(order.is_held, order.is_fraud),
    )


def reverse(*, order: Order, draft: share.Draft, amount_fen: int) -> None:
    """Take back of every row what a refund makes of it; margin takes what remains (rules §5.6)."""
    rows, people = share.of_order(order)
    settled = order.settled_fen or 0
    since = order.refunded_fen - (order.paid_fen - settled)
    parts = refund.reversals_fen(
        [(row.amount_fen, row.reversed_fen) for row in rows], settled_fen=settled, refunded_fen=since
    )
    for row, part in zip(rows, parts, strict=True):
        code = people[row.member_id].code if row.member_id is not None else None
        draft.take_share(row, code, part, "refund")
        row.reversed_fen += part
    share.unearn(zip(rows, parts, strict=True), people)
    draft.add("platform:margin", sum(parts) - amount_fen, "refund")
