"""What a month's dividend comes to, and what refunds since have changed."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from models.base import db
from models.queries import member as members
from models.rules import dividend as rules
from models.rules.policy import Policy
from models.rules.standing import Rank
from models.tables.member import Member
from models.tables.payout import DividendLine


@dataclass(frozen=True)
class Line:
    """A dividend of a member for a month: floor(base × bps), or the correction of one that was booked."""

    member_id: int
    of_month: date
    rank: str
    bps: int
    base_fen: int
    amount_fen: int


# Net paid amount of the month's normal and presale orders, sold by the member or by those who pay it: `levels` − 1
# below by the order's own policy.
_BASE = """
    WITH RECURSIVE sold AS (
        SELECT o.seller_id, o.paid_fen, o.refunded_fen, p.terms ->> 'levels_by' AS levels_by,
               (p.terms ->> 'levels')::int AS levels
        FROM shop_order o JOIN policy_version p ON p.id = o.policy_id
        WHERE o.kind <> 'admission' AND o.completed_at >= :begins AND o.completed_at < :ends),
    sellers AS (SELECT DISTINCT seller_id, levels_by, levels FROM sold),
    above AS (
        SELECT s.seller_id, s.levels_by, s.levels, s.seller_id AS member_id, 1 AS level FROM sellers s
        UNION ALL
        SELECT a.seller_id, a.levels_by, a.levels, CASE WHEN a.levels_by = 'placement' THEN up.member_id
               ELSE m.sponsor_id END, a.level + 1
        FROM above a JOIN member m ON m.id = a.member_id LEFT JOIN seat s ON s.member_id = a.member_id
        LEFT JOIN seat up ON up.id = s.parent_id
        WHERE a.level < a.levels AND CASE WHEN a.levels_by = 'placement' THEN up.member_id ELSE m.sponsor_id END
              IS NOT NULL),
    net AS (
        SELECT o.seller_id, o.levels_by, o.levels, sum(o.paid_fen - o.refunded_fen) AS fen FROM sold o
        GROUP BY o.seller_id, o.levels_by, o.levels)
    SELECT a.member_id, sum(n.fen)::bigint AS fen FROM above a
    JOIN net n ON (n.seller_id, n.levels_by, n.levels) = (a.seller_id, a.levels_by, a.levels)
    GROUP BY a.member_id
"""


def bases(begins: datetime, ends: datetime) -> dict[int, int]:
    """The dividend's base of every member for what was completed in [begins, ends), less all refunds."""
    found = db.session.execute(sa.text(_BASE), {"begins": begins, "ends": ends})
    return {row.member_id: row.fen for row in found}


def digest(bill_id: int) -> bytes:
    """SHA-256 over a bill's lines: what the second person sees is what is paid."""
    columns = (DividendLine.member_id, DividendLine.of_month, DividendLine.bps, DividendLine.base_fen)
    rows = db.session.execute(
        sa.select(*columns, DividendLine.amount_fen).where(DividendLine.bill_id == bill_id).order_by(DividendLine.id)
    )
    return hashlib.sha256("\n".join(",".join(map(str, row)) for row in rows).encode()).digest()


def unpaid(bill_id: int) -> list[int]:
    """The lines of a bill that are still to be paid, in their order."""
    chosen = sa.select(DividendLine.id).where(DividendLine.bill_id == bill_id, DividendLine.state != "paid")
    return list(db.session.scalars(chosen.order_by(DividendLine.id)))


Bounds = Callable[[date], tuple[datetime, datetime]]
"""From a month's first day to its instants [begins, ends) in Shanghai."""


def preview(*, month: date, bounds: Bounds, policy: Policy) -> list[Line]:
    """The lines that a bill of the month would have now: whose rank pays, active, unlocked, showcase not closed."""
    begins, ends = bounds(month)
    of_whom = bases(begins, ends)
    ranked = db.session.scalars(
        sa.select(Member).where(Member.id.in_(of_whom), Member.rank.is_not(None)).order_by(Member.id)
    )
    found = []
    for member in ranked:
        bps = rules.rate_bps(Rank(member.rank or ""), policy)
        amount = rules.amount_fen(of_whom[member.id], bps)
        if amount and rules.is_billed(members.person(member)):
            found.append(Line(member.id, month, str(member.rank), bps, of_whom[member.id], amount))
    return found


def corrections(*, bounds: Bounds) -> list[Line]:
    """The negative lines that refunds since have made of dividends booked before (rules §5.7)."""
    booked = db.session.execute(
        sa.select(
            DividendLine.member_id, DividendLine.of_month, DividendLine.bps,
            sa.func.min(DividendLine.rank).label("rank"), sa.func.sum(DividendLine.amount_fen).label("fen"),
        ).group_by(DividendLine.member_id, DividendLine.of_month, DividendLine.bps)
        .order_by(DividendLine.of_month, DividendLine.member_id)
    ).all()  # fmt: skip
    now = {month: bases(*bounds(month)) for month in {row.of_month for row in booked}}
    found = []
    for row in booked:
        base = now[row.of_month].get(row.member_id, 0)
        amount = rules.correction_fen(base_fen=base, bps=row.bps, booked_fen=int(row.fen))
        if amount:
            found.append(Line(row.member_id, row.of_month, row.rank, row.bps, base, amount))
    return found
