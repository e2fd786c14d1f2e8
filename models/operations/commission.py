"""What a completed order pays, row by row, and what a refund takes back."""

from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa

from models.base import db
from models.operations import share
from models.queries import member as members
from models.queries import region_agent as agents
from models.rules import commission as rules
from models.rules import refund, region_share
from models.rules.commission import Kind, Row, RowKind, Terms, Upline
from models.rules.compliance import LEVELS_MAX
from models.rules.policy import Policy
from models.rules.share import Marks
from models.tables.member import Matrix, Member
from models.tables.merchant import Merchant
from models.tables.order import Order, Share


def earners(order: Order, policy: Policy) -> set[int]:
    """Whoever may get a row of this order: the seller, who stands above, the agents of the address."""
    return {*members.upline(order.seller_id, levels=LEVELS_MAX, by=policy.levels_by), *_holders(order).values()}


def _holders(order: Order) -> Mapping[str, int]:
    return agents.active(region_share.chain(order.region_code).values()) if order.region_code else {}


def settle(*, order: Order, policy: Policy, at: datetime) -> None:
    """Empty clearing into every row of rules §5.2 in one posting, with what each rested on. ``settled_fen`` is set."""
    ids = members.upline(order.seller_id, levels=LEVELS_MAX, by=policy.levels_by)
    holders = _holders(order)
    people = members.locked({*ids, *holders.values()})
    by_code = {member.code: member for member in people.values()}
    upline = Upline(people=[members.person(people[one]) for one in ids], distance=_distance(order))
    incumbents = {region: people[member_id].code for region, member_id in holders.items()}
    rows = rules.settle(_terms(order), upline, incumbents, policy)
    draft = share.Draft()
    draft.add("clearing", -(order.settled_fen or 0), "settlement")
    for n, row in enumerate(rows, 1):
        _book_row(order, draft, n, row, by_code)
    db.session.flush()
    draft.book(
        key=f"settle:{order.number}", kind="settle", subject=f"order:{order.number}", at=at, policy=order.policy_id,
        upline=[person.code for person in upline.people], distance=upline.distance, held=order.is_held,
    )  # fmt: skip
    for code in sorted({row.member for row in rows if row.member}):
        amount = sum(row.amount_fen for row in rows if row.member == code)
        share.earn(member=by_code[code], amount_fen=amount, policy=policy, at=at)


def _book_row(order: Order, draft: share.Draft, n: int, row: Row, people: dict[str, Member]) -> None:
    name = _account(order, row)
    base = {RowKind.LEVEL: order.commission_fen, RowKind.SEED: order.commission_fen, RowKind.REGION: order.settled_fen}
    why = {"level": row.level, "rate_bps": row.rate_bps, "base_fen": base.get(row.kind)}
    draft.add(name, row.amount_fen, row.kind, reason=str(row.reason or row.region or ""), **why)
    if row.kind is not RowKind.MARGIN:
        db.session.add(
            Share(
                order_id=order.id,
                n=n,
                kind=row.kind,
                account=name,
                amount_fen=row.amount_fen,
                member_id=people[row.member].id if row.member else None,
                level=row.level,
                bucket=row.bucket,
                reason=row.reason,
                region_code=row.region,
                rate_bps=row.rate_bps,
            )  # fmt: skip
        )


def _account(order: Order, row: Row) -> str:
    if row.member is not None and row.bucket is not None:
        return share.account(row.member, row.bucket)
    if row.kind is RowKind.COST:
        return f"supplier:{_merchant(order)}"
    return {RowKind.HOUSE: "platform:house", RowKind.RESERVE: "platform:reserve"}.get(row.kind, "platform:margin")


def _merchant(order: Order) -> str:
    chosen = sa.select(Merchant.code).join(Matrix, Matrix.merchant_id == Merchant.id)
    return db.session.scalars(
        chosen.join(Member, Member.matrix_id == Matrix.id).where(Member.id == order.seller_id)
    ).one()


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
