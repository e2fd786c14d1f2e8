"""Whether the structure that money stands on is whole (rules 8.3): width, no cycle, the cap, a ledger that sums.

`recent` looks at what came since a watermark and costs what came; `whole` looks at everything and is for the night.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from models import money
from models.base import db
from models.queries import integrity, ledger
from models.rules.finding import Hit
from models.rules.lint import Severity

RULES = frozenset({"S01", "S02", "S03", "S04"})
SAID = 3
DEEPEST = 1_000


@dataclass(frozen=True, slots=True)
class Mark:
    """Up to where it was looked: the last posting, seat, move and share's order."""

    posting: int = 0
    seat: int = 0
    move: int = 0
    order: int = 0


_NOW = """
    SELECT coalesce((SELECT max(id) FROM posting), 0) AS posting, coalesce((SELECT max(id) FROM seat), 0) AS seat,
        coalesce((SELECT max(id) FROM move), 0) AS move, coalesce((SELECT max(id) FROM shop_order), 0) AS "order"
"""
_TOUCHED = "SELECT id FROM seat WHERE id > :seat UNION SELECT seat_id FROM move WHERE id > :move"
_WIDE = """
    SELECT parent_id AS seat, count(*) AS below FROM seat WHERE parent_id IS NOT NULL {among}
    GROUP BY parent_id HAVING count(*) > 3 ORDER BY parent_id LIMIT 50
"""
_AMONG = f"AND parent_id IN (SELECT parent_id FROM seat WHERE id IN ({_TOUCHED}))"
# Walking up from what was touched: who does not come to a root stands on a cycle or on nothing.
_LOST = f"""
    WITH RECURSIVE up AS (
        SELECT id AS seat, id AS at, parent_id, 0 AS steps FROM seat WHERE id IN ({_TOUCHED})
        UNION ALL
        SELECT u.seat, s.id, s.parent_id, u.steps + 1 FROM up u JOIN seat s ON s.id = u.parent_id
        WHERE u.steps < (SELECT max(depth) + 1 FROM seat))
    SELECT DISTINCT s.id AS seat FROM seat s WHERE s.id IN ({_TOUCHED})
    AND NOT EXISTS (SELECT FROM up WHERE up.seat = s.id AND up.parent_id IS NULL) ORDER BY 1 LIMIT 50
"""
_ALL_LOST = """
    WITH RECURSIVE reached AS (SELECT id FROM seat WHERE parent_id IS NULL
        UNION ALL SELECT s.id FROM reached r JOIN seat s ON s.parent_id = r.id)
    SELECT id AS seat FROM seat EXCEPT SELECT id FROM reached ORDER BY 1 LIMIT 50
"""
_DEEP = """
    SELECT o.number, max(s.level) AS level FROM share s JOIN shop_order o ON o.id = s.order_id
    WHERE s.level > 3 {among} GROUP BY o.number ORDER BY o.number LIMIT 50
"""
_DEEP_LEGS = "SELECT posting_id, level FROM leg WHERE level > 3 {among} ORDER BY posting_id LIMIT 50"
_UNEVEN = """
    SELECT p.id, coalesce(sum(l.amount_fen), 0) AS fen FROM posting p LEFT JOIN leg l ON l.posting_id = p.id
    WHERE p.id > :posting GROUP BY p.id HAVING coalesce(sum(l.amount_fen), 1) <> 0 ORDER BY p.id LIMIT 50
"""
_CAME_FROM = """
    SELECT m.to_parent_id AS parent, m.to_slot AS slot FROM move m
    WHERE m.seat_id = :seat AND m.kind IN ('place', 'move') ORDER BY m.id DESC LIMIT 1
"""


def now() -> Mark:
    """Where everything stands at this moment."""
    return Mark(**db.session.execute(sa.text(_NOW)).one()._mapping)


def recent(since: Mark) -> Iterator[Hit]:
    """What is broken among what came since a mark."""
    told = {"seat": since.seat, "move": since.move, "posting": since.posting, "order": since.order}
    yield from _wide(_WIDE.format(among=_AMONG), told)
    yield from _lost(_LOST, told)
    yield from _deep("AND s.order_id > :order", "AND posting_id > :posting", told)
    uneven = [
        f"账目 {row.id} 的分录合计 {money.yuan(int(row.fen))}" for row in db.session.execute(sa.text(_UNEVEN), told)
    ]
    yield from _ledger(uneven)


def whole(kept: Mapping[int, bytes]) -> Iterator[Hit]:
    """What is broken anywhere; ``kept`` are hashes of sealed blocks kept outside the database."""
    yield from _wide(_WIDE.format(among=""), {})
    yield from _lost(_ALL_LOST, {})
    yield from _deep("", "", {})
    yield from _ledger([*ledger.differences(kept), *integrity.shares()])


def _wide(query: str, told: Mapping[str, int]) -> Iterator[Hit]:
    for row in db.session.execute(sa.text(query), told):
        yield Hit(
            rule="S01",
            severity=Severity.BLOCK,
            subject=f"seat:{row.seat}",
            evidence=f"下面有 {row.below} 人",
            mend=f"保留登记最早的三人，其余依次移到位置 {row.seat} 子树内的第一个空位，由两人复核",
        )


def _lost(query: str, told: Mapping[str, int]) -> Iterator[Hit]:
    for row in db.session.execute(sa.text(query), told).all():
        yield Hit(
            rule="S02",
            severity=Severity.BLOCK,
            subject=f"seat:{row.seat}",
            evidence="沿上级走不到根",
            mend=_restored(row.seat),
        )


def _restored(seat_id: int) -> str:
    """Where the log last put a seat: that is where it belongs."""
    logged = db.session.execute(sa.text(_CAME_FROM), {"seat": seat_id}).one_or_none()
    if logged is None:
        return "排位日志没有这个位置的记录：从备份恢复"
    return f"按排位日志恢复：上级位置 {logged.parent or '无'}，第 {logged.slot or '–'} 位"


def _deep(shares: str, legs: str, told: Mapping[str, int]) -> Iterator[Hit]:
    for row in db.session.execute(sa.text(_DEEP.format(among=shares)), told):
        yield _beyond(f"order:{row.number}", row.level)
    for row in db.session.execute(sa.text(_DEEP_LEGS.format(among=legs)), told):
        yield _beyond(f"posting:{row.posting_id}", row.level)


def _beyond(subject: str, level: int) -> Hit:
    return Hit(
        rule="S03",
        severity=Severity.BLOCK,
        subject=subject,
        evidence=f"第 {level} 层有计付",
        mend="冲回该行并转入沉淀（over_cap），查明约束被绕过的原因",
    )


def _ledger(wrong: list[str]) -> Iterator[Hit]:
    if wrong:
        more = f" 等 {len(wrong)} 处" if len(wrong) > SAID else ""
        yield Hit(
            rule="S04",
            severity=Severity.BLOCK,
            subject="ledger",
            evidence="；".join(wrong[:SAID]) + more,
            mend="与库外链头和备份比对，恢复被改的行；差额只用两人复核的更正分录补平，不改原分录",
        )
