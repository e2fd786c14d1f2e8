"""Everything known about one member, block by block: a statement or two each, whatever the network holds."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from models.base import db
from models.queries import ledger as books
from models.rules.share import Bucket
from models.tables.audit import Audit
from models.tables.member import Matrix, Member
from models.tables.merchant import Merchant
from models.tables.order import Order
from models.tables.payout import RegionAgent, Withdrawal
from models.tables.person import MemberNote, Person
from models.tables.placement import Move, Seat
from models.tables.policy import Agreement, Consent
from models.tables.seed import SeedCandidate
from models.tables.staff import Staff
from models.tables.standing import Obligation, StandingChange, Team

SHOWN = 8
COUNTED_MOST = 1_000
BUCKETS = ("available", "pending", "locked", "frozen", "held", "payout", "debt")


@dataclass(frozen=True)
class Counted:
    """The newest of many rows; ``total`` counts no further than ``COUNTED_MOST``."""

    rows: Sequence[Any]
    total: int

    @property
    def is_more(self) -> bool:
        return self.total > COUNTED_MOST


@dataclass(frozen=True)
class Place:
    """Where a member sits: its seat, the parent's member, the members in its three slots."""

    seat: Any
    children: dict[int, Any]


def _rows(query: Any) -> Sequence[Any]:
    return db.session.execute(query).all()


def dossier(member_id: int) -> Any:
    """Who the member is: network, merchant, sponsor, person, team."""
    sponsor = aliased(Member)
    return db.session.execute(
        sa.select(
            Matrix.code.label("network"), Matrix.id.label("network_id"), Merchant.name.label("merchant"),
            sponsor.code.label("sponsor"), Person.nickname, Person.phone, Person.real_name, Team.size, Team.sales_fen,
            Team.own_fen,
        )
        .select_from(Member).join(Matrix, Matrix.id == Member.matrix_id)
        .join(Merchant, Merchant.id == Matrix.merchant_id)
        .outerjoin(sponsor, sponsor.id == Member.sponsor_id).outerjoin(Person, Person.member_id == Member.id)
        .outerjoin(Team, Team.member_id == Member.id).where(Member.id == member_id)
    ).one()  # fmt: skip


def place(member_id: int) -> Place:
    """The seat and who is around it: the parent above, at most three below."""
    above, parent, child = aliased(Seat), aliased(Member), aliased(Seat)
    seat = db.session.execute(
        sa.select(Seat.id, Seat.depth, Seat.slot, Seat.placed_at, parent.code.label("parent"))
        .outerjoin(above, above.id == Seat.parent_id).outerjoin(parent, parent.id == above.member_id)
        .where(Seat.member_id == member_id)
    ).one_or_none()  # fmt: skip
    if seat is None:
        return Place(None, {})
    below = _rows(
        sa.select(child.slot, Member.code, Member.standing, Member.showcase).join(Member, Member.id == child.member_id)
        .where(child.parent_id == seat.id).order_by(child.slot)
    )  # fmt: skip
    return Place(seat, {row.slot: row for row in below})


def _counted(query: Any, limit: int = SHOWN) -> Counted:
    capped = query.with_only_columns(sa.literal(1)).order_by(None).limit(COUNTED_MOST + 1).subquery()
    return Counted(_rows(query.limit(limit)), db.session.scalar(sa.select(sa.func.count()).select_from(capped)) or 0)


def directs(member_id: int) -> Counted:
    """Those it sponsored who qualified, the newest first."""
    return _counted(
        sa.select(Member.code, Member.standing, Member.qualified_at)
        .where(Member.sponsor_id == member_id, Member.qualified_at.is_not(None)).order_by(Member.qualified_at.desc())
    )  # fmt: skip


def money(code: str) -> dict[str, int]:
    """What each bucket of a member holds, in fen; a debt is negative."""
    held = books.cold_balances([f"member:{code}:{bucket}" for bucket in BUCKETS])
    return {bucket: held[f"member:{code}:{bucket}"] for bucket in BUCKETS}


_ORDER = (
    Order.id,
    Order.number,
    Order.kind,
    Order.state,
    Order.paid_fen,
    Order.placed_at,
    Order.is_held,
    Order.is_fraud,
)


def sold(member_id: int) -> Counted:
    """The orders of its showcase, the last completed first, those under way above them."""
    buyer = aliased(Member)
    return _counted(
        sa.select(*_ORDER, sa.func.coalesce(buyer.code, Order.buyer).label("other"), buyer.code.label("member"))
        .outerjoin(buyer, buyer.id == Order.buyer_id)
        .where(Order.seller_id == member_id).order_by(Order.completed_at.desc())
    )  # fmt: skip


def bought(member_id: int) -> Counted:
    """The orders it bought, the last completed first, those under way above them."""
    seller = aliased(Member)
    return _counted(
        sa.select(*_ORDER, seller.code.label("other"), seller.code.label("member"))
        .join(seller, seller.id == Order.seller_id)
        .where(Order.buyer_id == member_id).order_by(Order.completed_at.desc())
    )  # fmt: skip


def held(member_id: int) -> Sequence[Any]:
    """The orders it sold that are under review: while there is one, nothing is withdrawn (rules §5.9)."""
    return _rows(
        sa.select(Order.id, Order.number, Order.paid_fen, Order.placed_at)
        .where(Order.seller_id == member_id, Order.is_held).order_by(Order.id.desc()).limit(SHOWN)
    )  # fmt: skip


def changes(member_id: int, *kinds: str, limit: int = 12) -> Sequence[StandingChange]:
    """What happened to its standing, the newest first; all of it or some kinds."""
    query = sa.select(StandingChange).where(StandingChange.member_id == member_id)
    query = query.where(StandingChange.kind.in_(kinds)) if kinds else query
    return db.session.scalars(query.order_by(StandingChange.id.desc()).limit(limit)).all()


def obligations(member_id: int) -> Sequence[Any]:
    """The own orders a high earner owes or owed, the oldest open one first."""
    return _rows(
        sa.select(Obligation.since, Obligation.met_at).where(Obligation.member_id == member_id)
        .order_by(Obligation.met_at.is_not(None), Obligation.since, Obligation.id).limit(SHOWN)
    )  # fmt: skip


def withdrawals(member_id: int) -> Sequence[Any]:
    """Its last withdrawals."""
    return _rows(
        sa.select(
            Withdrawal.id, Withdrawal.number, Withdrawal.amount_fen, Withdrawal.tax_fen, Withdrawal.state,
            Withdrawal.requested_at, Withdrawal.ended_at,
        ).where(Withdrawal.member_id == member_id).order_by(Withdrawal.id.desc()).limit(SHOWN)
    )  # fmt: skip


def notes(member_id: int) -> Sequence[Any]:
    """What staff wrote about it, the newest first."""
    who = sa.func.coalesce(Staff.name, MemberNote.by).label("who")
    return _rows(
        sa.select(MemberNote.id, MemberNote.at, MemberNote.text, who)
        .outerjoin(Staff, MemberNote.by == sa.func.concat("staff:", Staff.id))
        .where(MemberNote.member_id == member_id).order_by(MemberNote.id.desc()).limit(20)
    )  # fmt: skip


def consents(member_id: int) -> Sequence[Any]:
    """The agreements it accepted, with the evidence that is kept (rules §3.1)."""
    return _rows(
        sa.select(Agreement.version, Consent.accepted_at, Consent.sha256, Consent.ip, Consent.user_agent)
        .join(Agreement, Agreement.id == Consent.agreement_id)
        .where(Consent.member_id == member_id).order_by(Consent.id.desc()).limit(SHOWN)
    )  # fmt: skip


def moves(member_id: int) -> Sequence[Any]:
    """The life of its seat, the newest first."""
    seat, above = aliased(Seat), aliased(Member)
    return _rows(
        sa.select(Move.at, Move.kind, Move.to_slot, Move.is_spill, Move.by, Move.reason, above.code.label("parent"))
        .outerjoin(seat, seat.id == Move.to_parent_id).outerjoin(above, above.id == seat.member_id)
        .where(Move.member_id == member_id).order_by(Move.id.desc()).limit(SHOWN)
    )  # fmt: skip


def agencies(member_id: int) -> Sequence[Any]:
    """The regions it is or was an agent of."""
    return _rows(
        sa.select(
            RegionAgent.id, RegionAgent.region_code, RegionAgent.state, RegionAgent.begins_at, RegionAgent.ends_at
        ).where(RegionAgent.member_id == member_id).order_by(RegionAgent.id.desc()).limit(SHOWN)
    )  # fmt: skip


def seeds(member_id: int) -> Sequence[SeedCandidate]:
    """How often it sold like a seed promoter, and what became of it."""
    query = sa.select(SeedCandidate).where(SeedCandidate.member_id == member_id)
    return db.session.scalars(query.order_by(SeedCandidate.id.desc()).limit(SHOWN)).all()


def trail(member_id: int) -> Sequence[Any]:
    """Who changed the member's row, when and why."""
    who = sa.func.coalesce(Staff.name, Audit.actor).label("who")
    return _rows(
        sa.select(Audit.id, Audit.at, Audit.action, Audit.reason, who)
        .outerjoin(Staff, Audit.actor == sa.func.concat("staff:", Staff.id))
        .where(Audit.table_name == "member", Audit.row_id == str(member_id)).order_by(Audit.id.desc()).limit(SHOWN)
    )  # fmt: skip


def statement(code: str, bucket: Bucket | str, *, before: int, limit: int) -> list[books.Statement]:
    """The postings behind what a bucket of a member holds, newest first."""
    return books.statement(f"member:{code}:{bucket}", before=before, limit=limit)


def sponsored(member_id: int, among: Sequence[int]) -> set[int]:
    """Which of some members it invited."""
    chosen = sa.select(Member.id).where(Member.sponsor_id == member_id, Member.id.in_(among))
    return set(db.session.scalars(chosen))
