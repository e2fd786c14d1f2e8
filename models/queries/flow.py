"""What the weekly flow looks at: broken nodes, who might stand in, and what that would have paid last month."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy import Row
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from models.base import db
from models.money import share
from models.queries import member as members
from models.rules import flow as rules
from models.rules.flow import Candidate, Gap, Path
from models.rules.policy import Policy
from models.rules.share import House, Person
from models.tables.flow import FlowLine
from models.tables.member import Member
from models.tables.placement import Seat

_GAPS = sa.text(
    """
    WITH RECURSIVE gap AS (
        SELECT s.id, s.member_id, m.standing FROM seat s JOIN member m ON m.id = s.member_id
        WHERE s.matrix_id = :matrix AND m.position IS NULL
          AND (m.standing = 'exited' OR (m.showcase = 'closed' AND m.standing IN ('active', 'frozen')))
          AND NOT EXISTS (SELECT 1 FROM flow_line l WHERE l.gap_id = m.id AND l.is_active)),
    below AS (
        SELECT id AS gap_id, id AS seat_id, 0 AS distance FROM gap
        UNION ALL
        SELECT b.gap_id, s.id, b.distance + 1 FROM below b JOIN seat s ON s.parent_id = b.seat_id
        WHERE b.distance < :levels)
    SELECT g.id AS seat_id, g.member_id, g.standing FROM gap g WHERE EXISTS (
        SELECT 1 FROM below b JOIN seat s ON s.id = b.seat_id JOIN member m ON m.id = s.member_id
        WHERE b.gap_id = g.id AND b.distance > 0 AND m.standing = 'active')
    """
)
_PROMOTERS = sa.text(
    """
    SELECT m.id AS member_id, s.id AS seat_id, coalesce(o.sales, 0) AS sales, coalesce(e.fen, 0) AS earned_fen,
           EXISTS (SELECT 1 FROM flow_line l WHERE l.stand_in_id = m.id AND l.is_active) AS stands_in
    FROM member m JOIN seat s ON s.member_id = m.id
    LEFT JOIN (SELECT seller_id, count(*) AS sales FROM shop_order
        WHERE state = 'completed' AND completed_at >= :week AND completed_at <= :at GROUP BY seller_id) o
        ON o.seller_id = m.id
    LEFT JOIN (SELECT h.member_id, sum(h.amount_fen - h.reversed_fen)::bigint AS fen
        FROM shop_order x JOIN share h ON h.order_id = x.id
        WHERE x.completed_at >= :month AND x.completed_at <= :at AND h.member_id IS NOT NULL GROUP BY h.member_id) e
        ON e.member_id = m.id
    WHERE m.matrix_id = :matrix AND m.position IS NULL AND m.standing = 'active' AND m.showcase = 'open'
    """
)
_PATHS = sa.text(
    """
    WITH RECURSIVE up AS (
        SELECT id AS of_id, id, parent_id, depth FROM seat WHERE id = ANY (:seats)
        UNION ALL
        SELECT u.of_id, s.id, s.parent_id, s.depth FROM up u JOIN seat s ON s.id = u.parent_id)
    SELECT of_id, array_agg(id ORDER BY depth) AS path FROM up GROUP BY of_id
    """
).bindparams(sa.bindparam("seats", type_=ARRAY(sa.BigInteger)))
_BELOW = sa.text(
    """
    WITH RECURSIVE below AS (
        SELECT id, member_id, 1 AS level FROM seat WHERE member_id = :member
        UNION ALL
        SELECT s.id, s.member_id, b.level + 1 FROM below b JOIN seat s ON s.parent_id = b.id WHERE b.level < :levels)
    SELECT member_id, level FROM below
    """
)
_SOLD = sa.text(
    """
    SELECT seller_id, commission_fen * settled_fen / paid_fen AS fen FROM shop_order
    WHERE seller_id = ANY (:sellers) AND kind <> 'admission' AND completed_at >= :month AND completed_at <= :at
    """
).bindparams(sa.bindparam("sellers", type_=ARRAY(sa.BigInteger)))


def gaps(matrix_id: int) -> list[Gap]:
    """The broken nodes of a network that nobody stands in for."""
    rows = db.session.execute(_GAPS, {"matrix": matrix_id, "levels": rules.LEVELS_BELOW}).all()
    ways = paths([row.seat_id for row in rows])
    return [
        Gap(row.member_id, ways[row.seat_id], House.EXITED if row.standing == "exited" else House.CLOSED)
        for row in rows
    ]


def candidates(matrix_id: int, at: datetime) -> list[Candidate]:
    """The active promoters of a network; only the path of those who sold anything is read."""
    told = {"matrix": matrix_id, "at": at, "week": at - rules.SALES_SPAN, "month": at - rules.EARNINGS_SPAN}
    rows = db.session.execute(_PROMOTERS, told).all()
    ways = paths([row.seat_id for row in rows if row.sales])
    return [
        Candidate(row.member_id, ways.get(row.seat_id, (row.seat_id,)), row.sales, row.earned_fen, row.stands_in)
        for row in rows
    ]


def paths(seats: Collection[int]) -> Mapping[int, Path]:
    """The seats from the root down to each of these."""
    return {row.of_id: tuple(row.path) for row in db.session.execute(_PATHS, {"seats": list(seats)})}


def effect_fen(gap_id: int, stand_in_id: int, *, at: datetime, policy: Policy) -> int:
    """What a stand-in would have received in the last thirty days beyond its own shares of the same orders."""
    nodes, own = _levels(gap_id, policy), _levels(stand_in_id, policy)
    told = {"sellers": list(nodes), "at": at, "month": at - rules.EARNINGS_SPAN}
    gained: dict[int, int] = defaultdict(int)
    for seller_id, commission_fen in db.session.execute(_SOLD, told):
        there = share(commission_fen, policy.split_bps[nodes[seller_id] - 1])
        mine = share(commission_fen, policy.split_bps[own[seller_id] - 1]) if seller_id in own else 0
        gained[seller_id] += max(0, there - mine)
    return sum(gained.values())


def _levels(member_id: int, policy: Policy) -> dict[int, int]:
    found = db.session.execute(_BELOW, {"member": member_id, "levels": policy.levels})
    return {row.member_id: row.level for row in found}


def stand_ins() -> Mapping[str, Person]:
    """Who stands in for whom now, by the code of the broken node."""
    gap, stand_in = aliased(Member), aliased(Member)
    query = (
        sa.select(gap.code, stand_in).select_from(FlowLine)
        .join(gap, gap.id == FlowLine.gap_id).join(stand_in, stand_in.id == FlowLine.stand_in_id)
        .where(FlowLine.is_active)
    )  # fmt: skip
    return {code: members.person(one) for code, one in db.session.execute(query)}


def lines(plan_id: int) -> Sequence[Row[int, str, int | None, str, int | None, str, int, int, int, bool]]:
    """A plan's lines with codes and seats, the largest effect first."""
    gap, stand_in, gap_seat, own_seat = aliased(Member), aliased(Member), aliased(Seat), aliased(Seat)
    query = (
        sa.select(
            FlowLine.id, gap.code.label("gap"), gap_seat.id.label("gap_seat"), stand_in.code.label("stand_in"),
            own_seat.id.label("stand_in_seat"), FlowLine.why, FlowLine.distance, FlowLine.sales, FlowLine.effect_fen,
            FlowLine.is_active,
        )
        .join(gap, gap.id == FlowLine.gap_id)
        .join(stand_in, stand_in.id == FlowLine.stand_in_id)
        .outerjoin(gap_seat, gap_seat.member_id == gap.id)
        .outerjoin(own_seat, own_seat.member_id == stand_in.id)
        .where(FlowLine.plan_id == plan_id)
        .order_by(FlowLine.effect_fen.desc(), FlowLine.id)
    )  # fmt: skip
    return db.session.execute(query).all()
